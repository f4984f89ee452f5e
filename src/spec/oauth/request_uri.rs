//! References to authorization requests that were pushed beforehand (RFC 9126 §2.2).

use crate::base::{Secret, TokenHash};

/// What such references begin with (RFC 9126 §2.2, RFC 6755).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The reference with that random part.
pub fn pushed(random: &Secret<String>) -> String {
    format!("{PREFIX}{}", random.expose())
}

/// What is kept of the reference that a `request_uri` is; `None` if it is an address.
pub fn pushed_hash(request_uri: &str) -> Option<TokenHash> {
    request_uri.strip_prefix(PREFIX).map(TokenHash::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_again_and_an_address_is_none() {
        let random = Secret::new("abc".to_owned());
        assert_eq!(pushed(&random), "urn:ietf:params:oauth:request_uri:abc");
        assert_eq!(pushed_hash(&pushed(&random)), Some(TokenHash::of("abc")));
        assert_eq!(pushed_hash("https://app.example/request.jwt"), None);
        assert_eq!(pushed_hash("URN:ietf:params:oauth:request_uri:abc"), None);
    }
}
