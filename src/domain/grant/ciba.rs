//! CIBA Core §10.1: a client comes back for what a person allowed behind the scenes.

use super::{Ask, Decision, Grant, Needs, deferred};
use crate::{
    base::TokenHash,
    model::deferred_authorization::DeferredKind,
    spec::oauth::{GrantType, OAuthError, Params},
};

/// `grant_type=urn:openid:params:grant-type:ciba`.
pub(super) struct CibaGrant;

impl Grant for CibaGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::Ciba
    }

    fn needs(&self, params: &Params) -> Result<Needs, OAuthError> {
        Ok(Needs::Deferred(TokenHash::of(params.require("auth_req_id")?)))
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        deferred::decide(ask, DeferredKind::Ciba)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            grant::{
                Found,
                fixture::{Scene, code_of},
            },
            token::fixture::NOW,
        },
        model::sample,
        spec::oauth::ErrorCode,
    };

    #[test]
    fn what_a_device_holds_is_nothing_here() {
        let mut scene = Scene::new("openid", "auth_req_id=secret");
        for (kind, code) in [
            (DeferredKind::Ciba, ErrorCode::AuthorizationPending),
            (DeferredKind::Device, ErrorCode::InvalidGrant),
        ] {
            let waiting = sample::deferred(kind, &scene.client.client_id, NOW);
            scene.found = Found::Deferred(Box::new(waiting), None);
            assert_eq!(code_of(CibaGrant.decide(&scene.ask()).outcome), code);
        }
        assert_eq!(code_of(CibaGrant.needs(&Params::default())), ErrorCode::InvalidRequest);
    }
}
