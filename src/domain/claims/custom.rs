//! The operator's own claims: rules, compiled once, evaluated for each token that they are placed into.

use super::{
    Ask, Assembled, ClaimSource, Failure,
    cel::{Expression, ExpressionFault},
};
use crate::{
    model::{ClaimRule, Localized, Placement},
    spec::oidc::claim::{RESERVED, find},
};

const MAX_NAME: usize = 200;
const MAX_TITLE: usize = 100;

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// The protocols give the name a meaning.
    #[error("the claim name {0} is reserved by the protocol")]
    Reserved(String),
    /// The profile decides it.
    #[error("{0} is a standard claim: set it in the profile; a custom claim may not replace it")]
    Standard(String),
    /// Empty, too long or with blanks.
    #[error("a claim name has 1 to {MAX_NAME} characters, without blanks or control characters")]
    Name,
    /// No words for a line of a page.
    #[error("a title has 1 to {MAX_TITLE} characters, without control characters")]
    Title,
    /// Goes nowhere.
    #[error("the claim is placed nowhere: name id_token, access_token or userinfo")]
    NoPlacement,
    /// The expression is refused.
    #[error(transparent)]
    Expression(#[from] ExpressionFault),
}

/// Checks the name of a custom claim.
///
/// # Errors
/// [`RuleFault::Name`], [`RuleFault::Reserved`] or [`RuleFault::Standard`].
pub fn check_name(name: &str) -> Result<(), RuleFault> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(odd) {
        return Err(RuleFault::Name);
    }
    if RESERVED.contains(&name) {
        return Err(RuleFault::Reserved(name.to_owned()));
    }
    if find(name).is_some() || name == "updated_at" {
        return Err(RuleFault::Standard(name.to_owned()));
    }
    Ok(())
}

/// Checks what people are told that a custom claim is.
///
/// # Errors
/// [`RuleFault::Title`].
pub fn check_title(title: &str) -> Result<(), RuleFault> {
    if title.trim().is_empty() || title.chars().count() > MAX_TITLE || title.chars().any(char::is_control) {
        return Err(RuleFault::Title);
    }
    Ok(())
}

/// Checks a whole rule, as it is written by an operator.
///
/// # Errors
/// The first fault.
pub fn check_rule(name: &str, expression: &str, placement: &[Placement]) -> Result<(), RuleFault> {
    check_name(name)?;
    if placement.is_empty() {
        return Err(RuleFault::NoPlacement);
    }
    Expression::compile(expression)?;
    Ok(())
}

/// The rules, ready for use. Compiled when they change, shared by all requests.
#[derive(Debug, Default)]
pub struct CompiledRules {
    rules: Vec<CompiledRule>,
}

#[derive(Debug)]
struct CompiledRule {
    rule: ClaimRule,
    expression: Expression,
}

impl CompiledRules {
    /// Compiles what can be compiled; the rest comes back with the reason, to be logged.
    pub fn compile(rules: &[ClaimRule]) -> (Self, Vec<(ClaimRule, RuleFault)>) {
        let mut compiled = Vec::new();
        let mut refused = Vec::new();
        for rule in rules {
            let expression = check_name(&rule.name).and_then(|()| Ok(Expression::compile(&rule.expression)?));
            match expression {
                Ok(expression) => compiled.push(CompiledRule {
                    rule: rule.clone(),
                    expression,
                }),
                Err(fault) => refused.push((rule.clone(), fault)),
            }
        }
        (Self { rules: compiled }, refused)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the claim is called by the rules that apply to `ask`, the first that says it; `None` if none is of that name.
    pub(super) fn titles(&self, ask: &Ask<'_>, name: &str) -> Option<&Localized> {
        let applying = self
            .rules
            .iter()
            .filter(|one| one.rule.name == name && one.applies(ask));
        let mut titles = applying.map(|one| &one.rule.titles);
        let first = titles.next()?;
        if first.is_empty() {
            titles.find(|titles| !titles.is_empty()).or(Some(first))
        } else {
            Some(first)
        }
    }

    /// The claims of the rules that apply to `ask`, whatever they come to.
    pub(super) fn applying(&self, ask: &Ask<'_>) -> impl Iterator<Item = (&str, &Localized)> {
        let applying = self.rules.iter().filter(move |one| one.applies(ask));
        applying.map(|one| (one.rule.name.as_str(), &one.rule.titles))
    }

    /// The scopes that some rule waits for, each once: they may be asked for although no specification knows them.
    pub fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = self
            .rules
            .iter()
            .flat_map(|one| one.rule.scopes.iter().cloned())
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    /// Whether some rule places a claim there.
    pub fn reach(&self, placement: Placement) -> bool {
        self.rules.iter().any(|one| one.rule.placement.contains(&placement))
    }
}

impl CompiledRule {
    fn applies(&self, ask: &Ask<'_>) -> bool {
        let among =
            |wanted: &[String], has: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|one| has(one));
        self.rule.placement.contains(&ask.placement)
            && among(&self.rule.scopes, &|scope| ask.scope.contains(scope))
            && among(&self.rule.clients, &|client_id| ask.client.client_id == client_id)
            && among(&self.rule.resources, &|resource| {
                ask.resource.iter().any(|one| one == resource)
            })
    }
}

