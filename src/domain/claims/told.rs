//! What the operator's rules tell an app about a person, for that person's eyes: on the page that asks, and in the account.

use serde_json::Value;

use super::{Ask, Failure, assemble};
use crate::{
    model::{Localized, Placement},
    spec::oauth::scope::OPENID,
};

/// A custom claim as an app will get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The claim's name.
    pub name: String,
    /// What the operator calls it.
    pub titles: Localized,
    /// The person's own value; null while the rules give none, which another day may change.
    pub value: Value,
}

impl Told {
    /// What the operator calls it, for readers of `language`.
    pub fn title(&self, language: &str) -> Option<&str> {
        self.titles.best("title", language)
    }
}

/// The custom claims that the app would get now, by name, and those that failed. Computed as a token computes them, for
/// every place where claims go; the placement of `ask` does not count. A claim that differs from place to place is there
/// once for each of its values, and one without a value is there as well: the app will get it once there is one.
pub fn told(ask: &Ask<'_>) -> (Vec<Told>, Vec<Failure>) {
    let mut told: Vec<Told> = Vec::new();
    let (mut failures, mut unsaid) = (Vec::new(), Vec::new());
    for placement in Placement::ALL {
        // OIDC Core §3.1.2.1: without openid there is neither an ID token nor userinfo
        if placement != Placement::AccessToken && !ask.scope.contains(OPENID) {
            continue;
        }
        let ask = Ask { placement, ..*ask };
        let assembled = assemble(&ask);
        failures.extend(assembled.failures);
        for (name, value) in assembled.claims {
            // the others are standard claims
            let Some(titles) = ask.rules.titles(&ask, &name) else {
                continue;
            };
            if !told.iter().any(|known| known.name == name && known.value == value) {
                let titles = titles.clone();
                told.push(Told { name, titles, value });
            }
        }
        for (name, titles) in ask.rules.applying(&ask) {
            if !told.iter().any(|known| known.name == name) {
                unsaid.push((name.to_owned(), titles.clone()));
            }
        }
    }
    for (name, titles) in unsaid {
        if !told.iter().any(|known| known.name == name) {
            let value = Value::Null;
            told.push(Told { name, titles, value });
        }
    }
    told.sort_by(|one, other| one.name.cmp(&other.name));
    (told, failures)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{CompiledRules, fixture::Fixture},
        *,
    };
    use crate::{
        base::{Time, id::ClaimRuleId},
        model::ClaimRule,
        spec::oauth::ScopeSet,
    };

    fn rule(name: &str, expression: &str, placement: &[Placement]) -> ClaimRule {
        ClaimRule {
            id: ClaimRuleId(uuid::Uuid::nil()),
            name: name.into(),
            expression: expression.into(),
            titles: Localized::default(),
            placement: placement.to_vec(),
            scopes: vec![],
            clients: vec![],
            resources: vec![],
            origin: None,
            created_at: Time::UNIX_EPOCH,
            updated_at: Time::UNIX_EPOCH,
        }
    }

    fn shown(fixture: &Fixture) -> Vec<(String, Value)> {
        let (told, _) = told(&fixture.ask(Placement::Userinfo));
        told.into_iter().map(|one| (one.name, one.value)).collect()
    }

    fn with(rules: &[ClaimRule]) -> Fixture {
        let mut fixture = Fixture::new();
        fixture.rules = CompiledRules::compile(rules).0;
        fixture
    }

    #[test]
    fn whatever_any_place_would_carry_is_told_and_standard_claims_are_not() {
        let by_client = ClaimRule {
            clients: vec!["demo-web".into()],
            ..rule("by_client", "'c'", &[Placement::AccessToken])
        };
        let by_resource = ClaimRule {
            resources: vec!["https://api.example".into()],
            ..rule("by_resource", "'r'", &[Placement::AccessToken])
        };
        let by_scope = ClaimRule {
            scopes: vec!["email".into()],
            ..rule("by_scope", "user.custom_data.plan", &[Placement::Userinfo])
        };
        let foreign = ClaimRule {
            clients: vec!["another".into()],
            ..rule("foreign", "'f'", &Placement::ALL)
        };
        let always = rule("always", "1", &Placement::ALL);
        let mut fixture = with(&[by_scope, by_resource, by_client, foreign, always]);
        assert_eq!(
            shown(&fixture),
            [("always".to_owned(), json!(1)), ("by_client".to_owned(), json!("c"))]
        );
        fixture.scope = ScopeSet::parse("openid email").unwrap();
        fixture.resource = vec!["https://api.example".into()];
        let names: Vec<_> = shown(&fixture).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["always", "by_client", "by_resource", "by_scope"]);
    }

    #[test]
    fn without_openid_only_the_access_token_tells() {
        let mut fixture = with(&[
            rule("here", "'x'", &[Placement::AccessToken]),
            rule("there", "'x'", &[Placement::IdToken, Placement::Userinfo]),
        ]);
        fixture.scope = ScopeSet::parse("email").unwrap();
        assert_eq!(shown(&fixture), [("here".to_owned(), json!("x"))]);
    }

    #[test]
    fn a_claim_that_says_nothing_yet_is_named_if_its_rule_applies() {
        let foreign = ClaimRule {
            clients: vec!["another".into()],
            ..rule("foreign", "null", &Placement::ALL)
        };
        let sometimes = rule(
            "sometimes",
            "context.placement == 'userinfo' ? 'x' : null",
            &Placement::ALL,
        );
        let fixture = with(&[foreign, sometimes, rule("later", "''", &Placement::ALL)]);
        assert_eq!(
            shown(&fixture),
            [("later".to_owned(), Value::Null), ("sometimes".to_owned(), json!("x"))]
        );
    }

    #[test]
    fn each_value_of_a_claim_is_told_once() {
        let fixture = with(&[rule(
            "x",
            "context.placement == 'id_token' ? 'one' : 'two'",
            &Placement::ALL,
        )]);
        assert_eq!(
            shown(&fixture),
            [("x".to_owned(), json!("one")), ("x".to_owned(), json!("two"))]
        );
    }

    #[test]
    fn a_failing_expression_leaves_its_value_out_and_is_reported() {
        let fixture = with(&[
            rule("broken", "user.custom_data.nothing", &[Placement::Userinfo]),
            rule("sound", "2", &[Placement::Userinfo]),
        ]);
        let (told, failures) = told(&fixture.ask(Placement::IdToken));
        let pairs: Vec<_> = told.iter().map(|one| (one.name.as_str(), &one.value)).collect();
        assert_eq!(pairs, [("broken", &Value::Null), ("sound", &json!(2))]);
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].rule, "broken");
    }
}
