//! How a client proves who it is at the token, introspection and revocation endpoints (RFC 6749 §2.3, RFC 7523, OIDC Core
//! §9).
//!
//! Three steps, because keys may have to be fetched between them: [`Credentials::parse`] reads what was sent, [`check`]
//! holds it against the client that it names by the one [`Method`] that the client registered, and [`assertion::verify`]
//! looks at a signed assertion. A new method is one file and one line in [`METHODS`]. Whatever is wrong, the wire says the
//! same; the log tells what it was. Imports `base`, `spec` and `model`, and of this floor `security_profile`. Absent: loading
//! clients, opening sealed secrets, fetching keys, remembering `jti` values.

pub mod assertion;
mod client_secret;
mod client_secret_basic;
mod client_secret_jwt;
mod client_secret_post;
mod credentials;
mod none;
mod private_key_jwt;
pub mod self_signed_tls_client_auth;
pub mod tls_client_auth;

pub use credentials::Credentials;

use super::security_profile::{self, Rules};
use crate::{
    base::Time,
    model::{Client, ClientSecret, ClientStatus, SecurityProfile},
    spec::{
        jose::JwsAlg,
        oauth::{ClientAuthMethod, ErrorCode, OAuthError},
    },
};

/// The methods by which clients are let in.
pub static METHODS: &[&dyn Method] = &[
    &none::None,
    &client_secret_basic::ClientSecretBasic,
    &client_secret_post::ClientSecretPost,
    &client_secret_jwt::ClientSecretJwt,
    &private_key_jwt::PrivateKeyJwt,
    &tls_client_auth::TlsClientAuth,
    &self_signed_tls_client_auth::SelfSignedTlsClientAuth,
];

/// One method.
pub trait Method: Sync {
    /// Its name.
    fn name(&self) -> ClientAuthMethod;

    /// What is left to do for a client that registered it.
    ///
    /// # Errors
    /// [`ClientAuthError::WrongMethod`] for credentials of another method; why these are refused.
    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError>;
}

/// What a method looks at.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'r, 'a> {
    /// What was sent.
    pub credentials: &'r Credentials,
    /// Who it must be.
    pub client: &'a Client,
    /// The secret of the client that was sent, if one was.
    pub brought: Option<&'a ClientSecret>,
    /// The client's profile.
    pub rules: &'r Rules,
    /// The instant.
    pub now: Time,
}

impl Ask<'_, '_> {
    /// For credentials of another method.
    fn wrong_method<T>(&self) -> Result<T, ClientAuthError> {
        let registered = self.client.metadata.token_endpoint_auth_method.as_str();
        Err(ClientAuthError::WrongMethod { registered })
    }
}

/// Why a client was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientAuthError {
    /// More than one method in one request (RFC 6749 §2.3).
    #[error("the client used more than one authentication method")]
    SeveralMethods,
    /// No client_id anywhere.
    #[error("the request names no client")]
    Missing,
    /// The `Authorization` header is not HTTP Basic as RFC 6749 §2.3.1 has it.
    #[error("the Authorization header is malformed or of another scheme")]
    MalformedHeader,
    /// `client_assertion_type` is missing or not that of RFC 7523 §2.2.
    #[error("client_assertion_type is missing or unknown")]
    AssertionType,
    /// The client_id of the body is another than that of the credentials.
    #[error("client_id differs from the authenticated client")]
    OtherClientId,
    /// No such client.
    #[error("no such client")]
    UnknownClient,
    /// It was switched off.
    #[error("the client is disabled")]
    Disabled,
    /// Not the method that the client registered.
    #[error("the client is registered for {registered}")]
    WrongMethod {
        /// What it registered.
        registered: &'static str,
    },
    /// The client's profile does not know its method.
    #[error("the security profile of the client does not allow {registered}")]
    Profile {
        /// What it registered.
        registered: &'static str,
    },
    /// It showed no certificate, or one that is not its own.
    #[error("the client certificate is refused: {0}")]
    Certificate(&'static str),
    /// Another secret.
    #[error("the client_secret is wrong")]
    WrongSecret,
    /// Something is wrong with the assertion.
    #[error("the client_assertion is refused: {0}")]
    Assertion(&'static str),
    /// The assertion was used before (RFC 7523 §3).
    #[error("the client_assertion was used before")]
    Replayed,
    /// There is nothing to verify the assertion with.
    #[error("the keys of the client are not to be had: {0}")]
    NoKeys(String),
}

impl ClientAuthError {
    /// What goes to the client.
    pub fn wire(&self) -> OAuthError {
        match self {
            Self::SeveralMethods => OAuthError::new(
                ErrorCode::InvalidRequest,
                "more than one client authentication method was used",
            ),
            // One sentence for the rest: nothing tells a wrong secret from an unknown or disabled client.
            _ => OAuthError::new(ErrorCode::InvalidClient, "client authentication failed"),
        }
    }
}

/// What is left to do after [`check`].
#[derive(Debug, Clone, PartialEq)]
pub enum Next<'a> {
    /// Nothing: the client is who it says.
    Accepted,
    /// Nothing: it brought this secret.
    Secret(&'a ClientSecret),
    /// Verify the assertion.
    Verify {
        /// With these keys.
        keys: KeySource<'a>,
        /// And one of these algorithms.
        algs: Vec<JwsAlg>,
    },
    /// Look for the registered name in its certificate, for which a known authority vouches.
    CertificateName,
    /// Look for its certificate among the registered keys.
    RegisteredCertificate,
}

/// Where the keys of an assertion come from.
#[derive(Debug, Clone, PartialEq)]
pub enum KeySource<'a> {
    /// The secrets that are kept sealed: any of them.
    Sealed(Vec<(&'a ClientSecret, &'a [u8])>),
    /// The keys that the client registered.
    Registered,
}

