//! A person as a form holds them: texts by claim, checkboxes, roles, and custom data as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{admin::AdminForm, rows::plain, view::Choice};
use crate::{
    base::Text,
    domain::profile::Patch,
    model::{Role, User, user::ADMIN_ROLE},
    web::profile_field::ProfileField,
};

/// The claims of the form, in its order. Flags are checkboxes; `address.formatted` has lines and follows the members.
pub(super) const CLAIMS: [&str; 20] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "email",
    "phone_number",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "website",
    "profile",
    "picture",
    "address.street_address",
    "address.postal_code",
    "address.locality",
    "address.region",
    "address.country",
];

/// What the form shows or what was typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub username: String,
    claims: BTreeMap<String, String>,
    pub email_is_verified: bool,
    pub phone_number_is_verified: bool,
    pub custom_data: String,
    pub roles: Vec<String>,
}

impl Typed {
    /// What was sent.
    pub fn read(form: &AdminForm) -> Self {
        Self {
            username: form.text("username").to_owned(),
            claims: CLAIMS
                .iter()
                .map(|&claim| (claim.to_owned(), form.text(claim).to_owned()))
                .collect(),
            email_is_verified: form.is_checked("email_verified"),
            phone_number_is_verified: form.is_checked("phone_number_verified"),
            custom_data: form.text("custom_data").to_owned(),
            roles: form.texts("roles"),
        }
    }

    /// What is kept.
    pub fn of(user: &User) -> Self {
        let value = |claim: &str| match claim.split_once('.') {
            Some((whole, member)) => user.profile.get(whole).and_then(|whole| whole.get(member)),
            None => user.profile.get(claim),
        };
        let shown = CLAIMS
            .iter()
            .filter_map(|&claim| Some((claim.to_owned(), plain(Some(value(claim)?)))));
        Self {
            username: user.username.clone().unwrap_or_default(),
            claims: shown.collect(),
            email_is_verified: user.is_true("email_verified"),
            phone_number_is_verified: user.is_true("phone_number_verified"),
            custom_data: serde_json::to_string_pretty(&user.custom_data).unwrap_or_default(),
            roles: user.roles.clone(),
        }
    }

    /// The username, if there is to be one.
    pub fn username(&self) -> Option<String> {
        Some(self.username.clone()).filter(|name| !name.is_empty())
    }

    /// The field of a claim.
    pub fn field(&self, claim: &str) -> ProfileField {
        ProfileField::optional(claim, self.text(claim))
    }

    fn text(&self, claim: &str) -> &str {
        self.claims.get(claim).map(String::as_str).unwrap_or_default()
    }

    /// What somebody new gets.
    pub fn new_patch(&self, asked: &[&str]) -> Patch {
        let said = asked.iter().filter(|claim| !self.text(claim).is_empty());
        let mut profile: Map<String, Value> = said
            .map(|&claim| (claim.to_owned(), Value::from(self.text(claim))))
            .collect();
        if profile.contains_key("email") {
            profile.insert("email_verified".to_owned(), Value::Bool(self.email_is_verified));
        }
        Patch {
            profile,
            custom_data: Map::new(),
        }
    }

    /// What changes about `user`; `None` if the custom data is not a JSON object.
    pub fn patch(&self, user: &User) -> Option<Patch> {
        let mut profile = Map::new();
        for claim in CLAIMS.into_iter().filter(|claim| !claim.contains('.')) {
            profile.insert(claim.to_owned(), Value::from(self.text(claim)));
        }
        for (claim, flag, is_checked) in [
            ("email", "email_verified", self.email_is_verified),
            ("phone_number", "phone_number_verified", self.phone_number_is_verified),
        ] {
            // A mark that was there already belongs to the old address, not to one that was typed over it.
            let is_carried_over = user.claim(claim) != Some(self.text(claim)) && user.is_true(flag);
            let vouches = is_checked && !is_carried_over && !self.text(claim).is_empty();
            profile.insert(flag.to_owned(), Value::Bool(vouches));
        }
        if let Some(address) = self.address(user) {
            profile.insert("address".to_owned(), address);
        }
        Some(Patch {
            profile,
            custom_data: self.custom_data(user)?,
        })
    }

    /// The address, if one of its members changed. The whole in one text no longer fits then.
    fn address(&self, user: &User) -> Option<Value> {
        let members = CLAIMS.into_iter().filter_map(|claim| claim.strip_prefix("address."));
        let typed: Map<String, Value> = members
            .map(|member| (member.to_owned(), Value::from(self.text(&format!("address.{member}")))))
            .filter(|(_, value)| value != "")
            .collect();
        let mut kept = user
            .profile
            .get("address")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        kept.remove("formatted");
        (typed != kept).then_some(Value::Object(typed))
    }

