//! Access tokens in requests (RFC 6750 §2, RFC 9449 §7.1).

use super::{ErrorCode, OAuthError, Params};

/// How an access token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750: in the header by that name, or in a form body.
    Bearer,
    /// RFC 9449 §7.1: in the header by that name, and with a proof.
    Dpop,
}

/// Why no token could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// None was sent: the answer names no error (RFC 6750 §3.1).
    #[error("no access token was sent")]
    Missing,
    /// `invalid_request`.
    #[error(transparent)]
    Refused(OAuthError),
}

/// The access token of a request, from the `Authorization` header or the form body.
///
/// # Errors
/// [`BearerError::Missing`]; `invalid_request` for more than one token (§2), a token in the query (§2.3: it would stand in
/// logs), another scheme, or characters that tokens do not have (§2.1).
pub fn token<'a>(
    authorization: Option<&'a str>,
    body: &'a Params,
    query: &str,
) -> Result<(Scheme, &'a str), BearerError> {
    let refuse = |why| Err(BearerError::Refused(OAuthError::new(ErrorCode::InvalidRequest, why)));
    if query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("access_token"))
    {
        return refuse("an access token may not stand in the query");
    }
    let token = match (authorization, body.get("access_token")) {
        (None, None) => return Err(BearerError::Missing),
        (Some(_), Some(_)) => return refuse("the access token was sent more than once"),
        (Some(header), None) => match header.split_once(' ') {
            Some((scheme, token)) => match scheme_of(scheme) {
                Some(scheme) => (scheme, token.trim_start_matches(' ')),
                None => return refuse("the Authorization header holds no access token"),
            },
            None => return refuse("the Authorization header holds no access token"),
        },
        (None, Some(token)) => (Scheme::Bearer, token),
    };
    let b64token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if token.1.is_empty() || !token.1.bytes().all(b64token) {
        return refuse("the access token has characters that tokens do not have");
    }
    Ok(token)
}

/// Schemes are compared without case (RFC 9110 §11.1).
fn scheme_of(name: &str) -> Option<Scheme> {
    let known = [("Bearer", Scheme::Bearer), ("DPoP", Scheme::Dpop)];
    let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, scheme)| scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: Option<&str>, body: &str, query: &str) -> Result<String, BearerError> {
        token(header, &Params::parse(body).unwrap(), query).map(|(_, token)| token.to_owned())
    }

    fn is_invalid_request(outcome: &Result<String, BearerError>) -> bool {
        matches!(outcome, Err(BearerError::Refused(error)) if error.code == ErrorCode::InvalidRequest)
    }

    #[test]
    fn header_and_body_are_read_and_the_scheme_in_any_case() {
        assert_eq!(read(Some("Bearer abc.def"), "", ""), Ok("abc.def".to_owned()));
        assert_eq!(read(Some("bEARER  abc"), "", ""), Ok("abc".to_owned()));
        assert_eq!(read(None, "access_token=abc", ""), Ok("abc".to_owned()));
    }

    #[test]
    fn the_scheme_tells_how_the_token_is_meant() {
        let none = Params::default();
        for (header, scheme) in [
            ("DPoP abc", Scheme::Dpop),
            ("dpop abc", Scheme::Dpop),
            ("BEARER abc", Scheme::Bearer),
        ] {
            assert_eq!(token(Some(header), &none, ""), Ok((scheme, "abc")));
        }
        let body = Params::parse("access_token=abc").unwrap();
        assert_eq!(token(None, &body, ""), Ok((Scheme::Bearer, "abc")));
    }

    #[test]
    fn nothing_sent_is_not_an_invalid_request() {
        assert_eq!(read(None, "", "x=y"), Err(BearerError::Missing));
    }

    #[test]
    fn two_ways_at_once_the_query_and_other_schemes_are_refused() {
        assert!(is_invalid_request(&read(Some("Bearer a"), "access_token=a", "")));
        assert!(is_invalid_request(&read(None, "", "access_token=a")));
        assert!(is_invalid_request(&read(Some("Bearer a"), "", "x=1&access_token=a")));
        assert!(is_invalid_request(&read(Some("Basic a"), "", "")));
        assert!(is_invalid_request(&read(Some("Bearer"), "", "")));
        assert!(is_invalid_request(&read(Some("Bearer a b"), "", "")));
        assert!(is_invalid_request(&read(Some("Bearer é"), "", "")));
    }
}
