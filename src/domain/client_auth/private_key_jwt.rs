//! `private_key_jwt`: an assertion signed by a registered key (OIDC Core §9, RFC 7523).

use super::{Ask, ClientAuthError, Credentials, KeySource, Method, Next, assertion::algs};
use crate::spec::{jose::JwsAlg, oauth::ClientAuthMethod};

/// The method.
pub(super) struct PrivateKeyJwt;

impl Method for PrivateKeyJwt {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::PrivateKeyJwt
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        match ask.credentials {
            Credentials::Assertion { .. } => Ok(Next::Verify {
                keys: KeySource::Registered,
                algs: algs(ask.client, &JwsAlg::SIGNATURES, ask.rules.client_algs),
            }),
            _ => ask.wrong_method(),
        }
    }
}
