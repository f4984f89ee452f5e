//! The standard claims: by scope into userinfo (OIDC Core §5.4), by the `claims` parameter wherever it asks (§5.5).

use serde_json::{Value, json};

use super::{Ask, Assembled, ClaimSource, CompiledRules, Userinfo};
use crate::{
    model::{Placement, User},
    spec::oidc::claim::{STANDARD_CLAIMS, find},
};

/// The source of standard claims.
pub(super) struct StandardClaims;

impl ClaimSource for StandardClaims {
    fn contribute(&self, ask: &Ask<'_>, assembled: &mut Assembled) {
        let Some(user) = ask.user else { return };
        // OIDC Core §5.4: with an access token at hand, the claims of scopes come from userinfo, not the ID token.
        let (brings_scopes, requested) = match ask.placement {
            Placement::Userinfo => (true, &ask.claims.userinfo),
            Placement::IdToken => (ask.userinfo == Userinfo::OutOfReach, &ask.claims.id_token),
            Placement::AccessToken => return,
        };
        if brings_scopes {
            of_scopes(ask, user, assembled);
        }
        for (name, request) in requested {
            // §5.5.1: a request for particular values is answered with one of them or not at all.
            if let Some(value) = standard_claim(user, name).filter(|value| request.accepts(value)) {
                assembled.add(name, value);
            }
        }
    }

    fn names(&self, _rules: &CompiledRules) -> Vec<String> {
        let stored = STANDARD_CLAIMS.iter().map(|claim| claim.name.to_owned());
        stored.chain(["updated_at".to_owned()]).collect()
    }
}

fn of_scopes(ask: &Ask<'_>, user: &User, assembled: &mut Assembled) {
    let by_scope = STANDARD_CLAIMS.iter().filter(|claim| ask.scope.contains(claim.scope));
    for claim in by_scope {
        add(user, claim.name, assembled);
    }
    if ask.scope.contains("profile") {
        add(user, "updated_at", assembled);
    }
}

fn add(user: &User, name: &str, assembled: &mut Assembled) {
    if let Some(value) = standard_claim(user, name) {
        assembled.add(name, value);
    }
}

/// The value of a standard claim of this person, if it has one.
pub(super) fn standard_claim(user: &User, name: &str) -> Option<Value> {
    match name {
        // §5.1: a JSON number of seconds
        "updated_at" => return Some(json!(user.updated_at.unix_timestamp())),
        "preferred_username" => {
            let username = || user.username.as_deref().map(Value::from);
            return user.profile.get(name).cloned().or_else(username);
        }
        // a flag about nothing says nothing
        "email_verified" if !user.profile.contains_key("email") => return None,
        "phone_number_verified" if !user.profile.contains_key("phone_number") => return None,
        // §5.1: the address is known, so whether it was verified is known too
        "email_verified" => return Some(Value::Bool(user.is_true(name))),
        "phone_number_verified" => return Some(Value::Bool(user.is_true(name))),
        _ => {}
    }
    let value = user.profile.get(find(name)?.name)?;
    match value {
        Value::Object(members) => {
            let said: serde_json::Map<_, _> = members
                .iter()
                .filter(|(_, member)| super::says_something(member))
                .map(|(member, value)| (member.clone(), value.clone()))
                .collect();
            (!said.is_empty()).then_some(Value::Object(said))
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Userinfo, assemble, fixture::Fixture};
    use crate::{
        model::Placement,
        spec::{oauth::ScopeSet, oidc::ClaimsRequest},
    };

    fn names(fixture: &Fixture, placement: Placement) -> Vec<String> {
        let mut names: Vec<String> = assemble(&fixture.ask(placement)).claims.keys().cloned().collect();
        names.sort();
        names
    }

    #[test]
    fn each_scope_gives_its_claims_to_userinfo_and_none_to_the_tokens() {
        let mut fixture = Fixture::new();
        for (scope, expected) in [
            ("openid", vec![]),
            ("openid email", vec!["email", "email_verified"]),
            ("openid phone", vec!["phone_number", "phone_number_verified"]),
            ("openid address", vec!["address"]),
        ] {
            fixture.scope = ScopeSet::parse(scope).unwrap();
            assert_eq!(names(&fixture, Placement::Userinfo), expected, "{scope}");
            assert!(names(&fixture, Placement::IdToken).is_empty());
            assert!(names(&fixture, Placement::AccessToken).is_empty());
        }
        fixture.scope = ScopeSet::parse("openid profile").unwrap();
        let profile = assemble(&fixture.ask(Placement::Userinfo)).claims;
        assert_eq!(profile["updated_at"], json!(1_700_000_000));
        assert_eq!(profile["preferred_username"], "ada");
        assert_eq!(profile["name"], "Ada Lovelace");
        assert!(!profile.contains_key("email"));
    }

    #[test]
    fn an_id_token_that_is_all_there_is_has_the_claims_of_the_scopes() {
        let mut fixture = Fixture::new();
        fixture.scope = ScopeSet::parse("openid email").unwrap();
        let mut ask = fixture.ask(Placement::IdToken);
        ask.userinfo = Userinfo::OutOfReach;
        let claims = assemble(&ask).claims;
        assert_eq!(claims.keys().collect::<Vec<_>>(), ["email", "email_verified"]);
    }

    #[test]
    fn the_claims_parameter_gives_a_claim_without_its_scope_where_it_asks() {
        let mut fixture = Fixture::new();
        fixture.claims = ClaimsRequest::parse(
            r#"{"id_token":{"email":{"essential":true},"shoe_size":null},"userinfo":{"name":null}}"#,
        )
        .unwrap();
        assert_eq!(names(&fixture, Placement::IdToken), ["email"]);
        assert_eq!(names(&fixture, Placement::Userinfo), ["name"]);
        assert!(names(&fixture, Placement::AccessToken).is_empty());
    }

    #[test]
    fn a_claim_asked_for_with_other_values_is_left_out() {
        let mut fixture = Fixture::new();
        fixture.claims = ClaimsRequest::parse(
            r#"{"userinfo":{"name":{"value":"Grace"},"gender":{"values":["male","female"]},"locale":{"values":["xx"]}}}"#,
        )
        .unwrap();
        assert_eq!(names(&fixture, Placement::Userinfo), ["gender"]);
    }

    #[test]
    fn null_and_blank_values_are_never_sent() {
        let mut fixture = Fixture::new();
        fixture.scope = ScopeSet::parse("openid profile address email").unwrap();
        fixture.user.profile.insert("nickname".into(), json!(null));
        fixture.user.profile.insert("website".into(), json!("  "));
        fixture
            .user
            .profile
            .insert("address".into(), json!({"locality": "", "country": null}));
        fixture.user.profile.remove("email");
        let sent = names(&fixture, Placement::Userinfo);
        for absent in ["nickname", "website", "address", "email", "email_verified"] {
            assert!(!sent.iter().any(|name| name == absent), "{absent}");
        }
    }

    #[test]
    fn an_address_that_was_never_verified_says_false() {
        let mut fixture = Fixture::new();
        fixture.scope = ScopeSet::parse("openid email").unwrap();
        fixture.user.profile.remove("email_verified");
        assert_eq!(
            assemble(&fixture.ask(Placement::Userinfo)).claims["email_verified"],
            false
        );
    }
}
