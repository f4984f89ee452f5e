//! `tls_client_auth`: a certificate with a registered name, for which an authority vouches (RFC 8705 §2.1).

use std::net::IpAddr;

use super::{Ask, ClientAuthError, Credentials, Method, Next};
use crate::{
    model::ClientMetadata,
    spec::{
        oauth::ClientAuthMethod,
        x509::{ClientCertificate, DistinguishedName, Names},
    },
};

/// The method.
pub(super) struct TlsClientAuth;

impl Method for TlsClientAuth {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::TlsClientAuth
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        match ask.credentials {
            // RFC 8705 §2: the client_id in the body says who it is, the connection proves it
            Credentials::None { .. } => Ok(Next::CertificateName),
            _ => ask.wrong_method(),
        }
    }
}

/// Whether the certificate bears the one name that the client registered (RFC 8705 §2.1.2). Who vouches for it is asked
/// elsewhere.
///
/// # Errors
/// [`ClientAuthError::Certificate`].
pub fn check_name(metadata: &ClientMetadata, certificate: &ClientCertificate) -> Result<(), ClientAuthError> {
    let names = certificate.names();
    let names = names.map_err(|_| ClientAuthError::Certificate("its names cannot be read"))?;
    if bears_registered_name(metadata, &names) {
        Ok(())
    } else {
        Err(ClientAuthError::Certificate("it does not bear the registered name"))
    }
}

fn bears_registered_name(metadata: &ClientMetadata, names: &Names) -> bool {
    if let Some(registered) = &metadata.tls_client_auth_subject_dn {
        DistinguishedName::parse(registered).is_ok_and(|name| name == names.subject)
    } else if let Some(registered) = &metadata.tls_client_auth_san_dns {
        names.dns.iter().any(|name| name.eq_ignore_ascii_case(registered))
    } else if let Some(registered) = &metadata.tls_client_auth_san_uri {
        names.uri.contains(registered)
    } else if let Some(registered) = &metadata.tls_client_auth_san_ip {
        registered
            .parse::<IpAddr>()
            .is_ok_and(|address| names.ip.contains(&address))
    } else if let Some(registered) = &metadata.tls_client_auth_san_email {
        names.email.contains(registered)
    } else {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            subject: DistinguishedName::parse("CN=robot,O=Example").unwrap(),
            dns: vec!["robot.example".to_owned()],
            uri: vec!["spiffe://example/robot".to_owned()],
            ip: vec!["2001:db8::7".parse().unwrap()],
            email: vec!["robot@example.com".to_owned()],
        }
    }

    fn bears(change: impl FnOnce(&mut ClientMetadata)) -> bool {
        let mut metadata = ClientMetadata::default();
        change(&mut metadata);
        bears_registered_name(&metadata, &names())
    }

    #[test]
    fn the_registered_name_and_no_other_is_looked_for() {
        let text = |text: &str| Some(text.to_owned());
        assert!(bears(|m| m.tls_client_auth_subject_dn = text("CN=robot, O=Example")));
        assert!(bears(|m| m.tls_client_auth_san_dns = text("Robot.Example")));
        assert!(bears(|m| m.tls_client_auth_san_uri = text("spiffe://example/robot")));
        assert!(bears(|m| m.tls_client_auth_san_ip = text("2001:db8:0::7")));
        assert!(bears(|m| m.tls_client_auth_san_email = text("robot@example.com")));
        assert!(!bears(|m| m.tls_client_auth_subject_dn = text("CN=robot")));
        assert!(!bears(|m| m.tls_client_auth_subject_dn = text("O=Example,CN=robot")));
        assert!(!bears(|m| m.tls_client_auth_san_dns = text("example")));
        assert!(!bears(|m| m.tls_client_auth_san_uri = text("spiffe://example/robot/")));
        assert!(!bears(|m| m.tls_client_auth_san_ip = text("192.0.2.7")));
        assert!(!bears(|m| m.tls_client_auth_san_email = text("robot.example")));
        // nothing registered is nothing proven
        assert!(!bears(|_| {}));
    }
}
