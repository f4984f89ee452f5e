//! A scene for the tests of the grant types: one client, one person, one grant.

use std::sync::Arc;

use aws_lc_rs::hmac;

use super::{Ask, Effect, Found, Fresh, Holding};
use crate::{
    base::{
        Pseudonyms, Sealer, Secret, SeededRng, Time,
        id::{GrantId, RefreshFamilyId},
    },
    domain::{
        permission::Catalog,
        policy::TokenPolicy,
        security_profile,
        sender::Sender,
        token::fixture::{self, ISSUER, NOW},
    },
    model::{Client, Confirmation, Grant, Resource, SecurityProfile, User},
    spec::oauth::{ErrorCode, OAuthError, Params},
};

pub(crate) struct Scene {
    pub(crate) now: Time,
    pub(crate) policy: TokenPolicy,
    pub(crate) catalog: Catalog,
    pub(crate) client: Client,
    pub(crate) params: Params,
    pub(crate) found: Found,
    pub(crate) grant: Grant,
    pub(crate) user: Option<User>,
    pub(crate) session_ends: Option<Time>,
    pub(crate) sender: Sender,
    pub(crate) confirmation: Confirmation,
    pub(crate) profile: Option<SecurityProfile>,
    fresh: Fresh,
    pub(crate) refresh_key: hmac::Key,
    pub(crate) pseudonyms: Pseudonyms,
}

impl Scene {
    /// A grant of `scope`, and a token request of `params`.
    pub(crate) fn new(scope: &str, params: &str) -> Self {
        Self {
            now: NOW,
            policy: TokenPolicy::default(),
            catalog: fixture::catalog(),
            client: fixture::client(),
            params: Params::parse(params).unwrap(),
            found: Found::Nothing,
            grant: fixture::grant(scope),
            user: Some(fixture::user()),
            session_ends: Some(NOW + time::Duration::days(30)),
            sender: Sender::default(),
            confirmation: Confirmation::default(),
            profile: None,
            fresh: Fresh {
                grant_id: GrantId::new(NOW, &SeededRng::new(7)),
                family_id: RefreshFamilyId::new(NOW, &SeededRng::new(6)),
                refresh_secret: Secret::new([9; 32]),
            },
            refresh_key: hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]),
            pseudonyms: Pseudonyms::new(&Sealer::new(&Secret::new(vec![1; 32])).unwrap()).unwrap(),
        }
    }

    pub(crate) fn send(&mut self, params: &str) {
        self.params = Params::parse(params).unwrap();
    }

    pub(crate) fn holding(&self) -> Box<Holding> {
        Box::new(Holding {
            grant: self.grant.clone(),
            user: self.user.clone().map(Arc::new),
            session_ends: self.session_ends,
        })
    }

    pub(crate) fn add_resource(&mut self, resource: Resource) {
        let mut resources: Vec<_> = self.catalog.resources().cloned().collect();
        resources.push(resource);
        self.catalog = Catalog::new(ISSUER, resources, &[]);
    }

    pub(crate) fn ask(&self) -> Ask<'_> {
        Ask {
            now: self.now,
            policy: &self.policy,
            catalog: &self.catalog,
            client: &self.client,
            params: &self.params,
            sender: &self.sender,
            confirmation: &self.confirmation,
            rules: security_profile::rules(self.profile),
            found: &self.found,
            fresh: &self.fresh,
            refresh_key: &self.refresh_key,
            pseudonyms: &self.pseudonyms,
        }
    }
}

/// The error code of a refusal.
pub(crate) fn code_of<T: std::fmt::Debug>(outcome: Result<T, OAuthError>) -> ErrorCode {
    outcome.unwrap_err().code
}

/// Whether the effects withdraw the grant.
pub(crate) fn revokes(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::RevokeGrant { .. }))
}
