//! Certificates that clients show (RFC 5280): what RFC 8705 compares of them. Whether anybody vouches for one is not
//! judged here.

mod name;

use std::{fmt, net::IpAddr};

use aws_lc_rs::digest;
use base64::{
    Engine, alphabet,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    },
};
use openssl::x509::X509;

pub use name::{DistinguishedName, MalformedName};

/// The largest certificate that is looked at, in bytes.
const MAX_CERTIFICATE: usize = 16 * 1024;
/// The most certificates of a chain that are looked at.
const MAX_CHAIN: usize = 8;

/// Base64 with or without padding: proxies write both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an X.509 certificate")]
pub struct Malformed;

/// A certificate whose key its sender holds.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    chain: Vec<Vec<u8>>,
    thumbprint: String,
}

/// The names that a certificate gives its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Who it is.
    pub subject: DistinguishedName,
    /// `dNSName`
    pub dns: Vec<String>,
    /// `uniformResourceIdentifier`
    pub uri: Vec<String>,
    /// `iPAddress`
    pub ip: Vec<IpAddr>,
    /// `rfc822Name`
    pub email: Vec<String>,
}

impl ClientCertificate {
    /// From DER: the certificate, then those that vouch for it.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_chain(chain: Vec<Vec<u8>>) -> Result<Self, Malformed> {
        let own = chain
            .first()
            .filter(|der| der.len() <= MAX_CERTIFICATE)
            .ok_or(Malformed)?;
        if chain.len() > MAX_CHAIN {
            return Err(Malformed);
        }
        X509::from_der(own).map_err(|_| Malformed)?;
        Ok(Self {
            thumbprint: thumbprint(own),
            chain,
        })
    }

    /// From a header of a proxy: `:base64:` (RFC 9440 §2.1), PEM with its special characters percent-encoded, or bare
    /// base64 of DER.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_header(value: &str) -> Result<Self, Malformed> {
        let value = value.trim();
        let bare = value.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
        if bare.is_none() && value.contains("BEGIN") {
            let pem = percent_encoding::percent_decode_str(value).collect::<Vec<u8>>();
            // some write a blank where a line ended
            let pem = X509::from_pem(&pem).map_err(|_| Malformed)?;
            return Self::from_chain(vec![pem.to_der().map_err(|_| Malformed)?]);
        }
        let der = BASE64.decode(bare.unwrap_or(value)).map_err(|_| Malformed)?;
        Self::from_chain(vec![der])
    }

    /// SHA-256 of it, base64url: `x5t#S256` (RFC 8705 §3.1).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// DER of it and of those that came along.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// What it calls its holder.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn names(&self) -> Result<Names, Malformed> {
        let own = self.chain.first().ok_or(Malformed)?;
        let certificate = X509::from_der(own).map_err(|_| Malformed)?;
        let subject = certificate.subject_name().to_der().map_err(|_| Malformed)?;
        let mut names = Names {
            subject: DistinguishedName::from_der(&subject).map_err(|_| Malformed)?,
            dns: Vec::new(),
            uri: Vec::new(),
            ip: Vec::new(),
            email: Vec::new(),
        };
        for name in certificate.subject_alt_names().into_iter().flatten() {
            names.dns.extend(name.dnsname().map(str::to_owned));
            names.uri.extend(name.uri().map(str::to_owned));
            names.email.extend(name.email().map(str::to_owned));
            names.ip.extend(name.ipaddress().and_then(address));
        }
        Ok(names)
    }
}

/// The `x5t#S256` of the first certificate of an `x5c` member (RFC 7517 §4.7: base64, not base64url).
pub fn thumbprint_of_x5c(first: &str) -> Option<String> {
    STANDARD.decode(first).ok().map(|der| thumbprint(&der))
}

fn thumbprint(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, der))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use openssl::{
        asn1::Asn1Time,
        ec::{EcGroup, EcKey},
        hash::MessageDigest,
        nid::Nid,
        pkey::PKey,
        x509::{X509Builder, X509NameBuilder, extension::SubjectAlternativeName},
    };

    use super::*;

    fn certificate() -> X509 {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        for (kind, value) in [("C", "DE"), ("O", "Möwe, Inc."), ("CN", "robot")] {
            name.append_entry_by_text(kind, value).unwrap();
        }
        let name = name.build();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        let names = SubjectAlternativeName::new()
            .dns("robot.example")
            .uri("spiffe://example/robot")
            .ip("192.0.2.7")
            .ip("2001:db8::7")
            .email("robot@example.com")
            .build(&builder.x509v3_context(None, None))
            .unwrap();
        builder.append_extension(names).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        builder.build()
    }

    #[test]
    fn every_name_is_read() {
        let der = certificate().to_der().unwrap();
        let names = ClientCertificate::from_chain(vec![der]).unwrap().names().unwrap();
        assert_eq!(
            names.subject,
            DistinguishedName::parse(r"CN=robot,O=Möwe\, Inc.,C=DE").unwrap()
        );
        assert_eq!(names.dns, ["robot.example"]);
        assert_eq!(names.uri, ["spiffe://example/robot"]);
        assert_eq!(names.email, ["robot@example.com"]);
        let addresses: Vec<IpAddr> = vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        assert_eq!(names.ip, addresses);
    }

    #[test]
    fn a_header_is_read_however_the_proxy_writes_it() {
        let certificate = certificate();
        let der = certificate.to_der().unwrap();
        let direct = ClientCertificate::from_chain(vec![der.clone()]).unwrap();
        let pem = String::from_utf8(certificate.to_pem().unwrap()).unwrap();
        let escaped = percent_encoding::utf8_percent_encode(&pem, percent_encoding::NON_ALPHANUMERIC).to_string();
        let base64 = STANDARD.encode(&der);
        for value in [format!(":{base64}:"), base64.clone(), escaped] {
            assert_eq!(
                ClientCertificate::from_header(&value),
                Ok(direct.clone()),
                "{value:.40}"
            );
        }
        assert_eq!(thumbprint_of_x5c(&base64).as_deref(), Some(direct.thumbprint()));
        for value in [
            "",
            ":",
            "::",
            "(null)",
            "-----BEGIN CERTIFICATE-----",
            &base64[8..],
            "AAAA",
        ] {
            assert_eq!(ClientCertificate::from_header(value), Err(Malformed), "{value:.40}");
        }
    }
}
