//! Request parameters, `application/x-www-form-urlencoded`, in a query or a body.

use super::{ErrorCode, OAuthError};

/// At most so many parameters are read; more are refused rather than cut.
const MAX_PARAMETERS: usize = 100;

/// What may be sent more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Parsed parameters. Sending one twice is an error (RFC 6749 §3.1, §3.2), except for [`REPEATABLE`] ones.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Names whose values are secrets, credentials or hints about a person: never printed.
impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Params {
    /// Parses an encoded query or body.
    ///
    /// # Errors
    /// `invalid_request` for a repeated parameter, text that is not UTF-8, control characters, or too many parameters.
    pub fn parse(encoded: &str) -> Result<Self, OAuthError> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            found.push((decode(name)?, decode(value)?));
            if found.len() > MAX_PARAMETERS {
                return Err(OAuthError::new(ErrorCode::InvalidRequest, "too many parameters"));
            }
        }
        Self::from_pairs(found)
    }

    /// Reads what is unambiguous, and names the first fault. The authorization endpoint needs that: it must know the
    /// client and a safe redirect_uri before it knows where the complaint about the rest belongs (RFC 6749 §4.1.2.1).
    /// A parameter that was sent twice is left out altogether.
    pub fn read(encoded: &str) -> (Self, Option<OAuthError>) {
        let mut fault = None;
        let mut found: Vec<(String, String)> = Vec::new();
        let mut repeated: Vec<String> = Vec::new();
        for (at, pair) in encoded.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            if at >= MAX_PARAMETERS {
                fault.get_or_insert(OAuthError::new(ErrorCode::InvalidRequest, "too many parameters"));
                break;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Ok(name), _)
                    if !REPEATABLE.contains(&name.as_str()) && found.iter().any(|(known, _)| *known == name) =>
                {
                    repeated.push(name);
                }
                (Ok(name), Ok(value)) => found.push((name, value)),
                (Err(error), _) | (_, Err(error)) => {
                    fault.get_or_insert(error);
                }
            }
        }
        if let Some(name) = repeated.first() {
            let text = format!("parameter {name} is sent twice");
            fault.get_or_insert(OAuthError::named(ErrorCode::InvalidRequest, &text));
        }
        found.retain(|(name, _)| !repeated.contains(name));
        (Self(found), fault)
    }

    /// Parameters that were decoded elsewhere.
    ///
    /// # Errors
    /// `invalid_request` for a repeated parameter.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, OAuthError> {
        let mut names: Vec<&str> = pairs
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !REPEATABLE.contains(name))
            .collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            let name = pair.first().copied().unwrap_or_default();
            return Err(OAuthError::named(
                ErrorCode::InvalidRequest,
                &format!("parameter {name} is sent twice"),
            ));
        }
        Ok(Self(pairs))
    }

    /// The value of `name`; a parameter without a value counts as omitted (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` was sent at all, also without a value: a field of a form that was emptied.
    pub fn sent(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Every value of a parameter that may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of `name`, which must be there.
    ///
    /// # Errors
    /// `invalid_request` that names the parameter.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::named(ErrorCode::InvalidRequest, &format!("parameter {name} is missing")))
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parameters without those of that names.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// The parameters with one more, in the place of those of that name.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut changed = self.without(&[name]);
        changed.0.push((name.to_owned(), value.to_owned()));
        changed
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn decode(text: &str) -> Result<String, OAuthError> {
    let malformed = || OAuthError::new(ErrorCode::InvalidRequest, "a parameter is not properly encoded");
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| malformed())?;
    // NUL and the other controls have no place in any parameter; line breaks may stand in long texts of hosted forms.
    if decoded
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(malformed());
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_sent_twice_is_refused() {
        assert_eq!(Params::parse("a=1&a=1").unwrap_err().code, ErrorCode::InvalidRequest);
        assert_eq!(Params::parse("a=1&%61=2").unwrap_err().code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn reading_keeps_what_is_unambiguous_and_names_the_fault() {
        let (params, fault) =
            Params::read("client_id=a&state=1&state=2&nonce=%ff&redirect_uri=b&resource=x&resource=y");
        assert_eq!(fault.unwrap().code, ErrorCode::InvalidRequest);
        assert_eq!(
            (params.get("client_id"), params.get("redirect_uri")),
            (Some("a"), Some("b"))
        );
        assert_eq!((params.get("state"), params.get("nonce")), (None, None));
        assert_eq!(params.all("resource").count(), 2);
        assert_eq!(Params::read("a=1&b=2").1, None);
    }

    #[test]
    fn resource_may_be_repeated() {
        let params = Params::parse("resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb").unwrap();
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["https://a", "https://b"]);
    }

    #[test]
    fn an_empty_value_counts_as_omitted() {
        let params = Params::parse("scope=&state=x+y%2B").unwrap();
        assert_eq!((params.get("scope"), params.get("state")), (None, Some("x y+")));
    }

    #[test]
    fn parameters_are_taken_out_and_put_in() {
        let params = Params::parse("a=1&b=2&resource=x&resource=y").unwrap();
        let changed = params.without(&["a", "resource"]).with("b", "3").with("c", "4");
        assert_eq!(changed.iter().collect::<Vec<_>>(), [("b", "3"), ("c", "4")]);
    }

    #[test]
    fn bad_encodings_are_refused() {
        for bad in ["a=%ff", "a=%00", "%c3%28=1"] {
            assert!(Params::parse(bad).is_err(), "{bad}");
        }
        assert!(Params::parse(&"a&".repeat(3)).is_err());
        let many = (0..200).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert!(Params::parse(&many).is_err());
    }

    #[test]
    fn debug_names_parameters_but_never_their_values() {
        let shown = format!("{:?}", Params::parse("client_secret=hunter2").unwrap());
        assert!(shown.contains("client_secret") && !shown.contains("hunter2"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_is_refused_without_panic(text in "\\PC{0,200}") {
            // Reading finds a fault exactly where parsing refuses.
            proptest::prop_assert_eq!(Params::parse(&text).is_err(), Params::read(&text).1.is_some());
        }

        #[test]
        fn no_text_brings_a_parameter_twice(parts in proptest::collection::vec("(&|=|%|\\+|%2|%26|%3D|%00|%ff|state|resource|scope|x|\\PC{0,2})", 0..24)) {
            let text = parts.concat();
            let (read, fault) = Params::read(&text);
            let parsed = Params::parse(&text);
            proptest::prop_assert_eq!(parsed.is_err(), fault.is_some());
            let names: Vec<&str> = read.iter().map(|(name, _)| name).filter(|name| !REPEATABLE.contains(name)).collect();
            for name in &names {
                proptest::prop_assert_eq!(names.iter().filter(|other| *other == name).count(), 1);
            }
            // where nothing is wrong, both read the same
            if let Ok(parsed) = parsed {
                proptest::prop_assert!(parsed.iter().eq(read.iter()));
            }
        }
    }
}
