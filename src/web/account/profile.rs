//! `/account/profile`: the standard claims, edited by the person whom they are about.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::{Map, Value};

use super::{done::Done, owner::Owner, view::Profile};
use crate::{
    base::Text,
    domain::profile::{FieldError, FieldFault},
    flow::account::profile::{self, EDITABLE, Outcome},
    model::User,
    spec::{
        oauth::Params,
        oidc::claim::{self, ClaimFault, ClaimType},
    },
    web::{FieldErrors, error::page, extract::Form, profile_field::ProfileField},
};

/// The address's fields, in the order in which people write one. `formatted` is not among them: it would have to be kept
/// in step by hand, and goes when one of these changes.
const ADDRESS_FIELDS: [&str; 5] = ["street_address", "postal_code", "locality", "region", "country"];

/// The page.
pub async fn get(owner: Owner) -> HttpResponse {
    let fields = fields(&owner.signed_in.user);
    show(&owner, fields, FieldErrors::none(), StatusCode::OK)
}

fn show(owner: &Owner, fields: Vec<ProfileField>, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let user = &owner.signed_in.user;
    let view = Profile {
        page: owner.layout_at("/account/profile"),
        version: user.version,
        email: user.claim("email").map(str::to_owned),
        fields,
        errors,
    };
    owner.visitor.page_with(status, &view, &[])
}

/// The form.
pub async fn post(owner: Owner, form: Form) -> HttpResponse {
    let visitor = &owner.visitor;
    let user = &owner.signed_in.user;
    // A version that cannot be read is one that was never shown.
    let version = form.field("version").parse().unwrap_or(-1);
    let claims = edited(user, form.params());
    let outcome = profile::edit(visitor.core(), &owner.visit(), &owner.signed_in, version, claims).await;
    let errors = match outcome {
        Ok(Outcome::Saved) => return visitor.redirect(&Done::Profile.address()),
        Ok(Outcome::Stale) => {
            let errors = FieldErrors::form(Text::new("error-conflict"));
            return show(&owner, fields(user), errors, StatusCode::CONFLICT);
        }
        Ok(Outcome::Invalid(errors)) => in_words(&errors),
        Err(failure) => return page::failure(visitor, &failure),
    };
    let mut typed = fields(user);
    for field in typed.iter_mut().filter(|field| form.params().sent(&field.claim)) {
        form.field(&field.claim).clone_into(&mut field.value);
    }
    show(&owner, typed, errors, StatusCode::UNPROCESSABLE_ENTITY)
}

/// The fields with what the profile holds.
fn fields(user: &User) -> Vec<ProfileField> {
    let mut fields = Vec::new();
    for claim in EDITABLE {
        if claim == "address" {
            let member = |name: &str| ProfileField::optional(format!("address.{name}"), shown(user, claim, Some(name)));
            fields.extend(ADDRESS_FIELDS.map(member));
        } else {
            fields.push(ProfileField::optional(claim, shown(user, claim, None)));
        }
    }
    fields
}

/// A value as its field shows it: on one line, for an address may be written on several (OIDC Core §5.1.1).
fn shown(user: &User, claim: &str, member: Option<&str>) -> String {
    let value = user.profile.get(claim);
    let value = match member {
        Some(member) => value.and_then(|address| address.get(member)),
        None => value,
    };
    let lines = value.and_then(Value::as_str).unwrap_or_default().lines();
    lines.collect::<Vec<_>>().join(", ")
}

/// The claims that the form changes. What was not sent, or is as it was shown, stays as it is.
fn edited(user: &User, form: &Params) -> Map<String, Value> {
    let changed = |field: &str, shown: &str| {
        let typed = form.get(field).unwrap_or_default();
        (form.sent(field) && typed.trim() != shown).then(|| Value::from(typed))
    };
    let mut claims = Map::new();
    for claim in EDITABLE.into_iter().filter(|claim| *claim != "address") {
        if let Some(value) = changed(claim, &shown(user, claim, None)) {
            claims.insert(claim.to_owned(), value);
        }
    }
    let mut address = user
        .profile
        .get("address")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let mut moved = false;
    for member in ADDRESS_FIELDS {
        let before = shown(user, "address", Some(member));
        if let Some(value) = changed(&format!("address.{member}"), &before) {
            address.insert(member.to_owned(), value);
            moved = true;
        }
    }
    if moved {
        address.remove("formatted");
        claims.insert("address".to_owned(), Value::Object(address));
    }
    claims
}

fn in_words(errors: &[FieldError]) -> FieldErrors {
    let mut found = FieldErrors::none();
    for error in errors {
        // The form has no field for the address as a whole; the first of its fields stands for it.
        let field = match error.field.as_str() {
            "address" => "address.street_address",
            other => other,
        };
        found.add(field, fault(error));
    }
    found
}

fn fault(error: &FieldError) -> Text {
    let kind = claim::find(&error.field).map(|claim| claim.kind);
    match (error.fault, kind) {
        (FieldFault::Claim(ClaimFault::TooLong), _) => Text::new("error-value-long").count("n", 1000),
        (_, Some(ClaimType::Url)) => Text::new("error-url"),
        (_, Some(ClaimType::Phone)) => Text::new("error-phone-format"),
        (_, Some(ClaimType::Birthdate)) => Text::new("error-birthdate-format"),
        _ => Text::new("error-value"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::sample;

    fn ada() -> User {
        let mut user = sample::user();
        user.profile = json!({
            "name": "Ada", "email": "ada@example.com",
            "address": {"formatted": "1 Rue\nLyon", "street_address": "1 Rue\nApt 2", "locality": "Lyon"},
        })
        .as_object()
        .cloned()
        .unwrap();
        user
    }

    fn edit(form: &str) -> Value {
        Value::Object(edited(&ada(), &Params::parse(form).unwrap()))
    }

    #[test]
    fn a_form_that_is_sent_back_as_it_was_shown_changes_nothing() {
        let pairs: Vec<String> = fields(&ada())
            .into_iter()
            .map(|field| format!("{}={}", field.claim, field.value.replace(' ', "+")))
            .collect();
        assert!(pairs.contains(&"address.street_address=1+Rue,+Apt+2".to_owned()));
        assert_eq!(edit(&pairs.join("&")), json!({}));
    }

    #[test]
    fn what_is_emptied_is_cleared_and_what_is_not_sent_stays() {
        assert_eq!(edit("name=&nickname="), json!({"name": ""}));
    }

    #[test]
    fn a_changed_address_keeps_its_other_members_but_not_its_label() {
        assert_eq!(
            edit("address.locality=Paris"),
            json!({"address": {"street_address": "1 Rue\nApt 2", "locality": "Paris"}})
        );
    }

    #[test]
    fn fields_that_are_not_on_the_page_are_not_read() {
        assert_eq!(
            edit("email=eve@evil.example&email_verified=true&address.formatted=x&address=y"),
            json!({})
        );
    }
}
