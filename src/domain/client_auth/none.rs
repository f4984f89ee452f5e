//! `none`: a public client says who it is and proves nothing (OIDC Core §9).

use super::{Ask, ClientAuthError, Credentials, Method, Next};
use crate::spec::oauth::ClientAuthMethod;

/// The method.
pub(super) struct None;

impl Method for None {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::None
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        match ask.credentials {
            Credentials::None { .. } => Ok(Next::Accepted),
            _ => ask.wrong_method(),
        }
    }
}
