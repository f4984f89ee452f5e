//! Authorizations that are decided elsewhere while the client waits (RFC 8628, CIBA): what they may ask for, how long
//! they wait, and how often the client may come back.

use time::Duration;

use super::authorize;
use crate::{
    base::Time,
    model::{Client, Resource, deferred_authorization::Pace},
    spec::oauth::{ErrorCode, OAuthError, Params, ScopeSet},
};

/// How long somebody has to go to another device, sign in and decide.
pub const LIFETIME: Duration = Duration::minutes(10);

/// Seconds between two questions of a client at first (RFC 8628 §3.2, CIBA Core §7.3).
pub const INTERVAL_SECONDS: i32 = 5;

/// What a client that came too soon has to wait longer from then on (RFC 8628 §3.5).
const SLOWER_SECONDS: i32 = 5;

/// Nobody has to wait longer than this between two questions: the answer could come too late.
const SLOWEST_SECONDS: i32 = 60;

/// Questions travel: what was sent on time may arrive so much early.
const JITTER: Duration = Duration::milliseconds(500);

/// What is asked for: scopes that are known here and that the client may ask for, and API resources.
///
/// # Errors
/// `invalid_target` and `invalid_scope`, as at the authorization endpoint.
pub fn asked(
    params: &Params,
    client: &Client,
    resources: &[&Resource],
    claim_scopes: &[String],
) -> Result<(ScopeSet, Vec<String>), OAuthError> {
    // RFC 9396 §5: what would not be honoured must not be passed over
    if params.sent("authorization_details") {
        let why = "authorization_details are not supported at this endpoint";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, why));
    }
    let named = authorize::named_resources(params, client, resources)?;
    let scope = match params.get("scope") {
        None => ScopeSet::default(),
        Some(sent) => {
            let scope = authorize::known_scopes(&ScopeSet::parse(sent)?, client, resources, claim_scopes);
            if scope.is_empty() {
                let why = "scope has nothing that this client may ask for";
                return Err(OAuthError::new(ErrorCode::InvalidScope, why));
            }
            scope
        }
    };
    Ok((scope, named))
}

/// Whether a question came too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polled {
    /// It did not.
    InTime,
    /// It did: the client has to slow down.
    TooSoon,
}

/// What a question at `now` makes of the pace.
pub fn polled(before: Pace, now: Time) -> (Pace, Polled) {
    let interval = Duration::seconds(i64::from(before.interval_seconds));
    let too_soon = before.polled_at.is_some_and(|last| now + JITTER < last + interval);
    let (interval_seconds, polled) = if too_soon {
        let slower = before.interval_seconds.saturating_add(SLOWER_SECONDS);
        (slower.min(SLOWEST_SECONDS), Polled::TooSoon)
    } else {
        (before.interval_seconds, Polled::InTime)
    };
    let after = Pace {
        interval_seconds,
        polled_at: Some(now),
    };
    (after, polled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture::{API, NOW, client, resource};

    #[test]
    fn whoever_comes_too_soon_waits_longer_from_then_on_but_not_for_ever() {
        let mut pace = Pace {
            interval_seconds: INTERVAL_SECONDS,
            polled_at: None,
        };
        let mut now = NOW;
        let mut ask = |after: i64| {
            now += Duration::seconds(after);
            let (next, polled) = polled(pace, now);
            pace = next;
            (polled, next.interval_seconds)
        };
        assert_eq!(ask(0), (Polled::InTime, 5));
        assert_eq!(ask(5), (Polled::InTime, 5));
        assert_eq!(ask(4), (Polled::TooSoon, 10));
        assert_eq!(ask(5), (Polled::TooSoon, 15));
        assert_eq!(ask(15), (Polled::InTime, 15));
        for _ in 0..20 {
            ask(0);
        }
        assert_eq!(ask(0), (Polled::TooSoon, SLOWEST_SECONDS));
    }

    #[test]
    fn only_what_is_known_and_allowed_is_asked_for() {
        let api = resource(API, &["orders:read"]);
        let mut client = client();
        let ask = |text: &str, client: &Client| asked(&Params::parse(text).unwrap(), client, &[&api], &[]);
        let (scope, resources) = ask(
            "scope=openid+orders:read+nonsense&resource=https%3A%2F%2Fapi.example",
            &client,
        )
        .unwrap();
        assert_eq!(
            (scope.to_string().as_str(), resources.as_slice()),
            ("openid orders:read", &[API.to_owned()][..])
        );
        assert_eq!(
            ask("scope=nonsense", &client).unwrap_err().code,
            ErrorCode::InvalidScope
        );
        assert_eq!(
            ask("resource=https%3A%2F%2Fother.example", &client).unwrap_err().code,
            ErrorCode::InvalidTarget
        );
        client.metadata.scope = Some("email".to_owned());
        assert_eq!(ask("scope=openid", &client).unwrap_err().code, ErrorCode::InvalidScope);
        assert_eq!(
            ask("authorization_details=%5B%5D", &client).unwrap_err().code,
            ErrorCode::InvalidRequest
        );
        assert!(ask("", &client).unwrap().0.is_empty());
    }
}
