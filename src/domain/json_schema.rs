//! JSON Schema, as far as API resources need it to say what their `authorization_details` look like (RFC 9396 §2.2).
//!
//! A schema may use the keywords that are here and annotations; any other keyword is refused when the schema is registered,
//! so that nothing which was written down is silently not checked. References and regular expressions are absent on
//! purpose: a check takes time bounded by the value's and the schema's size.

use serde_json::{Map, Value};

/// The deepest nesting of a schema, and so of what it describes.
const MAX_DEPTH: usize = 16;

/// Keywords that say nothing about validity.
const ANNOTATIONS: [&str; 6] = ["$schema", "title", "description", "default", "examples", "$comment"];

/// The names of types.
const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/// Why a schema may not be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// Neither an object nor `true` or `false`.
    #[error("a schema is an object, true or false")]
    NotASchema,
    /// A keyword that is not checked here.
    #[error("the keyword {0:?} is not supported")]
    Keyword(String),
    /// A value that the keyword does not take.
    #[error("the keyword {0:?} has a value that it does not take")]
    Value(&'static str),
    /// Nested too deeply.
    #[error("nested more than {MAX_DEPTH} times")]
    TooDeep,
}

/// Checks a schema before it is registered.
///
/// # Errors
/// The first fault.
pub fn check(schema: &Value) -> Result<(), SchemaFault> {
    check_at(schema, 0)
}

fn check_at(schema: &Value, depth: usize) -> Result<(), SchemaFault> {
    if depth > MAX_DEPTH {
        return Err(SchemaFault::TooDeep);
    }
    let keywords = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(keywords) => keywords,
        _ => return Err(SchemaFault::NotASchema),
    };
    for (keyword, value) in keywords {
        check_keyword(keyword, value, depth)?;
    }
    Ok(())
}

fn check_keyword(keyword: &str, value: &Value, depth: usize) -> Result<(), SchemaFault> {
    let need = |holds: bool, keyword: &'static str| {
        if holds {
            Ok(())
        } else {
            Err(SchemaFault::Value(keyword))
        }
    };
    let is_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    let texts = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    match keyword {
        "type" => need(
            is_type(value) || value.as_array().is_some_and(|list| list.iter().all(is_type)),
            "type",
        ),
        "enum" => need(value.as_array().is_some_and(|list| !list.is_empty()), "enum"),
        "const" => Ok(()),
        "required" => need(texts(value), "required"),
        "properties" => match value {
            Value::Object(members) => members.values().try_for_each(|member| check_at(member, depth + 1)),
            _ => Err(SchemaFault::Value("properties")),
        },
        "items" | "additionalProperties" => check_at(value, depth + 1),
        "minItems" | "maxItems" | "minLength" | "maxLength" => {
            need(value.is_u64(), "minItems, maxItems, minLength, maxLength")
        }
        "minimum" | "maximum" => need(value.is_number(), "minimum, maximum"),
        "uniqueItems" => need(value.is_boolean(), "uniqueItems"),
        _ if ANNOTATIONS.contains(&keyword) => Ok(()),
        _ => Err(SchemaFault::Keyword(keyword.chars().take(60).collect())),
    }
}

/// Whether the value is what the schema describes. What [`check`] would not take describes nothing.
pub fn holds(schema: &Value, value: &Value) -> bool {
    match schema {
        Value::Bool(anything) => *anything,
        Value::Object(keywords) => keywords
            .iter()
            .all(|(keyword, wanted)| keyword_holds(keywords, keyword, wanted, value)),
        _ => false,
    }
}

