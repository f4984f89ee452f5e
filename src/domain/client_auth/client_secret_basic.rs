//! `client_secret_basic`: the secret in the `Authorization` header (RFC 6749 §2.3.1).

use super::{Ask, ClientAuthError, Method, Next, client_secret};
use crate::spec::oauth::ClientAuthMethod;

/// The method.
pub(super) struct ClientSecretBasic;

impl Method for ClientSecretBasic {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::ClientSecretBasic
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        client_secret::check(ask, self.name())
    }
}
