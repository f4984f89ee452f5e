//! `/consent`: what the app will see and do, with the person's own values, and whether they allow it.

use std::sync::Arc;

use actix_web::HttpResponse;
use serde_json::{Map, Value};

use super::{
    pending::{Parameters, app, form_origins, require, waiting},
    view::{Consent, ConsentApi, ConsentDetails, ConsentValue},
};
use crate::{
    domain::{
        authorize::{Step, details::declared},
        claims::Told,
        consent::Wanted,
        departure::place,
    },
    flow::login::consent,
    model::{Resource, User},
    spec::{
        oauth::{AuthorizationDetails, scope::OFFLINE_ACCESS},
        oidc::claim::STANDARD_CLAIMS,
    },
    web::{
        error::page,
        extract::{Form, Visitor},
        steps::{self, Waiting},
        words::{exact_name, exact_words, identifier_of, in_words},
    },
};

/// The page.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let waiting = waiting(&query);
    let pending = match require(&visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    let (Step::Consent(wanted), Some(signed_in)) = (&pending.step, &pending.signed_in) else {
        return steps::go_on(&visitor, waiting).await;
    };
    let user = &signed_in.user;
    let told = match consent::told(visitor.core(), &pending).await {
        Ok(told) => told,
        Err(failure) => return page::failure(&visitor, &failure),
    };
    let by_itself = pending.client.registered_itself;
    let answer_to = by_itself.then(|| place(&pending.request.parameters.redirect_uri));
    let Asks {
        values,
        later,
        mut apis,
    } = asks(wanted, user, &told, &pending.resources, visitor.locale.tag());
    apis.extend(details(
        &pending.request.parameters.authorization_details,
        &pending.resources,
    ));
    let view = Consent {
        page: visitor.layout(),
        request: waiting.value(),
        app: Some(app(&pending.client, visitor.locale)),
        answer_to,
        name: user.display_name(),
        identifier: identifier_of(user),
        values,
        later,
        apis,
        stays_connected: wanted.scopes.iter().any(|scope| scope == OFFLINE_ACCESS),
        switch_href: format!("{}&switch=1", waiting.at("/login")),
    };
    visitor.page_to(&view, &form_origins(Some(&pending)))
}

