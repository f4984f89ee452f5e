//! Edits of a profile: checked as a whole, then turned into the statements that a source makes.

use serde_json::{Map, Value};

use super::{CUSTOM_DATA, PROFILE, Resolved, is_flag, verified_flag};
use crate::{
    base::storable::is_storable_json,
    model::{Fact, FactSource},
    spec::oidc::claim::{self, ClaimFault},
};

/// Largest custom data of one person, in bytes of JSON.
pub const MAX_CUSTOM_DATA: usize = 64 * 1024;
/// Deepest nesting of it.
pub const MAX_CUSTOM_DEPTH: usize = 16;
const MAX_KEY: usize = 100;
const MAX_KEYS: usize = 200;

/// What should change: a value sets, null clears, what is not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// Standard claims by name.
    pub profile: Map<String, Value>,
    /// Members of the custom data; each is replaced as a whole.
    pub custom_data: Map<String, Value>,
}

/// A fact to be written: what one source now says about one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// `profile.NAME` or `custom_data.NAME`.
    pub attribute: String,
    /// The value; JSON null says that there is none.
    pub value: Value,
    /// Whether the source vouches for it.
    pub verified: bool,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {fault}")]
pub struct FieldError {
    /// The claim's name, or `custom_data` with the member.
    pub field: String,
    /// What is wrong.
    pub fault: FieldFault,
}

/// Why a value is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// It does not fit the claim.
    #[error(transparent)]
    Claim(#[from] ClaimFault),
    /// A person cannot vouch for their own address.
    #[error("cannot be set by the person")]
    NotYours,
    /// Nothing is there that could be verified.
    #[error("needs a value to be verified")]
    NothingToVerify,
    /// A member's name that is empty, too long or has control characters.
    #[error("has a name that is empty, too long or has control characters")]
    Key,
    /// More than 64 KiB in all, or more than 200 members.
    #[error("is larger than 64 KiB or has more than 200 members")]
    TooLarge,
    /// A NUL somewhere inside, which the database cannot hold.
    #[error("has a NUL character in a text or a name")]
    Nul,
    /// Nested more than 16 levels.
    #[error("is nested more than 16 levels deep")]
    TooDeep,
}

impl Patch {
    /// Turns the edits of `source` into statements, given all facts about the person. What already holds is not stated
    /// again. A new address is unverified unless the same edit vouches for it.
    ///
    /// # Errors
    /// Every field that is wrong; then nothing may be written.
    pub fn decide<'f>(
        &self,
        facts: impl IntoIterator<Item = &'f Fact>,
        source: &FactSource,
    ) -> Result<Vec<Statement>, Vec<FieldError>> {
        let current = super::resolve(facts);
        let mut errors = Vec::new();
        let mut statements = self.profile_statements(&current, source, &mut errors);
        statements.extend(self.custom_statements(&current, &mut errors));
        if errors.is_empty() { Ok(statements) } else { Err(errors) }
    }

    fn profile_statements(
        &self,
        current: &Resolved,
        source: &FactSource,
        errors: &mut Vec<FieldError>,
    ) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut refuse = |field: &str, fault: FieldFault| {
            errors.push(FieldError {
                field: field.to_owned(),
                fault,
            })
        };
        for (name, value) in &self.profile {
            let value = tidy(value);
            if !value.is_null()
                && let Err(fault) = claim::check(name, &value)
            {
                refuse(name, fault.into());
                continue;
            }
            if claim::find(name).is_none() {
                refuse(name, ClaimFault::Unknown.into());
            } else if is_flag(name) {
                if let Err(fault) = self.check_flag(name, &value, current, source) {
                    refuse(name, fault);
                }
            } else if verified_flag(name).is_none() && current.profile.get(name).unwrap_or(&Value::Null) != &value {
                statements.push(Statement {
                    attribute: format!("{PROFILE}{name}"),
                    value,
                    verified: false,
                });
            }
        }
        statements.extend(
            ["email", "phone_number"]
                .into_iter()
                .filter_map(|name| self.address(name, current)),
        );
        statements
    }

    fn check_flag(&self, flag: &str, value: &Value, current: &Resolved, source: &FactSource) -> Result<(), FieldFault> {
        let claim = flag.trim_end_matches("_verified");
        let address = self.profile.get(claim).or(current.profile.get(claim));
        let there = address.is_some_and(|address| !tidy(address).is_null());
        match (value, source) {
            (Value::Null | Value::Bool(false), _) => Ok(()),
            (_, FactSource::User) => Err(FieldFault::NotYours),
            _ if there => Ok(()),
            _ => Err(FieldFault::NothingToVerify),
        }
    }

    /// What is stated about `email` or `phone_number`, whose flag belongs to the same statement.
    fn address(&self, name: &str, current: &Resolved) -> Option<Statement> {
        let flag = verified_flag(name)?;
        let holds = current.profile.get(name).unwrap_or(&Value::Null);
        let value = self.profile.get(name).map_or_else(|| holds.clone(), tidy);
        let was_verified = current.profile.get(flag).is_some_and(|flag| flag == true);
        let verified = match self.profile.get(flag).map(tidy) {
            Some(Value::Bool(verified)) => verified,
            _ => was_verified && *holds == value,
        };
        let changed = *holds != value || (!value.is_null() && verified != was_verified);
        changed.then(|| Statement {
            attribute: format!("{PROFILE}{name}"),
            verified: verified && !value.is_null(),
            value,
        })
    }

    fn custom_statements(&self, current: &Resolved, errors: &mut Vec<FieldError>) -> Vec<Statement> {
        let mut after = current.custom_data.clone();
        let mut statements = Vec::new();
        for (name, value) in &self.custom_data {
            let fault = if name.is_empty() || name.chars().count() > MAX_KEY || name.chars().any(char::is_control) {
                Some(FieldFault::Key)
            } else if !fits_depth(value, MAX_CUSTOM_DEPTH) {
                Some(FieldFault::TooDeep)
            } else if !is_storable_json(value) {
                Some(FieldFault::Nul)
            } else {
                None
            };
            if let Some(fault) = fault {
                let field = format!("{CUSTOM_DATA}{}", name.chars().take(MAX_KEY).collect::<String>());
                errors.push(FieldError { field, fault });
                continue;
            }
            if current.custom_data.get(name).unwrap_or(&Value::Null) != value {
                statements.push(Statement {
                    attribute: format!("{CUSTOM_DATA}{name}"),
                    value: value.clone(),
                    verified: false,
                });
            }
            after.insert(name.clone(), value.clone());
        }
        after.retain(|_, value| !value.is_null());
        let size = serde_json::to_string(&after).map_or(usize::MAX, |text| text.len());
        if size > MAX_CUSTOM_DATA || after.len() > MAX_KEYS {
            errors.push(FieldError {
                field: "custom_data".to_owned(),
                fault: FieldFault::TooLarge,
            });
        }
        statements
    }
}

