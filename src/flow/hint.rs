//! What an `id_token_hint` says: a token that this server signed, expired or not (OIDC Core §3.1.2.1, RP-Initiated
//! Logout §2).

use super::Core;
use crate::{
    base::id::{SessionId, UserId},
    domain::subject,
    model::Client,
    spec::jose::{
        JwsAlg,
        jwt::{self, Audience, Expect, Expiry, Keys, Typ},
    },
};

/// A token of ours, as far as it is of use as a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintedToken {
    /// About whom, as its client knows them.
    pub sub: String,
    /// From which session, as its client knows that.
    pub sid: Option<String>,
    /// For which client.
    pub client_id: String,
}

impl HintedToken {
    /// Whom it means; `client` is the one that it was made for, unless that is gone.
    pub fn user_id(&self, core: &Core, client: Option<&Client>) -> Option<UserId> {
        subject::read_own(core.pseudonyms().ok()?, client, &self.sub)
    }

    /// Which session it means; `client` as for [`Self::user_id`].
    pub fn session_id(&self, core: &Core, client: Option<&Client>) -> Option<SessionId> {
        subject::read_own_session(core.pseudonyms().ok()?, client, self.sid.as_deref()?)
    }
}

/// Reads a hint; `None` unless this server signed it as an ID token.
pub fn read(core: &Core, token: &str) -> Option<HintedToken> {
    let expect = Expect {
        algs: &[JwsAlg::RS256, JwsAlg::PS256, JwsAlg::ES256, JwsAlg::EdDSA],
        // Access tokens say `at+jwt` and are no hint (RFC 9068 §2.1).
        typ: Typ::AbsentOr(&["JWT"]),
        iss: Some(core.policy.issuer.as_str()),
        aud: Audience::Any,
        expiry: Expiry::MayBeOver,
        now: core.now(),
        skew: core.policy.tokens.clock_skew,
    };
    let keys = core.keys.hint_keys();
    let verified = jwt::verify(token, Keys::Set(&keys), &expect).ok()?;
    // Every ID token expires; a signed answer of userinfo, which is like one otherwise, does not.
    verified.time("exp")?;
    let client_id = match verified.audience().as_slice() {
        [only] => (*only).to_owned(),
        _ => verified.text("azp")?.to_owned(),
    };
    Some(HintedToken {
        sub: verified.text("sub")?.to_owned(),
        sid: verified.text("sid").map(str::to_owned),
        client_id,
    })
}
