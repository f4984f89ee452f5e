//! What this process has written a moment ago and is about to be asked for: the request behind a sign-in page, and the
//! code that an app exchanges. Whoever comes back to the same process costs no read for it.
//!
//! All of it is only a first guess. A page made from it may be out of date, which its form finds out; a form answers what
//! the database still knows to be waiting; a code is used up by an update that holds only if nothing that was guessed has changed, and otherwise everything is read.
//! So nothing need be announced, and a process that knows nothing is merely slower.

use std::time::Duration;

use moka::sync::Cache;

use crate::{
    base::{Time, TokenHash, id::AuthorizationRequestId},
    model::{AuthorizationCode, AuthorizationRequest, Grant},
};

/// Browsers and apps come back at once or not at all.
const LIFETIME: Duration = Duration::from_secs(30);
/// Bounds what a flood of requests can hold of the memory.
const MOST: u64 = 500;

/// A code with what it stands for.
#[derive(Debug, Clone)]
pub(super) struct GivenCode {
    /// The code.
    pub code: AuthorizationCode,
    /// What it stands for.
    pub grant: Grant,
    /// When the session that it was given in will end.
    pub session_ends: Time,
}

/// What was written a moment ago.
#[derive(Debug)]
pub struct Recent {
    requests: Cache<AuthorizationRequestId, (TokenHash, AuthorizationRequest)>,
    codes: Cache<TokenHash, GivenCode>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            requests: Cache::builder().max_capacity(MOST).time_to_live(LIFETIME).build(),
            codes: Cache::builder().max_capacity(MOST).time_to_live(LIFETIME).build(),
        }
    }
}

impl Recent {
    /// Remembers a request that a browser has just brought.
    pub(super) fn keep_request(&self, browser: TokenHash, request: AuthorizationRequest) {
        self.requests.insert(request.id, (browser, request));
    }

    /// The request, for the browser that brought it.
    pub(super) fn request(&self, id: AuthorizationRequestId, browser: &TokenHash) -> Option<AuthorizationRequest> {
        let (owner, request) = self.requests.get(&id)?;
        (owner == *browser).then_some(request)
    }

    /// The same for the last time.
    pub(super) fn take_request(&self, id: AuthorizationRequestId, browser: &TokenHash) -> Option<AuthorizationRequest> {
        let found = self.request(id, browser)?;
        self.requests.invalidate(&id);
        Some(found)
    }

    /// Remembers a code that has just been given.
    pub(super) fn keep_code(&self, given: GivenCode) {
        self.codes.insert(given.code.hash, given);
    }

    /// What the code stands for, once.
    pub(super) fn take_code(&self, hash: &TokenHash) -> Option<GivenCode> {
        self.codes.remove(hash)
    }
}
