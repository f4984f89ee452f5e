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

/// The value of a custom claim as people read it: any JSON, cut where it fills the page.
pub fn told_in_words(value: &Value) -> String {
    const MOST: usize = 300;
    let words = plain_words(value);
    match words.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words,
    }
}

/// Any JSON as people read it, all of it.
pub fn plain_words(value: &Value) -> String {
    let listed = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => listed(items.iter().map(plain_words).collect()),
        Value::Object(members) => listed(
            members
                .iter()
                .map(|(name, value)| format!("{name}: {}", plain_words(value)))
                .collect(),
        ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_value_reads_as_words_and_a_long_one_is_cut() {
        for (value, words) in [
            (json!("gold"), "gold"),
            (json!(3), "3"),
            (json!(["blue", "red"]), "blue, red"),
            (json!({"plan": "gold", "seats": [1, 2]}), "plan: gold, seats: 1, 2"),
        ] {
            assert_eq!(told_in_words(&value), words);
        }
        let long = told_in_words(&json!("ü".repeat(500)));
        assert_eq!(long.chars().count(), 301);
        assert!(long.ends_with('…'));
    }
}
