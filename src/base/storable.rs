//! Text that the database can hold. PostgreSQL refuses U+0000 in `text` and `jsonb` alike, and JSON, TOML and CEL can write
//! it with an escape, so that it passes a check of the raw bytes. Every door asks here once it has decoded, before a
//! statement could fail over it.

use serde_json::Value;

/// Whether a column of type `text` can hold it.
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Whether a column of type `jsonb` can hold it: every text and every member's name, at any depth.
pub fn is_storable_json(value: &Value) -> bool {
    match value {
        Value::String(text) => is_storable(text),
        Value::Array(items) => items.iter().all(is_storable_json),
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| is_storable(name) && is_storable_json(member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_nul_is_found_in_names_and_texts_at_any_depth() {
        for bad in [
            json!("\0"),
            json!({ "a\0b": null }),
            json!([1, ["x", { "a": { "b": ["x\0"] } }]]),
            json!({ "a": [{ "\0": 1 }] }),
        ] {
            assert!(!is_storable_json(&bad), "{bad}");
        }
        assert!(is_storable_json(
            &json!({ "a": [1, null, true, "line\nbreak \u{1}\u{10ffff}"] })
        ));
    }
}