/// Blank texts clear, outer blanks are dropped, an address loses its blank members.
fn tidy(value: &Value) -> Value {
    match value {
        Value::String(text) if text.trim().is_empty() => Value::Null,
        Value::String(text) => Value::from(text.trim()),
        Value::Object(members) => {
            let kept: Map<String, Value> = members
                .iter()
                .map(|(name, member)| (name.clone(), tidy(member)))
                .filter(|(_, member)| !member.is_null())
                .collect();
            if kept.is_empty() {
                Value::Null
            } else {
                Value::Object(kept)
            }
        }
        other => other.clone(),
    }
}

fn fits_depth(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(items) => left > 0 && items.iter().all(|item| fits_depth(item, left - 1)),
        Value::Object(members) => left > 0 && members.values().all(|member| fits_depth(member, left - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::tests::fact, *};

    fn patch(profile: Value, custom_data: Value) -> Patch {
        Patch {
            profile: profile.as_object().unwrap().clone(),
            custom_data: custom_data.as_object().unwrap().clone(),
        }
    }

    fn known() -> Vec<Fact> {
        vec![
            fact(1, FactSource::User, "profile.email", Some(json!("ada@x.org")), true),
            fact(2, FactSource::User, "profile.name", Some(json!("Ada")), false),
            fact(
                3,
                FactSource::Administrator,
                "custom_data.plan",
                Some(json!("gold")),
                false,
            ),
        ]
    }

    fn decide(profile: Value, source: FactSource) -> Result<Vec<Statement>, Vec<FieldError>> {
        patch(profile, json!({})).decide(&known(), &source)
    }

    fn states(attribute: &str, value: Value, verified: bool) -> Statement {
        Statement {
            attribute: attribute.into(),
            value,
            verified,
        }
    }

    #[test]
    fn what_already_holds_is_not_stated_again() {
        let same = patch(
            json!({"email": " ada@x.org ", "email_verified": true, "name": "Ada"}),
            json!({"plan": "gold"}),
        );
        assert_eq!(same.decide(&known(), &FactSource::Administrator), Ok(vec![]));
    }

    #[test]
    fn a_new_address_is_unverified_unless_the_same_edit_vouches_for_it() {
        let unverified = states("profile.email", json!("new@x.org"), false);
        assert_eq!(
            decide(json!({"email": "new@x.org"}), FactSource::Administrator),
            Ok(vec![unverified.clone()])
        );
        assert_eq!(
            decide(json!({"email": "new@x.org"}), FactSource::User),
            Ok(vec![unverified])
        );
        assert_eq!(
            decide(
                json!({"email": "new@x.org", "email_verified": true}),
                FactSource::Administrator
            ),
            Ok(vec![states("profile.email", json!("new@x.org"), true)])
        );
    }

    #[test]
    fn a_flag_alone_is_said_about_the_present_address() {
        assert_eq!(
            decide(json!({"email_verified": false}), FactSource::Administrator),
            Ok(vec![states("profile.email", json!("ada@x.org"), false)])
        );
        let refused = decide(json!({"phone_number_verified": true}), FactSource::Administrator).unwrap_err();
        assert_eq!(refused[0].fault, FieldFault::NothingToVerify);
        let refused = decide(
            json!({"email": null, "email_verified": true}),
            FactSource::Administrator,
        )
        .unwrap_err();
        assert_eq!(refused[0].fault, FieldFault::NothingToVerify);
    }

    #[test]
    fn nobody_vouches_for_their_own_address() {
        let refused = decide(json!({"email": "b@x.org", "email_verified": true}), FactSource::User).unwrap_err();
        assert_eq!(
            refused,
            [FieldError {
                field: "email_verified".into(),
                fault: FieldFault::NotYours
            }]
        );
    }

    #[test]
    fn blank_and_null_clear() {
        assert_eq!(
            decide(
                json!({"name": "  ", "nickname": "", "email": null}),
                FactSource::Administrator
            ),
            Ok(vec![
                states("profile.name", Value::Null, false),
                states("profile.email", Value::Null, false)
            ])
        );
        assert_eq!(
            decide(
                json!({"address": {"locality": "Lyon", "country": " "}}),
                FactSource::User
            ),
            Ok(vec![states("profile.address", json!({"locality": "Lyon"}), false)])
        );
        assert_eq!(
            decide(json!({"address": {"locality": ""}}), FactSource::User),
            Ok(vec![])
        );
    }

    #[test]
    fn every_wrong_field_is_named() {
        let refused = decide(
            json!({"email": "nonsense", "birthdate": "yesterday", "shoe_size": "42", "website": "javascript:x", "sub": null}),
            FactSource::User,
        )
        .unwrap_err();
        let mut fields: Vec<_> = refused.iter().map(|error| error.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["birthdate", "email", "shoe_size", "sub", "website"]);
    }

    #[test]
    fn custom_data_is_merged_by_member_and_bounded() {
        let facts = known();
        let edit = |custom: Value| patch(json!({}), custom).decide(&facts, &FactSource::Administrator);
        assert_eq!(
            edit(json!({"plan": null, "seats": 3})),
            Ok(vec![
                states("custom_data.plan", Value::Null, false),
                states("custom_data.seats", json!(3), false)
            ])
        );
        assert_eq!(
            edit(json!({"a": "x".repeat(70_000)})).unwrap_err()[0].fault,
            FieldFault::TooLarge
        );
        assert_eq!(edit(json!({"": 1})).unwrap_err()[0].fault, FieldFault::Key);
        let mut deep = json!(1);
        for _ in 0..20 {
            deep = json!([deep]);
        }
        assert_eq!(edit(json!({"deep": deep})).unwrap_err()[0].fault, FieldFault::TooDeep);
        for nul in [json!("\0"), json!([{ "a": "x\0" }]), json!({ "a\0": 1 })] {
            assert_eq!(edit(json!({"a": nul})).unwrap_err()[0].fault, FieldFault::Nul);
        }
        let many: Map<String, Value> = (0..201).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(edit(Value::Object(many)).unwrap_err()[0].fault, FieldFault::TooLarge);
    }

    #[test]
    fn statements_resolve_to_what_was_asked_for() {
        let mut facts = known();
        let edit = patch(json!({"email": "new@x.org", "name": null}), json!({"plan": "silver"}));
        for (n, statement) in (10..).zip(edit.decide(&facts, &FactSource::Administrator).unwrap()) {
            facts.push(fact(
                n,
                FactSource::Administrator,
                &statement.attribute,
                Some(statement.value),
                statement.verified,
            ));
        }
        let resolved = super::super::resolve(&facts);
        assert_eq!(
            json!(resolved.profile),
            json!({"email": "new@x.org", "email_verified": false})
        );
        assert_eq!(json!(resolved.custom_data), json!({"plan": "silver"}));
        assert_eq!(edit.decide(&facts, &FactSource::Administrator), Ok(vec![]));
    }
}
