//! JSON objects in which no member is repeated.
//!
//! RFC 7515 §4 and RFC 7519 §4 let a parser either refuse repeated names or take the last one; two parsers that choose
//! differently see two different tokens, so they are refused here.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// Reads a JSON object; its own members are unique, deeper ones are as serde_json reads them.
///
/// # Errors
/// For anything else.
pub fn object(json: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_slice::<Object>(json).map(|object| object.0)
}

/// Reads a JSON array of such objects.
///
/// # Errors
/// For anything else.
pub fn objects(json: &[u8]) -> Result<Vec<Map<String, Value>>, serde_json::Error> {
    let objects = serde_json::from_slice::<Vec<Object>>(json)?;
    Ok(objects.into_iter().map(|object| object.0).collect())
}

struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(Error::custom("a member is repeated"));
                    }
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_member_is_refused_however_it_is_written() {
        assert!(object(br#"{"a":1,"b":2}"#).is_ok());
        assert!(object(br#"{"a":1,"a":1}"#).is_err());
        assert!(object(br#"{"a":1,"\u0061":2}"#).is_err());
    }

    #[test]
    fn an_array_holds_such_objects_only() {
        assert_eq!(objects(br#"[{"a":1},{"a":2}]"#).unwrap().len(), 2);
        for bad in [r#"[{"a":1,"a":1}]"#, "[1]", "{}", "[[]]", "[]x"] {
            assert!(objects(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_one_object_and_nothing_after_it_is_read() {
        for json in ["", "[]", "1", "{} {}", "{}x", "null"] {
            assert!(object(json.as_bytes()).is_err(), "{json}");
        }
    }
}