fn keyword_holds(schema: &Map<String, Value>, keyword: &str, wanted: &Value, value: &Value) -> bool {
    match keyword {
        "type" => match wanted {
            Value::Array(names) => names.iter().any(|name| is_of_type(name, value)),
            name => is_of_type(name, value),
        },
        "enum" => wanted.as_array().is_some_and(|list| list.contains(value)),
        "const" => wanted == value,
        "required" => {
            let Value::Object(members) = value else { return true };
            let names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
            names.into_iter().all(|name| members.contains_key(name))
        }
        "properties" => {
            let (Value::Object(schemas), Value::Object(members)) = (wanted, value) else {
                return true;
            };
            let mut present = schemas
                .iter()
                .filter_map(|(name, schema)| Some((schema, members.get(name)?)));
            present.all(|(schema, member)| holds(schema, member))
        }
        "additionalProperties" => {
            let Value::Object(members) = value else { return true };
            let described = schema.get("properties").and_then(Value::as_object);
            let mut others = members
                .iter()
                .filter(|(name, _)| described.is_none_or(|described| !described.contains_key(*name)));
            others.all(|(_, member)| holds(wanted, member))
        }
        "items" => value
            .as_array()
            .is_none_or(|list| list.iter().all(|item| holds(wanted, item))),
        "uniqueItems" => {
            let Value::Array(list) = value else { return true };
            let repeats = |(at, item): (usize, &Value)| list.iter().skip(at + 1).any(|other| other == item);
            wanted != &Value::Bool(true) || !list.iter().enumerate().any(repeats)
        }
        "minItems" | "maxItems" => value.as_array().is_none_or(|list| within(keyword, list.len(), wanted)),
        "minLength" | "maxLength" => value
            .as_str()
            .is_none_or(|text| within(keyword, text.chars().count(), wanted)),
        "minimum" => value
            .as_f64()
            .is_none_or(|number| wanted.as_f64().is_some_and(|least| number >= least)),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| wanted.as_f64().is_some_and(|most| number <= most)),
        _ => ANNOTATIONS.contains(&keyword),
    }
}

fn within(keyword: &str, length: usize, wanted: &Value) -> bool {
    let Some(bound) = wanted.as_u64() else { return false };
    let length = length as u64;
    if keyword.starts_with("min") {
        length >= bound
    } else {
        length <= bound
    }
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payment_is_described_and_anything_else_is_not_one() {
        let schema = json!({
            "type": "object", "required": ["amount", "to"], "additionalProperties": false,
            "properties": {
                "amount": { "type": "object", "required": ["value"], "properties": {
                    "value": { "type": "number", "minimum": 0, "maximum": 100 }, "currency": { "enum": ["EUR", "USD"] } } },
                "to": { "type": "string", "minLength": 3, "maxLength": 8 },
                "for": { "type": "array", "maxItems": 2, "uniqueItems": true, "items": { "type": "string" } },
            },
        });
        assert_eq!(check(&schema), Ok(()));
        let good = json!({ "amount": { "value": 12.5, "currency": "EUR" }, "to": "DE00", "for": ["rent"] });
        assert!(holds(&schema, &good));
        for (pointer, bad) in [
            ("/amount", json!(12)),
            ("/amount", json!({})),
            ("/amount/value", json!(-1)),
            ("/amount/value", json!(101)),
            ("/amount/value", json!("12")),
            ("/amount/currency", json!("GBP")),
            ("/to", json!("DE")),
            ("/to", json!("DE0000000")),
            ("/for", json!(["a", "b", "c"])),
            ("/for", json!(["a", "a"])),
            ("/for", json!([1])),
        ] {
            let mut changed = good.clone();
            *changed.pointer_mut(pointer).unwrap() = bad.clone();
            assert!(!holds(&schema, &changed), "{pointer} {bad}");
        }
        let mut more = good.clone();
        more["also"] = json!(1);
        assert!(!holds(&schema, &more));
        assert!(!holds(&schema, &json!({ "to": "DE00" })));
    }

    #[test]
    fn what_is_not_checked_here_cannot_be_written_down() {
        for bad in [
            json!({ "pattern": "^a+$" }),
            json!({ "$ref": "#/x" }),
            json!({ "properties": { "a": { "oneOf": [] } } }),
            json!({ "items": { "format": "uri" } }),
            json!({ "type": "text" }),
            json!({ "required": "a" }),
            json!({ "enum": [] }),
            json!({ "maxItems": -1 }),
            json!({ "properties": [] }),
            json!([]),
            json!("object"),
        ] {
            assert!(check(&bad).is_err(), "{bad}");
        }
        let mut deep = json!(true);
        for _ in 0..20 {
            deep = json!({ "items": deep });
        }
        assert_eq!(check(&deep), Err(SchemaFault::TooDeep));
    }

    #[test]
    fn what_could_not_be_registered_describes_nothing() {
        assert!(!holds(&json!({ "pattern": "a" }), &json!("a")));
        assert!(!holds(&json!("x"), &json!("x")));
        assert!(holds(&json!(true), &json!(1)) && !holds(&json!(false), &json!(1)));
    }
}
