//! The two ways out to addresses that others wrote down: one for what operators registered, one for what apps registered
//! themselves. They share neither what is kept nor the places of name look-ups, so that a stranger who names addresses that
//! never answer, very many of them, or those of somebody else's app, keeps waiting only other strangers.

use std::sync::Arc;

use crate::{
    base::Clock,
    spec::jose::JwkSet,
    upstream::{http::HttpClient, jwks::JwksCache},
};

/// One of them.
pub struct Outbound {
    /// For single fetches and calls.
    pub http: HttpClient,
    /// Public keys, fetched from a `jwks_uri`.
    pub key_sets: JwksCache<JwkSet>,
    /// Request objects, fetched from a registered `request_uri`.
    pub request_objects: JwksCache<String>,
}

impl Outbound {
    /// Nothing is kept yet.
    pub(super) fn new(http: HttpClient, clock: &Arc<dyn Clock>) -> Self {
        let key_sets = JwksCache::new(http.clone(), Arc::clone(clock), |bytes| JwkSet::parse(bytes).ok());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let request_objects = JwksCache::new(http.clone(), Arc::clone(clock), text);
        Self {
            key_sets,
            request_objects: request_objects.accepting("application/oauth-authz-req+jwt, application/jwt"),
            http,
        }
    }
}
