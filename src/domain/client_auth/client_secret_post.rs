//! `client_secret_post`: the secret in the body (RFC 6749 §2.3.1).

use super::{Ask, ClientAuthError, Method, Next, client_secret};
use crate::spec::oauth::ClientAuthMethod;

/// The method.
pub(super) struct ClientSecretPost;

impl Method for ClientSecretPost {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::ClientSecretPost
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        client_secret::check(ask, self.name())
    }
}
