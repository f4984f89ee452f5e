//! `[security]` and `[mtls]`: the profile that the server is held to, and how clients with certificates reach it; with what
//! else takes more than a line to check.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use url::Host;

use time::Duration;

use super::{Issuer, Keys, SettingsError, Tls, reader::Reader};
use crate::{domain::security_profile, model::SecurityProfile};

/// `[security]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Security {
    /// The profile of clients that have none of their own; `None`: plain OpenID Connect.
    pub profile: Option<SecurityProfile>,
    /// Whether DPoP proofs must carry a nonce of this server.
    pub dpop_nonces: bool,
    /// How long ago people may have signed in whose data userinfo tells.
    pub userinfo_max_age: Option<Duration>,
}

/// `[mtls]`: client certificates (RFC 8705).
#[derive(Debug, Clone)]
pub struct Mtls {
    /// Authorities of client certificates, PEM; `[tls] client_ca_file`, for it came before.
    pub client_ca_file: Option<PathBuf>,
    /// A further address to listen on, where clients are asked for certificates; `None`: at the address of all.
    pub listen: Option<SocketAddr>,
    /// Where clients with certificates reach this server, if that is not at the issuer.
    pub url: Option<Issuer>,
    /// The header in which trusted proxies pass certificates on.
    pub certificate_header: Option<String>,
}

impl Mtls {
    /// Whether certificates are seen at all.
    pub fn is_enabled(&self) -> bool {
        self.client_ca_file.is_some() || self.listen.is_some() || self.certificate_header.is_some()
    }
}

pub(super) fn security(reader: &Reader<'_>, keys: &Keys) -> Result<Security, SettingsError> {
    let profiles = SecurityProfile::ALL.map(|profile| (profile.as_str(), Some(profile)));
    let words: Vec<_> = std::iter::once(("none", None)).chain(profiles).collect();
    let profile = reader.choice("security.profile", None, &words)?;
    let algs = security_profile::rules(profile).signing_algs;
    if !algs
        .iter()
        .any(|alg| keys.algorithms.iter().any(|own| own == alg.name()))
    {
        let known: Vec<&str> = algs.iter().map(|alg| alg.name()).collect();
        let fault = format!(
            "has no algorithm of the security.profile, which are {}",
            known.join(", ")
        );
        return Err(reader.wrong("keys.algorithms", fault));
    }
    Ok(Security {
        profile,
        dpop_nonces: reader.flag("security.dpop_nonces", false)?,
        userinfo_max_age: Some(reader.seconds("security.userinfo_max_age_seconds", 0, 0..=31_536_000)?)
            .filter(|max_age| max_age.is_positive()),
    })
}

pub(super) fn mtls(reader: &Reader<'_>, tls: Option<&Tls>, has_proxies: bool) -> Result<Mtls, SettingsError> {
    let mtls = Mtls {
        client_ca_file: reader.file("tls.client_ca_file")?,
        listen: reader.parse("mtls.listen", |text| {
            SocketAddr::from_str(text).map_err(|_| "is not an IP address and a port".to_owned())
        })?,
        url: reader.parse("mtls.url", Issuer::parse)?,
        certificate_header: reader.parse("mtls.certificate_header", header)?,
    };
    let needs_tls = |path| Err(reader.wrong("tls.cert_file", format!("is missing, but {path} is given")));
    if tls.is_none() && mtls.listen.is_some() {
        return needs_tls("mtls.listen");
    }
    if tls.is_none() && mtls.client_ca_file.is_some() && mtls.certificate_header.is_none() {
        return needs_tls("tls.client_ca_file");
    }
    if mtls.certificate_header.is_some() && !has_proxies {
        let fault = "is empty, but mtls.certificate_header is given: nobody would be believed";
        return Err(reader.wrong("trusted_proxies", fault));
    }
    if mtls.url.is_some() && !mtls.is_enabled() {
        let fault = "is missing, but mtls.url is given: give it, tls.client_ca_file or mtls.certificate_header";
        return Err(reader.wrong("mtls.listen", fault));
    }
    if mtls.listen.is_some() && mtls.url.is_none() {
        return Err(reader.wrong("mtls.url", "is missing: clients learn from it where mtls.listen is"));
    }
    Ok(mtls)
}

/// The name of a header, in the form in which it is looked for.
fn header(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if is_name {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("is not the name of a header".to_owned())
    }
}

/// It takes the decision away from people, so it is for a server that nobody else reaches.
pub(super) fn ciba_approval(reader: &Reader<'_>, issuer: &Issuer) -> Result<bool, SettingsError> {
    let path = "testing.ciba_approval";
    let wanted = reader.flag(path, false)?;
    if wanted && !issuer.is_loopback() {
        let fault = "decides for everybody who is asked something: only with an issuer on this machine";
        return Err(reader.wrong(path, fault));
    }
    Ok(wanted)
}

/// `name=address`, as a line of a hosts file has it the other way round.
pub(super) fn host(text: &str) -> Result<(String, IpAddr), String> {
    let parsed = text.split_once('=').and_then(|(name, address)| {
        let name = Host::parse(name.trim()).ok()?;
        let Host::Domain(name) = name else { return None };
        Some((name, address.trim().parse().ok()?))
    });
    parsed.ok_or_else(|| "is not a name and an address, as in \"app.example.internal=10.0.0.7\"".to_owned())
}
