//! Editing one's own profile.

use serde_json::{Map, Value};

use crate::{
    domain::{
        account::identifier::parse_phone,
        profile::{FieldError, FieldFault, Patch},
    },
    flow::{Core, Failure, login::Visit, session::SignedIn},
    model::{AuditKind, FactSource},
    store,
};

/// The claims that people edit in a form. The e-mail address is not among them: it must be confirmed first
/// ([`super::email`]).
pub const EDITABLE: [&str; 15] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "address",
];

/// How it went.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// It is as they want it.
    Saved,
    /// Fields are wrong; nothing was written.
    Invalid(Vec<FieldError>),
    /// The profile has changed since the form was shown; nothing was written.
    Stale,
}

/// Changes the claims of somebody whose form showed `version`. Null and blank clear a claim; what is not named stays.
///
/// # Errors
/// A [`Failure`].
pub async fn edit(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    version: i64,
    mut claims: Map<String, Value>,
) -> Result<Outcome, Failure> {
    let refused = refused(&claims);
    if !refused.is_empty() {
        return Ok(Outcome::Invalid(refused));
    }
    // As people write numbers, with blanks between the groups.
    if let Some(Value::String(typed)) = claims.get_mut("phone_number")
        && let Ok(number) = parse_phone(typed)
    {
        *typed = number;
    }
    let patch = Patch {
        profile: claims,
        custom_data: Map::new(),
    };
    let mut tx = core.store.begin().await?;
    let locked = store::user::lock(&mut *tx, signed_in.user.id).await?;
    let Some(user) = locked.filter(|user| user.version == version) else {
        return Ok(Outcome::Stale);
    };
    let known = store::fact::list_current(&mut *tx, user.id).await?;
    let statements = match patch.decide(&known, &FactSource::User) {
        Ok(statements) => statements,
        Err(errors) => return Ok(Outcome::Invalid(errors)),
    };
    if statements.is_empty() {
        return Ok(Outcome::Saved);
    }
    let mut changed: Vec<String> = statements.iter().map(|one| one.attribute.clone()).collect();
    changed.sort_unstable();
    super::state(core, &mut tx, user, &known, statements).await?;
    let line = super::line(core, visit, signed_in, AuditKind::UserUpdated).with("changed", changed);
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    Ok(Outcome::Saved)
}

fn refused(claims: &Map<String, Value>) -> Vec<FieldError> {
    claims
        .keys()
        .filter(|name| !EDITABLE.contains(&name.as_str()))
        .map(|name| FieldError {
            field: name.clone(),
            fault: FieldFault::NotYours,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::oidc::claim::STANDARD_CLAIMS;

    #[test]
    fn every_standard_claim_is_editable_except_what_must_be_confirmed() {
        let rest: Vec<_> = STANDARD_CLAIMS
            .iter()
            .map(|claim| claim.name)
            .filter(|name| !EDITABLE.contains(name))
            .collect();
        assert_eq!(rest, ["email", "email_verified", "phone_number_verified"]);
    }

    #[test]
    fn a_forged_field_cannot_set_an_address_or_vouch_for_one() {
        let forged: Map<String, Value> = ["name", "email", "phone_number_verified", "sub"]
            .into_iter()
            .map(|name| (name.to_owned(), Value::from("x")))
            .collect();
        let fields: Vec<_> = refused(&forged).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["email", "phone_number_verified", "sub"]);
    }
}