/// Holds the credentials against the client that they name.
///
/// # Errors
/// [`ClientAuthError`].
pub fn check<'a>(
    credentials: &Credentials,
    client: Option<&'a Client>,
    server: Option<SecurityProfile>,
    now: Time,
) -> Result<Next<'a>, ClientAuthError> {
    let brought = match credentials {
        Credentials::Secret { secrets, .. } => client_secret::find(secrets, client, now),
        _ => None,
    };
    let client = client.ok_or(ClientAuthError::UnknownClient)?;
    if client.status == ClientStatus::Disabled {
        return Err(ClientAuthError::Disabled);
    }
    let method = client.metadata.token_endpoint_auth_method;
    let registered = method.as_str();
    let rules = security_profile::of(client, server);
    if !rules.client_auth.contains(&method) {
        return Err(ClientAuthError::Profile { registered });
    }
    let ask = Ask {
        credentials,
        client,
        brought,
        rules,
        now,
    };
    match METHODS.iter().find(|one| one.name() == method) {
        Some(found) => found.check(&ask),
        None => ask.wrong_method(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::Secret,
        domain::token::fixture::{NOW, client, public_client, secret},
        spec::oauth::Params,
    };

    fn basic(id: &str, secret: &str) -> Credentials {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let header = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        Credentials::parse(Some(&header), &Params::default()).unwrap()
    }

    fn check_now<'a>(
        credentials: &Credentials,
        client: Option<&'a Client>,
        server: Option<SecurityProfile>,
    ) -> Result<Next<'a>, ClientAuthError> {
        check(credentials, client, server, NOW)
    }

    /// Which secret let the client in, by its place.
    fn place(client: &Client, secret: &str) -> Option<usize> {
        match check_now(&basic("web", secret), Some(client), None) {
            Ok(Next::Secret(found)) => client.secrets.iter().position(|one| one == found),
            Ok(_) => panic!("no secret was looked at"),
            Err(error) => {
                assert_eq!(error, ClientAuthError::WrongSecret);
                None
            }
        }
    }

    fn body(params: &str) -> Credentials {
        Credentials::parse(None, &Params::parse(params).unwrap()).unwrap()
    }

    fn registered(method: ClientAuthMethod) -> Client {
        let mut client = client();
        client.metadata.token_endpoint_auth_method = method;
        client
    }

    #[test]
    fn the_right_secret_by_the_registered_method_is_taken() {
        assert_eq!(place(&client(), "s3cret"), Some(0));
        let post = registered(ClientAuthMethod::ClientSecretPost);
        assert_eq!(
            check_now(&body("client_id=web&client_secret=s3cret"), Some(&post), None),
            Ok(Next::Secret(&post.secrets[0]))
        );
        assert_eq!(
            check_now(&body("client_id=web"), Some(&public_client()), None),
            Ok(Next::Accepted)
        );
    }

    #[test]
    fn any_other_method_is_refused() {
        let basic_client = client();
        for credentials in [body("client_id=web&client_secret=s3cret"), body("client_id=web")] {
            assert!(matches!(
                check_now(&credentials, Some(&basic_client), None),
                Err(ClientAuthError::WrongMethod {
                    registered: "client_secret_basic"
                })
            ));
        }
        let public = public_client();
        let refused = check_now(&basic("web", "s3cret"), Some(&public), None);
        assert!(matches!(refused, Err(ClientAuthError::WrongMethod { .. })));
        let post = registered(ClientAuthMethod::ClientSecretPost);
        assert!(check_now(&basic("web", "s3cret"), Some(&post), None).is_err());
    }

    #[test]
    fn unknown_wrong_and_disabled_read_the_same_on_the_wire() {
        let mut disabled = client();
        disabled.status = ClientStatus::Disabled;
        let wire = |outcome: Result<Next<'_>, ClientAuthError>| outcome.unwrap_err().wire();
        let unknown = wire(check_now(&basic("nobody", "s3cret"), None, None));
        assert_eq!(unknown, wire(check_now(&basic("web", "wrong"), Some(&client()), None)));
        assert_eq!(unknown, wire(check_now(&basic("web", "s3cret"), Some(&disabled), None)));
        assert_eq!(unknown.code, ErrorCode::InvalidClient);
    }

    #[test]
    fn a_client_without_a_secret_has_no_empty_one() {
        let mut client = client();
        client.secrets.clear();
        assert_eq!(
            check_now(&basic("web", ""), Some(&client), None),
            Err(ClientAuthError::WrongSecret)
        );
    }

    #[test]
    fn a_secret_that_was_not_encoded_for_the_header_is_taken_too() {
        let mut client = client();
        client.secrets = vec![secret("a+b%3D")];
        assert_eq!(place(&client, "a+b%3D"), Some(0));
        assert_eq!(place(&client, "a%2Bb%253D"), Some(0));
    }

    #[test]
    fn every_secret_lets_in_until_its_own_end() {
        let mut client = client();
        client.secrets = vec![secret("new"), secret("older"), secret("gone")];
        client.secrets[1].expires_at = Some(NOW + time::Duration::seconds(1));
        client.secrets[2].expires_at = Some(NOW);
        assert_eq!(place(&client, "new"), Some(0));
        assert_eq!(place(&client, "older"), Some(1));
        assert_eq!(place(&client, "gone"), None);
        assert_eq!(place(&client, "s3cret"), None);
        client.secrets.drain(..2);
        assert_eq!(place(&client, "gone"), None);
        assert_eq!(place(&client, ""), None);
    }

    #[test]
    fn every_sealed_secret_that_is_good_may_sign() {
        let mut client = registered(ClientAuthMethod::ClientSecretJwt);
        client.secrets = vec![secret("a"), secret("bb"), secret("ccc")];
        client.secrets[0].sealed = Some(vec![1]);
        client.secrets[1].sealed = Some(vec![2]);
        client.secrets[1].expires_at = Some(NOW);
        let assertion = Credentials::Assertion {
            client_id: "web".to_owned(),
            assertion: Secret::new("x".to_owned()),
        };
        match check_now(&assertion, Some(&client), None) {
            Ok(Next::Verify { keys, .. }) => {
                assert_eq!(keys, KeySource::Sealed(vec![(&client.secrets[0], &[1][..])]));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn algorithms_are_bound_to_the_method_and_to_the_registration() {
        let mac = registered(ClientAuthMethod::ClientSecretJwt);
        assert_eq!(assertion::algs(&mac, &JwsAlg::MACS, &JwsAlg::MACS), JwsAlg::MACS);
        let mut key = registered(ClientAuthMethod::PrivateKeyJwt);
        key.metadata.token_endpoint_auth_signing_alg = Some("ES256".to_owned());
        let algs = |key: &Client| assertion::algs(key, &JwsAlg::SIGNATURES, &JwsAlg::SIGNATURES);
        assert_eq!(algs(&key), [JwsAlg::ES256]);
        key.metadata.token_endpoint_auth_signing_alg = Some("HS256".to_owned());
        assert!(algs(&key).is_empty());
    }

    #[test]
    fn every_method_has_a_name_of_its_own() {
        let names: Vec<_> = METHODS.iter().map(|method| method.name()).collect();
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name:?}");
        }
        assert_eq!(names.len(), 7);
    }
}
