//! An authorization request that its client pushed beforehand (RFC 9126).

use crate::base::{Time, TokenHash};

/// A pushed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// SHA-256 of the random part of its `request_uri`.
    pub hash: TokenHash,
    /// Who pushed it; nobody else may use it.
    pub client_id: String,
    /// The parameters, without those that authenticated the client.
    pub parameters: Vec<(String, String)>,
    /// Whether they came in a signed request object.
    pub signed: bool,
    /// When it came.
    pub created_at: Time,
    /// Until when it may be visited.
    pub expires_at: Time,
    /// When it was answered; it is answered once.
    pub consumed_at: Option<Time>,
    /// Until when that must be known.
    pub kept_until: Time,
}

impl PushedRequest {
    /// Whether the client may bring a browser with it now.
    pub fn may_be_used(&self, client_id: &str, now: Time) -> bool {
        self.client_id == client_id && self.consumed_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::NOW;

    #[test]
    fn it_is_good_for_its_client_until_it_expires_or_is_answered() {
        let expires_at = NOW + time::Duration::seconds(60);
        let mut pushed = PushedRequest {
            hash: TokenHash::of("x"),
            client_id: "app".to_owned(),
            parameters: Vec::new(),
            signed: false,
            created_at: NOW,
            expires_at,
            consumed_at: None,
            kept_until: expires_at,
        };
        assert!(pushed.may_be_used("app", NOW));
        assert!(!pushed.may_be_used("other", NOW));
        assert!(!pushed.may_be_used("app", expires_at));
        pushed.consumed_at = Some(NOW);
        assert!(!pushed.may_be_used("app", NOW));
    }
}
