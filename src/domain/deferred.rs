//! Authorizations that are decided elsewhere while the client waits (RFC 8628, CIBA): what they may ask for, how long
//! they wait, and how often the client may come back.

use time::Duration;

use super::authorize::{self, details};
use crate::{
    base::Time,
    model::{Client, Resource, deferred_authorization::Pace},
    spec::oauth::{AuthorizationDetails, ErrorCode, OAuthError, Params, ScopeSet},
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

/// What may be asked for here.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The APIs that the request names, or the one that it means.
    pub named: &'a [&'a Resource],
    /// The APIs that declare types of `authorization_details`.
    pub declaring: &'a [&'a Resource],
    /// The scopes of custom claims.
    pub claim_scopes: &'a [String],
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Scopes that are known here and that the client may ask for.
    pub scope: ScopeSet,
    /// API resources.
    pub resources: Vec<String>,
    /// What is to be permitted beyond scopes (RFC 9396 §3).
    pub details: AuthorizationDetails,
}

/// Reads it.
///
/// # Errors
/// `invalid_target`, `invalid_authorization_details` and `invalid_scope`, as at the authorization endpoint.
pub fn asked(params: &Params, client: &Client, offer: &Offer<'_>) -> Result<Asked, OAuthError> {
    let mut resources = authorize::named_resources(params, client, offer.named)?;
    let declared = |name: &str| details::declared(offer.declaring.iter().copied(), name);
    let details = details::read(params, client, declared, &mut resources)?;
    let scope = match params.get("scope") {
        None => ScopeSet::default(),
        Some(sent) => {
            let scope = authorize::known_scopes(&ScopeSet::parse(sent)?, client, offer.named, offer.claim_scopes);
            if scope.is_empty() {
                let why = "scope has nothing that this client may ask for";
                return Err(OAuthError::new(ErrorCode::InvalidScope, why));
            }
            scope
        }
    };
    Ok(Asked {
        scope,
        resources,
        details,
    })
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
    use crate::{
        domain::token::fixture::{API, NOW, client, resource},
        model::DetailsType,
    };

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
        let mut api = resource(API, &["orders:read"]);
        api.authorization_details_types = vec![DetailsType {
            name: "payment".to_owned(),
            description: None,
            schema: serde_json::json!({ "required": ["amount"] }),
        }];
        let mut client = client();
        client.metadata.authorization_details_types = vec!["payment".to_owned()];
        let offer = Offer {
            named: &[&api],
            declaring: &[&api],
            claim_scopes: &[],
        };
        let ask = |text: &str, client: &Client| asked(&Params::parse(text).unwrap(), client, &offer);
        let known = ask(
            "scope=openid+orders:read+nonsense&resource=https%3A%2F%2Fapi.example",
            &client,
        )
        .unwrap();
        assert_eq!(
            (known.scope.to_string().as_str(), known.resources.as_slice()),
            ("openid orders:read", &[API.to_owned()][..])
        );
        assert!(known.details.is_empty());
        let payment = |members: &str| format!("authorization_details=%5B%7B%22type%22%3A%22payment%22{members}%7D%5D");
        let details = ask(&payment("%2C%22amount%22%3A5"), &client).unwrap();
        assert_eq!(details.resources, [API], "what declares them is asked for with them");
        assert_eq!(details.details.entries().len(), 1);
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
            ask(&payment(""), &client).unwrap_err().code,
            ErrorCode::InvalidAuthorizationDetails
        );
        assert!(ask("", &client).unwrap().scope.is_empty());
    }
}
