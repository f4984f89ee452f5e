//! From what everybody asserted about a person to one resolved profile.
//!
//! Facts are append-only and each source owns its own: only the newest of a source counts, a retraction (no value)
//! takes that source's word back and nobody else's, and an asserted JSON null says that there is no value. Who wins
//! among sources is decided by [`rank`]. Pure: ids, time and the database are the caller's business.

pub mod patch;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    base::Time,
    model::{Fact, FactSource},
};

pub use patch::{FieldError, FieldFault, Patch, Statement};

const PROFILE: &str = "profile.";
const CUSTOM_DATA: &str = "custom_data.";

/// What a person's facts amount to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// Standard claims by name.
    pub profile: Map<String, Value>,
    /// The operator's own data.
    pub custom_data: Map<String, Value>,
}

/// Resolves facts, in any order.
pub fn resolve<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Resolved {
    let mut resolved = Resolved::default();
    for (attribute, fact) in winners(facts) {
        let Some(value) = fact.value.as_ref().filter(|value| !value.is_null()) else {
            continue;
        };
        if let Some(name) = attribute.strip_prefix(PROFILE) {
            // Whether an address is verified is a property of the assertion that won, never an assertion of its own:
            // so no source can vouch for an address that another one brought.
            if let Some(flag) = verified_flag(name) {
                resolved.profile.insert(flag.to_owned(), Value::Bool(fact.verified));
            } else if is_flag(name) {
                continue;
            }
            resolved.profile.insert(name.to_owned(), value.clone());
        } else if let Some(name) = attribute.strip_prefix(CUSTOM_DATA) {
            resolved.custom_data.insert(name.to_owned(), value.clone());
        }
    }
    resolved
}

/// The fact that decides each attribute, those that assert an absence included.
pub fn winners<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> BTreeMap<&'f str, &'f Fact> {
    let mut newest: BTreeMap<(&str, (&str, Option<&str>)), &Fact> = BTreeMap::new();
    for fact in facts {
        let key = (fact.attribute.as_str(), (fact.source.kind(), fact.source.id()));
        let slot = newest.entry(key).or_insert(fact);
        if age(fact) >= age(slot) {
            *slot = fact;
        }
    }
    let mut winners: BTreeMap<&str, &Fact> = BTreeMap::new();
    for fact in newest.into_values().filter(|fact| fact.value.is_some()) {
        let slot = winners.entry(&fact.attribute).or_insert(fact);
        if rank(fact) >= rank(slot) {
            *slot = fact;
        }
    }
    winners
}

/// Ids are made in the order of time, so they settle what happened within one instant.
fn age(fact: &Fact) -> (Time, uuid::Uuid) {
    (fact.asserted_at, fact.id.0)
}

/// Who wins, best last. For addresses a verified one beats an unverified one, except that an administrator is believed
/// either way, and so is whoever takes an address away. Then what somebody said here (an administrator, the person, an API client) beats an import, that beats
/// an upstream, that beats a hook. Then the newest.
fn rank(fact: &Fact) -> (bool, u8, (Time, uuid::Uuid)) {
    let name = fact.attribute.strip_prefix(PROFILE).unwrap_or_default();
    let clears = fact.value.as_ref().is_some_and(Value::is_null);
    let trusted = verified_flag(name).is_none() || fact.verified || clears || fact.source == FactSource::Administrator;
    let tier = match fact.source {
        FactSource::Administrator | FactSource::User | FactSource::Api(_) => 3,
        FactSource::Import => 2,
        FactSource::Connector(_) => 1,
        FactSource::Hook(_) => 0,
    };
    (trusted, tier, age(fact))
}

/// The claim that says whether this one is verified.
fn verified_flag(claim: &str) -> Option<&'static str> {
    match claim {
        "email" => Some("email_verified"),
        "phone_number" => Some("phone_number_verified"),
        _ => None,
    }
}