/// The source of custom claims.
pub(super) struct CustomClaims;

impl ClaimSource for CustomClaims {
    fn contribute(&self, ask: &Ask<'_>, assembled: &mut Assembled) {
        for one in ask.rules.rules.iter().filter(|one| one.applies(ask)) {
            let name = &one.rule.name;
            if assembled.claims.contains_key(name) {
                continue;
            }
            match one.expression.evaluate(ask) {
                Ok(Some(value)) => assembled.add(name, value),
                Ok(None) => {}
                // a claim about a person, asked for by a machine of its own: nothing is wrong with the rule
                Err(_) if ask.user.is_none() && (one.expression.names("user") || one.expression.names("session")) => {}
                Err(fault) => assembled.failures.push(Failure {
                    rule: name.clone(),
                    fault,
                }),
            }
        }
    }

    fn names(&self, rules: &CompiledRules) -> Vec<String> {
        rules.rules.iter().map(|one| one.rule.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::{assemble, fixture::Fixture, supported},
        *,
    };
    use crate::{
        base::{Time, id::ClaimRuleId},
        spec::oauth::ScopeSet,
    };

    fn rule(name: &str, expression: &str) -> ClaimRule {
        ClaimRule {
            id: ClaimRuleId(uuid::Uuid::nil()),
            name: name.into(),
            expression: expression.into(),
            titles: Localized::default(),
            placement: Placement::ALL.to_vec(),
            scopes: vec![],
            clients: vec![],
            resources: vec![],
            origin: None,
            created_at: Time::UNIX_EPOCH,
            updated_at: Time::UNIX_EPOCH,
        }
    }

    fn with(rules: &[ClaimRule]) -> Fixture {
        let mut fixture = Fixture::new();
        let (compiled, refused) = CompiledRules::compile(rules);
        assert_eq!(refused, []);
        fixture.rules = compiled;
        fixture
    }

    fn claim(expression: &str) -> Result<Value, Vec<Failure>> {
        let fixture = with(&[rule("x", expression)]);
        let mut assembled = assemble(&fixture.ask(Placement::AccessToken));
        assembled.claims.remove("x").ok_or(assembled.failures)
    }

    #[test]
    fn expressions_see_person_client_session_and_context() {
        for (expression, expected) in [
            ("user.custom_data.plan", json!("gold")),
            ("user.custom_data['odd key']", json!(true)),
            ("user.custom_data.seats * 2", json!(6)),
            ("user.profile.email", json!("ada@example.com")),
            (
                "user.email + ' (' + user.username + ')'",
                json!("ada@example.com (ada)"),
            ),
            ("user.id", json!("00000000-0000-0000-0000-000000000000")),
            ("user.roles.exists(role, role == 'admin')", json!(true)),
            (
                "user.roles.map(role, 'role:' + role)",
                json!(["role:admin", "role:support"]),
            ),
            ("user.roles.filter(role, role in ['support'])", json!(["support"])),
            ("user.roles[0]", json!("admin")),
            (
                "{'locality': user.address.locality, 'n': size(user.custom_data.teams)}",
                json!({"locality": "Lyon", "n": 2}),
            ),
            ("has(user.custom_data.nothing) ? 1 : 2", json!(2)),
            ("user.custom_data.?nothing.orValue('none')", json!("none")),
            ("user.email.matches('^[a-z]+@example[.]com$')", json!(true)),
            ("client.client_id + '/' + client.client_name", json!("demo-web/Demo")),
            ("session.amr", json!(["pwd"])),
            ("session.acr == '1' && context.now >= session.auth_time", json!(true)),
            ("context.placement", json!("access_token")),
            ("'openid' in context.scopes", json!(true)),
            ("organization == null", json!(true)),
            (
                "user.custom_data",
                json!({"plan": "gold", "seats": 3, "teams": ["blue", "red"], "odd key": true}),
            ),
        ] {
            assert_eq!(claim(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn a_failing_expression_leaves_its_claim_out_and_says_why_without_values() {
        for (expression, reason) in [
            ("user.custom_data.nothing", "there is no nothing"),
            ("user.email + 1", "an operator or function does not fit its values"),
            (
                "1 / (user.custom_data.seats - 3)",
                "a number is out of range or divided by zero",
            ),
            ("user.roles[7]", "a key or an index is not there"),
            ("user.custom_data[user.email]", "a key or an index is not there"),
        ] {
            let failures = claim(expression).unwrap_err();
            assert_eq!(failures.len(), 1, "{expression}");
            assert_eq!(failures[0].fault.to_string(), reason, "{expression}");
            assert!(!format!("{failures:?}").contains("example.com"));
        }
    }

    #[test]
    fn null_and_blank_results_are_left_out_without_a_failure() {
        for expression in ["null", "''", "'  '", "organization"] {
            assert_eq!(claim(expression), Err(vec![]), "{expression}");
        }
    }

    #[test]
    fn reserved_and_standard_names_are_refused() {
        let (compiled, refused) = CompiledRules::compile(&[
            rule("sub", "'x'"),
            rule("sid", "'x'"),
            rule("email", "'x'"),
            rule("updated_at", "1"),
            rule("a b", "1"),
            rule("", "1"),
            rule("https://example.com/plan", "user.custom_data.plan"),
        ]);
        let faults: Vec<_> = refused.into_iter().map(|(_, fault)| fault).collect();
        assert_eq!(
            faults,
            [
                RuleFault::Reserved("sub".into()),
                RuleFault::Reserved("sid".into()),
                RuleFault::Standard("email".into()),
                RuleFault::Standard("updated_at".into()),
                RuleFault::Name,
                RuleFault::Name,
            ]
        );
        assert!(supported(&compiled).contains(&"https://example.com/plan".to_owned()));
    }

    #[test]
    fn a_title_is_a_line_of_words() {
        assert_eq!(check_title("Your plan"), Ok(()));
        for bad in [String::new(), "  ".to_owned(), "a\nb".to_owned(), "x".repeat(101)] {
            assert_eq!(check_title(&bad), Err(RuleFault::Title), "{bad:?}");
        }
    }

    #[test]
    fn a_rule_that_goes_nowhere_is_refused() {
        assert_eq!(check_rule("x", "1", &[]), Err(RuleFault::NoPlacement));
        assert_eq!(check_rule("x", "1", &[Placement::IdToken]), Ok(()));
    }

    #[test]
    fn placement_scope_client_and_resource_decide_together() {
        let mut one = rule("x", "'here'");
        one.placement = vec![Placement::AccessToken];
        one.scopes = vec!["profile".into(), "email".into()];
        one.clients = vec!["demo-web".into()];
        one.resources = vec!["https://api.example".into()];
        let mut fixture = with(&[one.clone()]);
        let present = |fixture: &Fixture, placement| assemble(&fixture.ask(placement)).claims.contains_key("x");

        assert!(
            !present(&fixture, Placement::AccessToken),
            "scope and resource are missing"
        );
        fixture.scope = ScopeSet::parse("openid email").unwrap();
        assert!(!present(&fixture, Placement::AccessToken), "the resource is missing");
        fixture.resource = vec!["https://api.example".into()];
        assert!(present(&fixture, Placement::AccessToken));
        assert!(!present(&fixture, Placement::IdToken));
        assert!(!present(&fixture, Placement::Userinfo));
        fixture.client.client_id = "other".into();
        assert!(!present(&fixture, Placement::AccessToken));
    }

    #[test]
    fn a_machine_without_a_person_gets_what_does_not_need_one() {
        let fixture = with(&[
            rule("plan", "user.custom_data.plan"),
            rule("who", "client.client_id"),
            rule("alone", "user == null"),
        ]);
        let ask = Ask {
            user: None,
            session: None,
            ..fixture.ask(Placement::AccessToken)
        };
        let assembled = assemble(&ask);
        assert_eq!(json!(assembled.claims), json!({"who": "demo-web", "alone": true}));
        assert_eq!(assembled.failures, []);
    }

    #[test]
    fn the_first_rule_of_a_name_that_gives_a_value_wins() {
        let fixture = with(&[rule("x", "null"), rule("x", "'second'"), rule("x", "'third'")]);
        assert_eq!(assemble(&fixture.ask(Placement::IdToken)).claims["x"], "second");
    }
}
