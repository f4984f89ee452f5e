//! Bearer tokens in requests (RFC 6750 §2).

use super::{ErrorCode, OAuthError, Params};

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
pub fn token<'a>(authorization: Option<&'a str>, body: &'a Params, query: &str) -> Result<&'a str, BearerError> {
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
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim_start_matches(' '),
            _ => return refuse("the Authorization header holds no bearer token"),
        },
        (None, Some(token)) => token,
    };
    let b64token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if token.is_empty() || !token.bytes().all(b64token) {
        return refuse("the access token has characters that tokens do not have");
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: Option<&str>, body: &str, query: &str) -> Result<String, BearerError> {
        token(header, &Params::parse(body).unwrap(), query).map(str::to_owned)
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
