//! Reading the credentials that a client sent.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::ClientAuthError;
use crate::{
    base::Secret,
    spec::{
        jose::jwt,
        oauth::{ClientAuthMethod, Params},
    },
};

/// The `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Base64 with or without padding: clients write both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a client sent to prove who it is.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Only its name.
    None {
        /// The client_id.
        client_id: String,
    },
    /// A secret, in the header or in the body.
    Secret {
        /// `client_secret_basic` or `client_secret_post`.
        method: ClientAuthMethod,
        /// The client_id.
        client_id: String,
        /// The secret, and in the header its second reading.
        secrets: Vec<Secret<String>>,
    },
    /// A signed assertion.
    Assertion {
        /// The client_id: of the body, else the assertion's unverified `sub`.
        client_id: String,
        /// The JWT.
        assertion: Secret<String>,
    },
}

impl Credentials {
    /// Reads them from the `Authorization` header and the body.
    ///
    /// # Errors
    /// [`ClientAuthError`] for none, several, or malformed ones.
    pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Self, ClientAuthError> {
        let secret = params.get("client_secret");
        let assertion = params.get("client_assertion");
        // RFC 6749 §2.3: not more than one method in each request
        let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if methods.into_iter().filter(|used| *used).count() > 1 {
            return Err(ClientAuthError::SeveralMethods);
        }
        let named = params.get("client_id");
        let found = if let Some(header) = authorization {
            basic(header).ok_or(ClientAuthError::MalformedHeader)?
        } else if let Some(assertion) = assertion {
            if params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(ClientAuthError::AssertionType);
            }
            Self::Assertion {
                client_id: subject(assertion)?,
                assertion: Secret::new(assertion.to_owned()),
            }
        } else {
            let client_id = named.ok_or(ClientAuthError::Missing)?.to_owned();
            match secret {
                Some(secret) => Self::Secret {
                    method: ClientAuthMethod::ClientSecretPost,
                    client_id,
                    secrets: vec![Secret::new(secret.to_owned())],
                },
                None => Self::None { client_id },
            }
        };
        // RFC 7521 §4.2: a client_id beside other credentials must identify the same client
        if named.is_some_and(|named| named != found.client_id()) {
            return Err(ClientAuthError::OtherClientId);
        }
        Ok(found)
    }

    /// The client that they name.
    pub fn client_id(&self) -> &str {
        match self {
            Self::None { client_id } | Self::Secret { client_id, .. } | Self::Assertion { client_id, .. } => client_id,
        }
    }
}

/// Whom an assertion claims to be from. Nothing else of it is believed before it is verified.
fn subject(assertion: &str) -> Result<String, ClientAuthError> {
    let refused = |_| ClientAuthError::Assertion("not a JSON Web Token");
    let claims = jwt::peek(assertion).map_err(refused)?;
    match claims.get("sub").and_then(serde_json::Value::as_str) {
        Some(sub) => Ok(sub.to_owned()),
        None => Err(ClientAuthError::Assertion("sub is missing")),
    }
}

/// RFC 6749 §2.3.1: client_id and secret, each form-urlencoded, then HTTP Basic. Many clients leave the encoding out, so
/// the secret is also read as it stands.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let bytes = zeroize::Zeroizing::new(BASE64.decode(encoded.trim()).ok()?);
    let text = std::str::from_utf8(&bytes).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    let client_id = form_decode(client_id).filter(|id| !id.is_empty())?;
    let mut secrets = vec![Secret::new(secret.to_owned())];
    if let Some(decoded) = form_decode(secret).filter(|decoded| decoded != secret) {
        secrets.push(Secret::new(decoded));
    }
    Some(Credentials::Secret {
        method: ClientAuthMethod::ClientSecretBasic,
        client_id,
        secrets,
    })
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    fn parse(header: Option<&str>, params: &str) -> Result<Credentials, ClientAuthError> {
        Credentials::parse(header, &Params::parse(params).unwrap())
    }

    fn basic_header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        let found = parse(Some(&basic_header("my%3Aapp:s%20e+c")), "").unwrap();
        let Credentials::Secret {
            method,
            client_id,
            secrets,
        } = found
        else {
            panic!("{found:?}");
        };
        assert_eq!(
            (method, client_id.as_str()),
            (ClientAuthMethod::ClientSecretBasic, "my:app")
        );
        let readings: Vec<&str> = secrets.iter().map(|secret| secret.expose().as_str()).collect();
        assert_eq!(readings, ["s%20e+c", "s e c"]);
    }

    #[test]
    fn the_scheme_is_case_insensitive_and_padding_optional() {
        let header = format!("bAsIc {}", STANDARD_NO_PAD.encode("web:s"));
        assert_eq!(parse(Some(&header), "").unwrap().client_id(), "web");
    }

    #[test]
    fn other_schemes_and_malformed_headers_are_refused() {
        for header in ["Bearer abc", "Basic", "Basic ###", "Basic d2Vi", "Basic OnNlY3JldA=="] {
            assert_eq!(
                parse(Some(header), "").unwrap_err(),
                ClientAuthError::MalformedHeader,
                "{header}"
            );
        }
    }

    #[test]
    fn two_methods_at_once_are_an_invalid_request() {
        let header = basic_header("web:s");
        for params in ["client_secret=s&client_id=web", "client_assertion=a"] {
            let error = parse(Some(&header), params).unwrap_err();
            assert_eq!(error, ClientAuthError::SeveralMethods);
            assert_eq!(error.wire().code.as_str(), "invalid_request");
        }
        assert_eq!(
            parse(None, "client_secret=s&client_assertion=a").unwrap_err(),
            ClientAuthError::SeveralMethods
        );
    }

    #[test]
    fn a_client_id_in_the_body_must_be_the_same() {
        let header = basic_header("web:s");
        assert!(parse(Some(&header), "client_id=web").is_ok());
        assert_eq!(
            parse(Some(&header), "client_id=other").unwrap_err(),
            ClientAuthError::OtherClientId
        );
    }

    #[test]
    fn without_a_name_there_is_no_client() {
        assert_eq!(parse(None, "grant_type=x").unwrap_err(), ClientAuthError::Missing);
        assert_eq!(parse(None, "client_secret=s").unwrap_err(), ClientAuthError::Missing);
    }

    #[test]
    fn an_assertion_names_its_client_and_has_the_right_type() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let jwt = format!(
            "{}.{}.{}",
            part(r#"{"alg":"ES256"}"#),
            part(r#"{"sub":"robot"}"#),
            part("x")
        );
        let typed = format!("client_assertion={jwt}&client_assertion_type={ASSERTION_TYPE}");
        assert_eq!(parse(None, &typed).unwrap().client_id(), "robot");
        assert_eq!(
            parse(None, &format!("{typed}&client_id=web")).unwrap_err(),
            ClientAuthError::OtherClientId
        );
        assert_eq!(
            parse(None, &format!("client_assertion={jwt}")).unwrap_err(),
            ClientAuthError::AssertionType
        );
        let malformed = format!("client_assertion=abc&client_assertion_type={ASSERTION_TYPE}");
        assert!(matches!(parse(None, &malformed), Err(ClientAuthError::Assertion(_))));
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", parse(None, "client_id=web&client_secret=hunter2").unwrap());
        assert!(shown.contains("web") && !shown.contains("hunter2"));
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_refused_without_panic(header in "(Basic )?\\PC{0,80}") {
            let _ = parse(Some(&header), "");
        }
    }
}
