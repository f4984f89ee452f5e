//! What people and rules say, in words that several wings use.

use serde_json::{Map, Value};

use crate::{
    base::{Text, direction},
    domain::account::password_policy::Weakness,
    model::User,
    spec::oidc::claim::ADDRESS_MEMBERS,
};

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
fn plain_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => listed(items.iter().map(plain_words)),
        Value::Object(members) => listed(
            members
                .iter()
                .map(|(name, value)| format!("{name}: {}", plain_words(value))),
        ),
        other => other.to_string(),
    }
}

/// What an app wrote for people to decide about. A text within a list or an object stands in quotes, or else it could
/// read as one more member; what turns the direction of writing is written out.
pub fn exact_words(value: &Value) -> String {
    let words = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => listed(items.iter().map(nested)),
        Value::Object(members) => listed(members.iter().map(member)),
        other => other.to_string(),
    };
    in_one_direction(&words)
}

/// The name of a member that an app wrote, alike.
pub fn exact_name(name: &str) -> String {
    in_one_direction(&plain_or_quoted(name))
}

fn nested(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", listed(items.iter().map(nested))),
        Value::Object(members) => format!("{{{}}}", listed(members.iter().map(member))),
        other => other.to_string(),
    }
}

fn member((name, value): (&String, &Value)) -> String {
    format!("{}: {}", plain_or_quoted(name), nested(value))
}

fn plain_or_quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        Value::from(name).to_string()
    }
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn in_one_direction(words: &str) -> String {
    let mut written = String::with_capacity(words.len());
    for c in words.chars() {
        if direction::turns(c) {
            written.extend(c.escape_unicode());
        } else {
            written.push(c);
        }
    }
    written
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
    fn no_text_of_an_app_reads_as_a_member_that_is_not_there() {
        for (value, words) in [
            (json!("Ada's Bakery"), "Ada's Bakery"),
            (json!(120), "120"),
            (
                json!({ "iban": "DE2", "name": "Shop, iban: DE1" }),
                r#"iban: "DE2", name: "Shop, iban: DE1""#,
            ),
            (json!({ "a: 1, b": true }), r#""a: 1, b": true"#),
            (json!(["x", { "y": ["z\", \""] }]), r#""x", {y: ["z\", \""]}"#),
            (json!("1\u{202e}2"), r"1\u{202e}2"),
            (json!({ "\u{2066}": null }), r#""\u{2066}": null"#),
        ] {
            assert_eq!(exact_words(&value), words);
        }
        assert_eq!(exact_name("amount"), "amount");
        assert_eq!(exact_name("to: x"), r#""to: x""#);
    }

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
