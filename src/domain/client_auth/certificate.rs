//! Certificates as credentials (RFC 8705 §2): by a name that an authority vouches for, or by themselves.

use std::net::IpAddr;

use super::ClientAuthError;
use crate::{
    model::ClientMetadata,
    spec::{
        jose::JwkSet,
        x509::{ClientCertificate, DistinguishedName, Names},
    },
};

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

/// Whether the certificate is one of those that the client registered as `x5c` (RFC 8705 §2.2.2). Nobody need vouch for it.
pub fn is_registered(set: &JwkSet, certificate: &ClientCertificate) -> bool {
    set.has_certificate(certificate.thumbprint())
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
