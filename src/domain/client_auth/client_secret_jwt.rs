//! `client_secret_jwt`: an assertion under a MAC by the secret (OIDC Core §9).

use super::{Ask, ClientAuthError, Credentials, KeySource, Method, Next, assertion::algs};
use crate::{
    model::ClientSecret,
    spec::{jose::JwsAlg, oauth::ClientAuthMethod},
};

/// The method.
pub(super) struct ClientSecretJwt;

impl Method for ClientSecretJwt {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::ClientSecretJwt
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        let Credentials::Assertion { .. } = ask.credentials else {
            return ask.wrong_method();
        };
        let sealed = |secret: &'a ClientSecret| Some((secret, secret.sealed.as_deref()?));
        let secrets: Vec<_> = ask.client.good_secrets(ask.now).filter_map(sealed).collect();
        if secrets.is_empty() {
            return Err(ClientAuthError::NoKeys("no client_secret is kept".to_owned()));
        }
        Ok(Next::Verify {
            keys: KeySource::Sealed(secrets),
            algs: algs(ask.client, &JwsAlg::MACS, &JwsAlg::MACS),
        })
    }
}
