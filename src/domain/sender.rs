//! Which keys a token is tied to, and whether its sender holds them (RFC 9449, RFC 8705 §3). Imports `model` and
//! `security_profile`. Absent: how a key is proven, which is [`super::dpop`]'s and the listener's business.

use super::security_profile::{Rules, SenderConstraint};
use crate::{
    model::{Client, Confirmation},
    spec::oauth::{ErrorCode, OAuthError, bearer::Scheme},
};

/// The keys that the sender of a request holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// The thumbprint of the key of its DPoP proof.
    pub jkt: Option<String>,
    /// The SHA-256 of its client certificate.
    pub certificate: Option<String>,
}

impl Sender {
    /// Whether it holds every key that is named.
    pub fn holds(&self, named: &Confirmation) -> bool {
        let holds = |named: &Option<String>, held: &Option<String>| named.is_none() || named == held;
        holds(&named.jkt, &self.jkt) && holds(&named.certificate, &self.certificate)
    }
}

/// What the tokens for this client are tied to.
///
/// # Errors
/// `invalid_request` where a key is demanded and none was proven.
pub fn confirm(client: &Client, rules: &Rules, sender: &Sender) -> Result<Confirmation, OAuthError> {
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidRequest, why));
    let metadata = &client.metadata;
    let must_bind = metadata.tls_client_certificate_bound_access_tokens
        || rules.sender_constraint == SenderConstraint::Certificate
        // a profile that asks for either takes the certificate where there is no proof
        || (rules.sender_constraint == SenderConstraint::Required && sender.jkt.is_none() && !metadata.dpop_bound_access_tokens);
    // RFC 9449 §5.2
    if metadata.dpop_bound_access_tokens && sender.jkt.is_none() {
        return refuse("this client needs a DPoP proof");
    }
    if must_bind && sender.certificate.is_none() {
        return refuse(match rules.sender_constraint {
            SenderConstraint::Required if !metadata.tls_client_certificate_bound_access_tokens => {
                "the tokens of this client need a DPoP proof or a client certificate"
            }
            _ => "the tokens of this client need a client certificate",
        });
    }
    Ok(Confirmation {
        jkt: sender.jkt.clone(),
        certificate: sender.certificate.clone().filter(|_| must_bind),
    })
}

/// Whether an access token may be used by this sender, in this way.
///
/// # Errors
/// `invalid_token` (RFC 9449 §7.1, RFC 8705 §3).
pub fn may_use(token: &Confirmation, scheme: Scheme, sender: &Sender) -> Result<(), OAuthError> {
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidToken, why));
    match (&token.jkt, scheme) {
        // RFC 9449 §7.2: a bound token is no bearer token
        (Some(_), Scheme::Bearer) => return refuse("the access token needs the scheme DPoP and a proof"),
        (None, Scheme::Dpop) => return refuse("the access token is not bound to a DPoP key"),
        _ => {}
    }
    if sender.holds(token) {
        Ok(())
    } else {
        refuse("the access token is bound to another key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{security_profile::rules, token::fixture::client},
        model::SecurityProfile,
    };

    fn sender(jkt: Option<&str>, certificate: Option<&str>) -> Sender {
        Sender {
            jkt: jkt.map(str::to_owned),
            certificate: certificate.map(str::to_owned),
        }
    }

    fn tied(
        profile: Option<SecurityProfile>,
        (dpop, tls): (bool, bool),
        jkt: Option<&str>,
        certificate: Option<&str>,
    ) -> Option<(bool, bool)> {
        let mut client = client();
        client.metadata.dpop_bound_access_tokens = dpop;
        client.metadata.tls_client_certificate_bound_access_tokens = tls;
        let confirmation = confirm(&client, rules(profile), &sender(jkt, certificate));
        confirmation
            .ok()
            .map(|named| (named.jkt.is_some(), named.certificate.is_some()))
    }

    #[test]
    fn without_a_profile_the_registration_decides_and_a_proof_always_binds() {
        let (k, c) = (Some("k"), Some("c"));
        assert_eq!(tied(None, (false, false), None, None), Some((false, false)));
        assert_eq!(tied(None, (false, false), k, None), Some((true, false)));
        // a certificate that was shown to sign in binds nothing by itself
        assert_eq!(tied(None, (false, false), None, c), Some((false, false)));
        assert_eq!(tied(None, (false, true), None, c), Some((false, true)));
        assert_eq!(tied(None, (true, true), k, c), Some((true, true)));
        assert_eq!(tied(None, (true, false), None, c), None);
        assert_eq!(tied(None, (false, true), k, None), None);
    }

    #[test]
    fn fapi_2_takes_either_and_fapi_1_only_a_certificate() {
        let (k, c) = (Some("k"), Some("c"));
        let two = Some(SecurityProfile::Fapi2Security);
        assert_eq!(tied(two, (false, false), None, None), None);
        assert_eq!(tied(two, (false, false), k, None), Some((true, false)));
        assert_eq!(tied(two, (false, false), None, c), Some((false, true)));
        // what was registered cannot be replaced by the other
        assert_eq!(tied(two, (true, false), None, c), None);
        assert_eq!(tied(two, (false, true), k, None), None);
        let one = Some(SecurityProfile::Fapi1Advanced);
        assert_eq!(tied(one, (false, false), k, None), None);
        assert_eq!(tied(one, (false, false), None, c), Some((false, true)));
    }

    #[test]
    fn a_bound_token_is_good_only_with_its_keys_and_by_its_scheme() {
        let named = |jkt: Option<&str>, certificate: Option<&str>| Confirmation {
            jkt: jkt.map(str::to_owned),
            certificate: certificate.map(str::to_owned),
        };
        let good = |token: &Confirmation, scheme, sender: &Sender| may_use(token, scheme, sender).is_ok();
        let free = named(None, None);
        assert!(good(&free, Scheme::Bearer, &sender(None, None)));
        assert!(good(&free, Scheme::Bearer, &sender(Some("k"), Some("c"))));
        assert!(!good(&free, Scheme::Dpop, &sender(Some("k"), None)));
        let key = named(Some("k"), None);
        assert!(good(&key, Scheme::Dpop, &sender(Some("k"), None)));
        assert!(!good(&key, Scheme::Dpop, &sender(Some("x"), None)));
        assert!(!good(&key, Scheme::Dpop, &sender(None, None)));
        // the downgrade
        assert!(!good(&key, Scheme::Bearer, &sender(Some("k"), None)));
        let certificate = named(None, Some("c"));
        assert!(good(&certificate, Scheme::Bearer, &sender(None, Some("c"))));
        assert!(!good(&certificate, Scheme::Bearer, &sender(None, Some("x"))));
        assert!(!good(&certificate, Scheme::Bearer, &sender(None, None)));
        let both = named(Some("k"), Some("c"));
        assert!(good(&both, Scheme::Dpop, &sender(Some("k"), Some("c"))));
        assert!(!good(&both, Scheme::Dpop, &sender(Some("k"), None)));
    }
}
