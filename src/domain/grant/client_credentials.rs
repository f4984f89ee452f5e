//! RFC 6749 §4.4: a client asks for itself.

use super::{Ask, Decision, Grant, Issue, Needs, Subject, target};
use crate::spec::oauth::{ErrorCode, GrantType, OAuthError, Params};

/// `grant_type=client_credentials`.
pub(super) struct ClientCredentialsGrant;

impl Grant for ClientCredentialsGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::ClientCredentials
    }

    fn needs(&self, _: &Params) -> Result<Needs, OAuthError> {
        Ok(Needs::Nothing)
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        // RFC 6749 §4.4: only for confidential clients
        if ask.client.is_public() {
            let why = "a public client cannot ask for itself";
            return Decision::refuse(ErrorCode::UnauthorizedClient, why);
        }
        match target::for_client(ask) {
            Ok(access_token) => Decision {
                effects: Vec::new(),
                outcome: Ok(Issue {
                    subject: Subject::Client,
                    expires_at: ask.now + access_token.lifetime,
                    access_token,
                    act: None,
                    id_token: None,
                    // RFC 6749 §4.4.3: a refresh token should not be included
                    refresh_token: None,
                }),
            },
            Err(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        grant::fixture::{Scene, code_of},
        token::fixture::{API, NOW, public_client},
    };

    #[test]
    fn a_machine_gets_an_access_token_and_nothing_else() {
        let mut scene = Scene::new("openid", "resource=https%3A%2F%2Fapi.example");
        scene.client.roles = vec!["support".to_owned()];
        let decision = ClientCredentialsGrant.decide(&scene.ask());
        assert!(decision.effects.is_empty());
        let issue = decision.outcome.unwrap();
        assert_eq!(issue.access_token.audience, [API]);
        assert_eq!(issue.access_token.scope.to_string(), "orders:refund");
        assert_eq!(issue.expires_at, NOW + time::Duration::minutes(5));
        assert!(issue.refresh_token.is_none() && issue.id_token.is_none());
        assert!(matches!(issue.subject, Subject::Client));
    }

    #[test]
    fn a_public_client_is_refused() {
        let mut scene = Scene::new("openid", "");
        scene.client = public_client();
        let outcome = ClientCredentialsGrant.decide(&scene.ask()).outcome;
        assert_eq!(code_of(outcome), ErrorCode::UnauthorizedClient);
    }
}
