//! What people and rules say, in words that several wings use.

use serde_json::{Map, Value};

use crate::{base::Text, domain::account::password_policy::Weakness, model::User, spec::oidc::claim::ADDRESS_MEMBERS};

/// What is wrong with a password.
pub fn weakness(weakness: Weakness) -> Text {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    match weakness {
        Weakness::TooShort { min } => Text::new("error-password-short").count("n", number(min)),
        Weakness::TooLong { max } => Text::new("error-password-long").count("n", number(max)),
        Weakness::Common => Text::new("error-password-common"),
        Weakness::IsUsername | Weakness::IsEmail | Weakness::IsAppName => Text::new("error-password-personal"),
    }
}

/// That there were too many attempts, and how long to wait.
pub fn too_many(wait_seconds: i64) -> Text {
    Text::new("error-too-many").count("n", wait_seconds.max(1).saturating_add(59) / 60)
}

/// What somebody calls their account: e-mail address, else username.
pub fn identifier_of(user: &User) -> String {
    let name = user.claim("email").or(user.username.as_deref());
    name.map_or_else(|| user.display_name(), str::to_owned)
}

/// A claim's value as people read it.
pub fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => address_in_words(members),
        other => other.to_string(),
    }
}

fn address_in_words(members: &Map<String, Value>) -> String {
    let text = |member: &str| members.get(member).and_then(Value::as_str);
    if let Some(formatted) = text("formatted") {
        return formatted.replace(['\r', '\n'], ", ");
    }
    ADDRESS_MEMBERS
        .into_iter()
        .filter_map(text)
        .collect::<Vec<_>>()
        .join(", ")
}