    fn custom_data(&self, user: &User) -> Option<Map<String, Value>> {
        let mut members = match self.custom_data.as_str() {
            "" => Map::new(),
            text => serde_json::from_str::<Map<String, Value>>(text).ok()?,
        };
        for name in user
            .custom_data
            .keys()
            .filter(|name| !members.contains_key(*name))
            .cloned()
            .collect::<Vec<_>>()
        {
            members.insert(name, Value::Null);
        }
        Some(members)
    }
}

/// Every role as a checkbox. The built-in one is offered before anybody holds it.
pub(super) fn role_choices(roles: &[Role], chosen: &[String]) -> Vec<Choice> {
    let mut names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    if !names.contains(&ADMIN_ROLE) {
        names.insert(0, ADMIN_ROLE);
    }
    let choice = |name: &str| Choice {
        help: (name == ADMIN_ROLE).then(|| Text::new("role-admin-help")),
        ..Choice::new(name, Text::verbatim(name), chosen.iter().any(|one| one == name))
    };
    names.into_iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        base::{Time, id::UserId},
        model::UserStatus,
    };

    fn user() -> User {
        let profile = json!({
            "name": "Ada", "email": "ada@example.com", "email_verified": true,
            "address": {"formatted": "1 rue X\nLyon", "street_address": "1 rue X", "locality": "Lyon"},
        });
        User {
            id: UserId(uuid::Uuid::nil()),
            username: Some("ada".into()),
            status: UserStatus::Active,
            profile: profile.as_object().unwrap().clone(),
            custom_data: json!({"plan": "gold", "seats": 3}).as_object().unwrap().clone(),
            locale: None,
            roles: vec![],
            version: 1,
            origin: None,
            password_expired_at: None,
            created_at: Time::UNIX_EPOCH,
            updated_at: Time::UNIX_EPOCH,
            last_sign_in_at: None,
        }
    }

    #[test]
    fn a_form_that_is_sent_as_it_was_shown_changes_nothing() {
        use crate::model::{Fact, FactSource};
        let user = user();
        let patch = Typed::of(&user).patch(&user).unwrap();
        let fact = |attribute: String, value: &Value, verified| Fact {
            id: crate::base::id::FactId(uuid::Uuid::nil()),
            user_id: user.id,
            attribute,
            value: Some(value.clone()),
            source: FactSource::Administrator,
            verified,
            actor: None,
            asserted_at: Time::UNIX_EPOCH,
        };
        let mut facts: Vec<Fact> = user
            .profile
            .iter()
            .map(|(name, value)| fact(format!("profile.{name}"), value, name == "email"))
            .collect();
        facts.extend(
            user.custom_data
                .iter()
                .map(|(name, value)| fact(format!("custom_data.{name}"), value, false)),
        );
        assert_eq!(patch.decide(&facts, &FactSource::Administrator), Ok(vec![]));
    }

    #[test]
    fn the_mark_of_an_old_address_is_not_carried_over_to_a_new_one() {
        let user = user();
        let mut typed = Typed::of(&user);
        typed.claims.insert("email".into(), "other@example.com".into());
        assert_eq!(typed.patch(&user).unwrap().profile["email_verified"], false);
        typed.claims.insert("phone_number".into(), "+33612345678".into());
        typed.phone_number_is_verified = true;
        assert_eq!(typed.patch(&user).unwrap().profile["phone_number_verified"], true);
    }

    #[test]
    fn members_that_were_taken_out_of_the_json_are_cleared() {
        let user = user();
        let mut typed = Typed::of(&user);
        typed.custom_data = "{\"plan\": \"silver\"}".into();
        let patch = typed.patch(&user).unwrap();
        assert_eq!(json!(patch.custom_data), json!({"plan": "silver", "seats": null}));
        for wrong in ["{", "[]", "1"] {
            typed.custom_data = wrong.into();
            assert!(typed.patch(&user).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_edited_address_drops_the_text_that_no_longer_fits() {
        let user = user();
        let mut typed = Typed::of(&user);
        assert!(!typed.patch(&user).unwrap().profile.contains_key("address"));
        typed.claims.insert("address.locality".into(), "Paris".into());
        let address = typed.patch(&user).unwrap().profile["address"].clone();
        assert_eq!(address, json!({"street_address": "1 rue X", "locality": "Paris"}));
    }
}