/// The answer.
pub async fn post(form: Form) -> HttpResponse {
    let waiting = Waiting::parse(form.field("request"));
    let visitor = &form.visitor;
    let pending = match require(visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    match form.decision() {
        "allow" => match consent::allow(visitor.core(), &pending, &visitor.origin()).await {
            Ok(()) => steps::go_on(visitor, waiting).await,
            Err(failure) => page::failure(visitor, &failure),
        },
        "deny" => {
            let next = consent::deny(visitor.core(), pending, &visitor.origin()).await;
            steps::go(visitor, next)
        }
        _ => visitor.redirect(&waiting.at("/consent")),
    }
}

/// What an app asks for, as the page says it.
pub(super) struct Asks {
    /// What it will see.
    pub(super) values: Vec<ConsentValue>,
    /// What else, once the person has it.
    pub(super) later: Vec<ConsentValue>,
    /// What it may do elsewhere.
    pub(super) apis: Vec<ConsentApi>,
}

/// Puts what is wanted into words for readers of `language`.
pub(super) fn asks(wanted: &Wanted, user: &User, told: &[Told], resources: &[Arc<Resource>], language: &str) -> Asks {
    let mut values = values(wanted, user, told);
    add_told(&mut values, told, language);
    Asks {
        values,
        later: later(wanted, user, told, language),
        apis: apis(wanted, resources),
    }
}

/// The claims that the wanted scopes and single claims bring: those that the person has, and those that were asked for
/// by name even if they have none (see [`later`] for the rest). Those that the app is told by the operator's rules stand elsewhere.
fn values(wanted: &Wanted, user: &User, told: &[Told]) -> Vec<ConsentValue> {
    let mut values = Vec::new();
    for claim in STANDARD_CLAIMS {
        let by_scope = wanted.scopes.iter().any(|scope| scope == claim.scope);
        let by_name = wanted.claims.iter().any(|name| name == claim.name);
        let text = value_of(user, claim.name);
        // Whether an address is confirmed goes with the address and needs no line of its own.
        if !claim.name.ends_with("_verified") && (by_name || (by_scope && !text.is_empty())) {
            values.push(ConsentValue::new(claim.name, text));
        }
    }
    let others = wanted
        .claims
        .iter()
        .filter(|name| STANDARD_CLAIMS.iter().all(|claim| claim.name != **name))
        .filter(|name| told.iter().all(|told| told.name != **name || told.value.is_null()));
    values.extend(others.map(|name| ConsentValue::new(name.clone(), String::new())));
    values
}

/// What the wanted scopes and the operator's rules bring once there is something to bring: it is allowed now, so it must be
/// said now. What was asked for by name has its line among the values.
fn later(wanted: &Wanted, user: &User, told: &[Told], language: &str) -> Vec<ConsentValue> {
    let brought = STANDARD_CLAIMS.iter().filter(|claim| {
        let by_scope = wanted.scopes.iter().any(|scope| scope == claim.scope);
        by_scope && !claim.name.ends_with("_verified") && value_of(user, claim.name).is_empty()
    });
    let mut later: Vec<ConsentValue> = brought.map(|claim| ConsentValue::new(claim.name, "")).collect();
    let unsaid = told.iter().filter(|told| told.value.is_null());
    let unsaid = unsaid.filter(|told| !wanted.claims.contains(&told.name));
    later.extend(unsaid.map(|told| ConsentValue {
        value: String::new(),
        ..ConsentValue::told(told, language)
    }));
    later
}

fn value_of(user: &User, claim: &str) -> String {
    user.profile.get(claim).map(in_words).unwrap_or_default()
}

/// What the operator adds is seen as well. Two claims that read alike are one line.
fn add_told(shown: &mut Vec<ConsentValue>, told: &[Told], language: &str) {
    for told in told.iter().filter(|told| !told.value.is_null()) {
        let line = ConsentValue::told(told, language);
        let is_there = |known: &ConsentValue| known.title == line.title && known.value == line.value;
        if line.title.is_none() || !shown.iter().any(is_there) {
            shown.push(line);
        }
    }
}

/// What the app may do where, API by API.
fn apis(wanted: &Wanted, resources: &[Arc<Resource>]) -> Vec<ConsentApi> {
    let mut apis: Vec<(&Resource, Vec<String>)> = Vec::new();
    for pair in &wanted.resource_scopes {
        let (identifier, scope) = pair.split_once(' ').unwrap_or((pair, ""));
        let Some(resource) = resources.iter().find(|one| one.identifier == identifier) else {
            continue;
        };
        let described = resource.scopes.iter().find(|one| one.name == scope);
        let words = described
            .and_then(|one| one.description.clone())
            .unwrap_or_else(|| scope.to_owned());
        match apis.iter_mut().find(|(known, _)| known.id == resource.id) {
            Some((_, permissions)) => permissions.push(words),
            None => apis.push((resource, Vec::from_iter(Some(words).filter(|words| !words.is_empty())))),
        }
    }
    apis.into_iter()
        .map(|(resource, permissions)| ConsentApi {
            name: name_of(resource),
            permissions,
            details: None,
        })
        .collect()
}

fn name_of(resource: &Resource) -> String {
    resource.name.clone().unwrap_or_else(|| resource.identifier.clone())
}

/// What is asked for beyond scopes, entry by entry, with every member that the app wrote (RFC 9396 §11.2).
pub(super) fn details(asked: &AuthorizationDetails, resources: &[Arc<Resource>]) -> Vec<ConsentApi> {
    let entry = |entry: &Map<String, Value>| {
        let name = AuthorizationDetails::type_of(entry);
        let declared = declared(resources.iter().map(|resource| &**resource), name);
        let described = declared.and_then(|(_, found)| found.description.clone());
        let members = entry
            .iter()
            .filter(|(member, _)| *member != "type" && *member != "locations");
        ConsentApi {
            name: described.unwrap_or_else(|| name.to_owned()),
            permissions: Vec::new(),
            details: Some(ConsentDetails {
                at: declared.map(|(resource, _)| name_of(resource)),
                members: members
                    .map(|(member, value)| (exact_name(member), exact_words(value)))
                    .collect(),
            }),
        }
    };
    asked.entries().iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Localized, sample};
    use serde_json::json;

    fn ada() -> User {
        let mut user = sample::user();
        user.profile = json!({
            "name": "Ada", "email": "ada@example.com", "email_verified": true,
            "address": {"locality": "Lyon", "country": "FR"},
        })
        .as_object()
        .cloned()
        .unwrap();
        user
    }

    fn shown(wanted: &Wanted) -> Vec<(String, String)> {
        let pairs = values(wanted, &ada(), &[]).into_iter();
        pairs.map(|value| (value.claim, value.value)).collect()
    }

    #[test]
    fn a_scope_shows_what_the_person_has_and_a_name_what_was_asked_for() {
        let wanted = Wanted {
            scopes: vec!["openid".to_owned(), "email".to_owned(), "address".to_owned()],
            claims: vec!["nickname".to_owned(), "https://example.com/plan".to_owned()],
            resource_scopes: vec![],
        };
        let pair = |claim: &str, value: &str| (claim.to_owned(), value.to_owned());
        assert_eq!(
            shown(&wanted),
            [
                pair("nickname", ""),
                pair("email", "ada@example.com"),
                pair("address", "Lyon, FR"),
                pair("https://example.com/plan", "")
            ]
        );
    }

    #[test]
    fn the_place_of_an_answer_is_a_host_or_an_app() {
        for (redirect_uri, said) in [
            ("https://bank.example@evil.example:8443/cb?x", "evil.example"),
            ("http://127.0.0.1/callback", "127.0.0.1"),
            ("com.example.app:/callback", "com.example.app"),
        ] {
            assert_eq!(place(redirect_uri), said);
        }
    }

    #[test]
    fn what_a_scope_or_a_rule_brings_later_is_named_now() {
        let wanted = Wanted {
            scopes: ["openid", "phone", "email", "profile"].map(str::to_owned).to_vec(),
            claims: vec!["asked".to_owned()],
            resource_scopes: vec![],
        };
        let told = |name: &str, value: Value| Told {
            name: name.to_owned(),
            titles: Localized::default(),
            value,
        };
        let told = [
            told("asked", Value::Null),
            told("plan", Value::Null),
            told("team", json!("blue")),
        ];
        let later = later(&wanted, &ada(), &told, "en");
        let names: Vec<&str> = later.iter().map(|line| line.claim.as_str()).collect();
        assert_eq!(names.first(), Some(&"given_name"), "the name is there already");
        assert!(names.contains(&"birthdate"), "{names:?}");
        assert!(names.ends_with(&["phone_number", "plan"]), "{names:?}");
        let by_name = values(&wanted, &ada(), &told);
        assert!(by_name.iter().any(|line| line.claim == "asked"));
    }

    #[test]
    fn two_claims_that_read_alike_are_one_line() {
        let told = |name: &str, title: Option<&str>, value: &str| {
            let mut titles = Localized::default();
            if let Some(title) = title {
                titles.insert("title".to_owned(), title.to_owned());
            }
            let (name, value) = (name.to_owned(), json!(value));
            Told { name, titles, value }
        };
        let mut shown = Vec::new();
        let all = [
            told("https://a.example/plan", Some("Plan"), "gold"),
            told("https://b.example/plan", Some("Plan"), "gold"),
            told("https://c.example/plan", Some("Plan"), "free"),
            told("https://d.example/plan", None, "gold"),
            told("https://e.example/plan", None, "gold"),
        ];
        add_told(&mut shown, &all, "en");
        let names: Vec<&str> = shown.iter().map(|line| line.claim.as_str()).collect();
        assert_eq!(
            names,
            ["a", "c", "d", "e"].map(|host| format!("https://{host}.example/plan"))
        );
    }
}