fn is_flag(claim: &str) -> bool {
    matches!(claim, "email_verified" | "phone_number_verified")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::base::{
        SeededRng,
        id::{FactId, UserId},
    };

    pub(super) fn fact(second: i64, source: FactSource, attribute: &str, value: Option<Value>, verified: bool) -> Fact {
        let at = Time::UNIX_EPOCH + time::Duration::seconds(second);
        Fact {
            id: FactId::new(at, &SeededRng::new(second.unsigned_abs())),
            user_id: UserId(uuid::Uuid::nil()),
            attribute: attribute.into(),
            value,
            source,
            verified,
            actor: None,
            asserted_at: at,
        }
    }

    fn google() -> FactSource {
        FactSource::Connector("google".into())
    }

    fn email(facts: &[Fact]) -> (Option<Value>, Option<Value>) {
        let profile = resolve(facts).profile;
        (profile.get("email").cloned(), profile.get("email_verified").cloned())
    }

    #[test]
    fn an_upstream_that_did_not_verify_an_address_makes_nothing_verified() {
        let unverified = fact(1, google(), "profile.email", Some(json!("a@x")), false);
        let lie = fact(2, google(), "profile.email_verified", Some(json!(true)), true);
        assert_eq!(email(&[unverified, lie]), (Some(json!("a@x")), Some(json!(false))));
    }

    #[test]
    fn a_verified_address_beats_a_newer_unverified_one_but_not_an_administrator() {
        let verified = fact(1, google(), "profile.email", Some(json!("v@x")), true);
        let typed = fact(2, FactSource::User, "profile.email", Some(json!("t@x")), false);
        assert_eq!(
            email(&[typed.clone(), verified.clone()]),
            (Some(json!("v@x")), Some(json!(true)))
        );
        let set = fact(3, FactSource::Administrator, "profile.email", Some(json!("s@x")), false);
        assert_eq!(
            email(&[set.clone(), typed, verified]),
            (Some(json!("s@x")), Some(json!(false)))
        );
        let confirmed = fact(4, FactSource::User, "profile.email", Some(json!("c@x")), true);
        assert_eq!(email(&[confirmed, set]), (Some(json!("c@x")), Some(json!(true))));
    }

    #[test]
    fn what_was_said_here_beats_an_import_and_that_an_upstream() {
        let name = |second, source, value: &str| fact(second, source, "profile.name", Some(json!(value)), false);
        let facts = [
            name(1, FactSource::User, "user"),
            name(2, FactSource::Import, "import"),
            name(3, google(), "google"),
            name(4, FactSource::Hook("h".into()), "hook"),
        ];
        assert_eq!(resolve(&facts).profile["name"], "user");
        assert_eq!(resolve(&facts[1..]).profile["name"], "import");
        assert_eq!(resolve(&facts[2..]).profile["name"], "google");
    }

    #[test]
    fn a_retraction_takes_back_only_the_word_of_its_source() {
        let said = fact(1, FactSource::User, "profile.name", Some(json!("Ada")), false);
        let brought = fact(2, google(), "profile.name", Some(json!("Ada L.")), false);
        let unlinked = fact(3, google(), "profile.name", None, false);
        let facts = [said, brought, unlinked];
        assert_eq!(resolve(&facts).profile["name"], "Ada");
        assert_eq!(resolve(&facts[1..]), Resolved::default());
        assert_eq!(resolve(&facts[..2]).profile["name"], "Ada");
    }

    #[test]
    fn an_asserted_absence_hides_what_lower_sources_say() {
        let brought = fact(1, google(), "profile.name", Some(json!("Ada")), false);
        let cleared = fact(2, FactSource::Administrator, "profile.name", Some(Value::Null), false);
        assert_eq!(resolve([&brought, &cleared]), Resolved::default());
    }

    #[test]
    fn custom_data_and_profile_are_kept_apart() {
        let facts = [
            fact(
                1,
                FactSource::Administrator,
                "custom_data.plan",
                Some(json!({"tier": 1})),
                false,
            ),
            fact(2, FactSource::Administrator, "profile.name", Some(json!("Ada")), false),
            fact(3, FactSource::Administrator, "elsewhere.name", Some(json!("x")), false),
        ];
        let resolved = resolve(&facts);
        assert_eq!(json!(resolved.custom_data), json!({"plan": {"tier": 1}}));
        assert_eq!(json!(resolved.profile), json!({"name": "Ada"}));
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        let source = prop_oneof![
            Just(FactSource::User),
            Just(FactSource::Administrator),
            Just(FactSource::Import),
            Just(google())
        ];
        (0..50_i64, source, prop::option::of("[ab]@x"), any::<bool>()).prop_map(|(second, source, value, verified)| {
            fact(second, source, "profile.email", value.map(Value::from), verified)
        })
    }

    proptest! {
        #[test]
        fn the_order_in_which_facts_are_read_does_not_matter(
            facts in prop::collection::vec(any_fact(), 0..12).prop_shuffle()
        ) {
            // two facts with one id are one fact
            let mut once: Vec<Fact> = Vec::new();
            for one in facts {
                if once.iter().all(|other| other.id != one.id) {
                    once.push(one);
                }
            }
            let forwards = resolve(&once);
            once.reverse();
            prop_assert_eq!(&forwards, &resolve(&once));
            once.sort_by_key(age);
            prop_assert_eq!(forwards, resolve(&once));
        }

        #[test]
        fn an_address_is_verified_only_if_the_fact_that_brought_it_was(facts in prop::collection::vec(any_fact(), 0..12)) {
            let resolved = resolve(&facts).profile;
            if resolved.get("email_verified") == Some(&Value::Bool(true)) {
                let vouched = facts.iter().any(|one| one.verified && one.value.as_ref() == resolved.get("email"));
                prop_assert!(vouched);
            }
        }
    }
}
