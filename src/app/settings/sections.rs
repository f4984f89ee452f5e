//! The sections: what each setting means, its default and its bounds.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::Duration;

use super::reader::Reader;
use super::security;
use super::source::Sources;
use super::{Issuer, Settings, SettingsError, registration};
use crate::base::{Network, Secret};
use crate::notify::mail::Mailer;
use crate::spec::jose::EncryptionAlg;

const DAY: u32 = 86_400;
const YEAR: u32 = 366 * DAY;

/// `[database]`
#[derive(Debug, Clone)]
pub struct Database {
    /// PostgreSQL; `None`: embedded.
    pub url: Option<Secret<String>>,
    /// Connections that one process opens at most.
    pub max_connections: u32,
    /// How long one statement may run; shorter than [`Limits::request_timeout`], so that a slow one is answered as what
    /// it is (503, try again) and not as a request that did not come.
    pub statement_timeout: std::time::Duration,
}

/// `[mail]`
#[derive(Debug, Clone)]
pub struct Mail {
    /// `smtp://` or `smtps://`; `None`: files in the data folder.
    pub smtp_url: Option<Secret<String>>,
    /// The sender, as a mailbox of RFC 5322.
    pub from: String,
}

/// `[tls]`
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate and its chain, PEM.
    pub cert_file: PathBuf,
    /// The private key, PEM.
    pub key_file: PathBuf,
}

/// `[outbound]`: fetches that Signet makes.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// A further certificate authority, PEM.
    pub extra_ca_file: Option<PathBuf>,
    /// Whether loopback and private addresses may be reached.
    pub allow_private: bool,
    /// Names whose address no name server tells.
    pub hosts: Vec<(String, IpAddr)>,
}

/// `[log]`
#[derive(Debug, Clone)]
pub struct Log {
    /// Directives of `tracing_subscriber::EnvFilter`; `None`: as fits the command.
    pub filter: Option<String>,
    /// For people or for machines.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// `[tokens]`
#[derive(Debug, Clone)]
pub struct Tokens {
    /// At most 60 seconds.
    pub authorization_code_lifetime: Duration,
    /// The default; a client or resource may have its own.
    pub access_token_lifetime: Duration,
    /// Of every client.
    pub id_token_lifetime: Duration,
    /// No access or ID token lives longer, whatever a client or resource asks for. A signing key stays published for so
    /// long after its last signature.
    pub longest_lifetime: Duration,
    /// A refresh token that is not used for so long ends.
    pub refresh_token_idle: Duration,
    /// A family of refresh tokens ends so long after its first one, used or not.
    pub refresh_token_absolute: Duration,
    /// The previous refresh token still gets the same successor for so long after a rotation.
    pub refresh_grace: Duration,
}

/// `[keys]`
#[derive(Debug, Clone)]
pub struct Keys {
    /// JWS names (RFC 7518 §3.1, RFC 8037), without repetition; RS256 is among them.
    pub algorithms: Vec<String>,
    /// What apps may encrypt their requests to, without repetition.
    pub encryption_algorithms: Vec<EncryptionAlg>,
    /// Age at which a signing key gives way to its successor.
    pub rotation_interval: Duration,
    /// `max-age` of the JWKS; shorter than the rotation interval.
    pub jwks_max_age: Duration,
    /// How far the clocks of two processes, or of a verifier, may be apart. A new key waits so much longer.
    pub clock_skew: Duration,
}

/// `[sessions]`
#[derive(Debug, Clone)]
pub struct Sessions {
    /// A session that is not used for so long ends.
    pub idle_lifetime: Duration,
    /// A session ends so long after the sign-in, used or not.
    pub absolute_lifetime: Duration,
}

/// `[passwords]`
#[derive(Debug, Clone)]
pub struct Passwords {
    /// Argon2id memory per hash in KiB.
    pub memory_kib: u32,
    /// Argon2id passes.
    pub iterations: u32,
    /// Argon2id lanes.
    pub parallelism: u32,
    /// Hashes that are computed at the same time.
    pub concurrent_hashes: usize,
    /// Hashes that may wait for their turn; beyond that the answer is 503.
    pub queue_limit: usize,
    /// In characters.
    pub min_length: usize,
    /// In characters.
    pub max_length: usize,
}

/// `[sign_up]`: people who register themselves.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// Whether they may.
    pub enabled: bool,
    /// Whether the form asks for a username.
    pub ask_username: bool,
}

/// `[audit]`
#[derive(Debug, Clone)]
pub struct Audit {
    /// How long lines of the audit trail are kept.
    pub retention: Duration,
}

/// `[limits]`
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request body.
    pub body_bytes: usize,
    /// Largest request head: request line and headers.
    pub header_bytes: usize,
    /// Sign-ins that one address may begin within ten minutes; `None`: any number.
    pub authorization_requests_per_address: Option<u32>,
    /// Time for a client to send its request.
    pub request_timeout: std::time::Duration,
    /// How long an idle connection stays open.
    pub keep_alive: std::time::Duration,
    /// Time for running requests to end when the server stops.
    pub shutdown_timeout: std::time::Duration,
    /// Threads that serve requests.
    pub worker_threads: usize,
}

/// Reads all sections and what must hold between them.
pub(super) fn read(sources: &Sources) -> Result<Settings, SettingsError> {
    let reader = Reader(sources);
    let issuer = match reader.parse("issuer", Issuer::parse)? {
        Some(issuer) => issuer,
        None => Issuer::parse("http://localhost:8080").map_err(|fault| reader.wrong("issuer", fault))?,
    };
    let limits = limits(&reader)?;
    let database = database(&reader, &limits)?;
    let tls = tls(&reader, &issuer)?;
    let trusted_proxies: Vec<Network> = reader
        .list("trusted_proxies", |text| {
            Network::from_str(text).map_err(|error| format!("is {error}"))
        })?
        .unwrap_or_default();
    let keys = keys(&reader)?;
    let settings = Settings {
        listen: listen(&reader)?,
        data_dir: match reader.path("data_dir")? {
            Some(path) => path,
            None => std::path::absolute("data").map_err(|error| reader.wrong("data_dir", error.to_string()))?,
        },
        master_key: master_key(&reader, database.url.is_some())?,
        mail: mail(&reader, &issuer)?,
        mtls: security::mtls(&reader, tls.as_ref(), !trusted_proxies.is_empty())?,
        security: security::security(&reader, &keys)?,
        trusted_proxies,
        tls,
        outbound: Outbound {
            extra_ca_file: reader.file("outbound.extra_ca_file")?,
            allow_private: reader.flag("outbound.allow_private", false)?,
            hosts: reader.list("outbound.hosts", security::host)?.unwrap_or_default(),
        },
        ciba_approval: security::ciba_approval(&reader, &issuer)?,
        log: log(&reader)?,
        tokens: tokens(&reader)?,
        keys,
        sessions: sessions(&reader)?,
        passwords: passwords(&reader)?,
        sign_up: SignUp {
            enabled: reader.flag("sign_up.enabled", true)?,
            ask_username: reader.flag("sign_up.ask_username", false)?,
        },
        registration: registration::read(&reader)?,
        audit: Audit {
            retention: Duration::days(i64::from(reader.small("audit.retention_days", 400, 1..=36_600)?)),
        },
        limits,
        demo: demo(&reader, &issuer, database.url.is_none())?,
        issuer,
        database,
    };
    Ok(settings)
}

fn listen(reader: &Reader<'_>) -> Result<SocketAddr, SettingsError> {
    let address = reader.parse("listen", |text| {
        SocketAddr::from_str(text).map_err(|_| "is not an IP address and a port".to_owned())
    })?;
    Ok(address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))))
}

fn database(reader: &Reader<'_>, limits: &Limits) -> Result<Database, SettingsError> {
    let url = match reader.secret("database.url", "database.url_file")? {
        None => None,
        Some((url, path)) => {
            // Not the parser's words: they may quote a password.
            let has_scheme = ["postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.expose().starts_with(scheme));
            if !has_scheme || sqlx::postgres::PgConnectOptions::from_str(url.expose()).is_err() {
                return Err(reader.wrong(path, "the value is not a PostgreSQL URL"));
            }
            Some(url)
        }
    };
    Ok(Database {
        url,
        max_connections: reader.small("database.max_connections", 32, 2..=1000)?,
        statement_timeout: statement_timeout(reader, limits)?,
    })
}

/// Four fifths of what a whole request may take, unless it is given.
fn statement_timeout(reader: &Reader<'_>, limits: &Limits) -> Result<std::time::Duration, SettingsError> {
    let path = "database.statement_timeout_seconds";
    let longest = limits.request_timeout;
    match reader.timeout(path, 0, 1..=600)? {
        given if given.is_zero() => Ok(longest * 4 / 5),
        given if given >= longest => Err(reader.wrong(
            path,
            format!(
                "must be shorter than limits.request_timeout_seconds, which is {}",
                longest.as_secs()
            ),
        )),
        given => Ok(given),
    }
}

fn master_key(reader: &Reader<'_>, is_required: bool) -> Result<Option<Secret<Vec<u8>>>, SettingsError> {
    match reader.secret("master_key", "master_key_file")? {
        None if is_required => Err(reader.wrong(
            "master_key",
            "is needed with a database of your own, because it seals the secrets inside; make one with \
             `openssl rand -base64 32`, keep it, and give it as SIGNET_MASTER_KEY or SIGNET_MASTER_KEY_FILE",
        )),
        None => Ok(None),
        Some((text, path)) => match decode_master_key(&text) {
            Some(key) => Ok(Some(key)),
            None => Err(reader.wrong(path, "the value is not 32 or more bytes in base64")),
        },
    }
}

/// The bytes of a master key: 32 or more, in base64.
pub(in crate::app) fn decode_master_key(text: &Secret<String>) -> Option<Secret<Vec<u8>>> {
    let key = Secret::new(STANDARD.decode(text.expose().trim()).ok()?);
    (key.expose().len() >= 32).then_some(key)
}

fn mail(reader: &Reader<'_>, issuer: &Issuer) -> Result<Mail, SettingsError> {
    let smtp_url = match reader.secret("mail.smtp_url", "mail.smtp_url_file")? {
        None => None,
        Some((url, path)) => match url::Url::parse(url.expose()) {
            Ok(parsed) if matches!(parsed.scheme(), "smtp" | "smtps") && parsed.has_host() => Some(url),
            _ => return Err(reader.wrong(path, "the value is not an smtp:// or smtps:// URL")),
        },
    };
    let from = reader.parse("mail.from", |text| match Mailer::files(PathBuf::new(), text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a mail address".to_owned()),
    })?;
    let host = match issuer.host() {
        host if issuer.is_loopback() || host.starts_with('[') => "localhost",
        host => host,
    };
    Ok(Mail {
        smtp_url,
        from: from.unwrap_or_else(|| format!("Signet <no-reply@{host}>")),
    })
}

fn tls(reader: &Reader<'_>, issuer: &Issuer) -> Result<Option<Tls>, SettingsError> {
    let cert_file = reader.file("tls.cert_file")?;
    let key_file = reader.file("tls.key_file")?;
    match (cert_file, key_file) {
        (Some(_), Some(_)) if !issuer.is_https() => {
            Err(reader.wrong("issuer", "must start with https:// when Signet serves https itself"))
        }
        (Some(cert_file), Some(key_file)) => Ok(Some(Tls { cert_file, key_file })),
        (Some(_), None) => Err(reader.wrong("tls.key_file", "is missing, but tls.cert_file is given")),
        (None, Some(_)) => Err(reader.wrong("tls.cert_file", "is missing, but tls.key_file is given")),
        (None, None) => Ok(None),
    }
}

fn log(reader: &Reader<'_>) -> Result<Log, SettingsError> {
    let filter = reader.parse("log.filter", |text| {
        if let Some(odd) = unclear_directive(text) {
            return Err(format!(
                "says {odd:?}, which is neither error, warn, info, debug, trace or off nor module=level"
            ));
        }
        match tracing_subscriber::EnvFilter::builder().parse(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(format!("is not a log filter ({error})")),
        }
    })?;
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    Ok(Log {
        filter,
        format: reader.choice("log.format", LogFormat::Text, &formats)?,
    })
}

/// A lone word that is no level: the filter would take it for the name of a module, and then nothing is logged.
fn unclear_directive(filter: &str) -> Option<&str> {
    let words = filter.split(',').map(str::trim).filter(|word| !word.is_empty());
    let mut lone = words.filter(|word| !word.contains(['=', '[', ']', '{', '}']));
    lone.find(|word| word.parse::<tracing_subscriber::filter::LevelFilter>().is_err())
}

fn tokens(reader: &Reader<'_>) -> Result<Tokens, SettingsError> {
    let tokens = Tokens {
        authorization_code_lifetime: reader.seconds("tokens.authorization_code_lifetime_seconds", 60, 1..=60)?,
        access_token_lifetime: reader.seconds("tokens.access_token_lifetime_seconds", 300, 1..=DAY)?,
        id_token_lifetime: reader.seconds("tokens.id_token_lifetime_seconds", 3600, 1..=DAY)?,
        longest_lifetime: reader.seconds("tokens.longest_lifetime_seconds", DAY, 1..=DAY)?,
        refresh_token_idle: reader.seconds("tokens.refresh_token_idle_seconds", 30 * DAY, 1..=10 * YEAR)?,
        refresh_token_absolute: reader.seconds("tokens.refresh_token_absolute_seconds", 180 * DAY, 1..=10 * YEAR)?,
        refresh_grace: reader.seconds("tokens.refresh_grace_seconds", 10, 0..=60)?,
    };
    if tokens.refresh_token_absolute < tokens.refresh_token_idle {
        let fault = "must not be shorter than tokens.refresh_token_idle_seconds";
        return Err(reader.wrong("tokens.refresh_token_absolute_seconds", fault));
    }
    if tokens.longest_lifetime < tokens.access_token_lifetime.max(tokens.id_token_lifetime) {
        let fault =
            "must not be shorter than tokens.access_token_lifetime_seconds and tokens.id_token_lifetime_seconds";
        return Err(reader.wrong("tokens.longest_lifetime_seconds", fault));
    }
    Ok(tokens)
}

fn keys(reader: &Reader<'_>) -> Result<Keys, SettingsError> {
    const KNOWN: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];
    let path = "keys.algorithms";
    let algorithms = reader
        .list(path, |text| match KNOWN.contains(&text) {
            true => Ok(text.to_owned()),
            false => Err(format!("is not one of {}", KNOWN.join(", "))),
        })?
        .unwrap_or_else(|| KNOWN.map(str::to_owned).to_vec());
    if !algorithms.iter().any(|name| name == "RS256") {
        // OpenID Connect Discovery §3: id_token_signing_alg_values_supported MUST include RS256
        return Err(reader.wrong(path, "must include RS256, which every relying party may expect"));
    }
    let encryption = "keys.encryption_algorithms";
    let encryption_algorithms = reader
        .list(encryption, |text| {
            text.parse()
                .map_err(|_| "is not one of RSA-OAEP-256, ECDH-ES".to_owned())
        })?
        .unwrap_or_else(|| EncryptionAlg::ALL.to_vec());
    for (path, is_twice) in [
        (path, repeats(&algorithms)),
        (encryption, repeats(&encryption_algorithms)),
    ] {
        if is_twice {
            return Err(reader.wrong(path, "names an algorithm twice"));
        }
    }
    let keys = Keys {
        algorithms,
        encryption_algorithms,
        rotation_interval: reader.seconds("keys.rotation_interval_seconds", 90 * DAY, 2..=10 * YEAR)?,
        jwks_max_age: reader.seconds("keys.jwks_max_age_seconds", 900, 1..=DAY)?,
        clock_skew: reader.seconds("keys.clock_skew_seconds", 30, 0..=300)?,
    };
    if keys.rotation_interval <= keys.jwks_max_age {
        let fault = "must be longer than keys.jwks_max_age_seconds: a key is published for so long before it signs";
        return Err(reader.wrong("keys.rotation_interval_seconds", fault));
    }
    Ok(keys)
}

fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter()
        .enumerate()
        .any(|(at, one)| list.iter().take(at).any(|earlier| earlier == one))
}

fn sessions(reader: &Reader<'_>) -> Result<Sessions, SettingsError> {
    let sessions = Sessions {
        idle_lifetime: reader.seconds("sessions.idle_lifetime_seconds", 7 * DAY, 1..=10 * YEAR)?,
        absolute_lifetime: reader.seconds("sessions.absolute_lifetime_seconds", 30 * DAY, 1..=10 * YEAR)?,
    };
    if sessions.absolute_lifetime < sessions.idle_lifetime {
        let fault = "must not be shorter than sessions.idle_lifetime_seconds";
        return Err(reader.wrong("sessions.absolute_lifetime_seconds", fault));
    }
    Ok(sessions)
}

fn passwords(reader: &Reader<'_>) -> Result<Passwords, SettingsError> {
    let passwords = Passwords {
        memory_kib: reader.small("passwords.memory_kib", 19_456, 64..=4_194_304)?,
        iterations: reader.small("passwords.iterations", 2, 1..=64)?,
        parallelism: reader.small("passwords.parallelism", 1, 1..=64)?,
        concurrent_hashes: reader.size("passwords.concurrent_hashes", cores(), 1..=1024)?,
        queue_limit: reader.size("passwords.queue_limit", 64, 1..=100_000)?,
        min_length: reader.size("passwords.min_length", 8, 6..=64)?,
        max_length: reader.size("passwords.max_length", 256, 64..=1024)?,
    };
    if passwords.memory_kib < 8 * passwords.parallelism {
        // RFC 9106 §3.1
        return Err(reader.wrong("passwords.memory_kib", "must be at least 8 times passwords.parallelism"));
    }
    Ok(passwords)
}

fn limits(reader: &Reader<'_>) -> Result<Limits, SettingsError> {
    Ok(Limits {
        body_bytes: reader.size("limits.body_bytes", 65_536, 4_096..=16_777_216)?,
        header_bytes: reader.size("limits.header_bytes", 32_768, 4_096..=131_072)?,
        authorization_requests_per_address: Some(reader.small(
            "limits.authorization_requests_per_address",
            600,
            0..=1_000_000,
        )?)
        .filter(|most| *most > 0),
        request_timeout: reader.timeout("limits.request_timeout_seconds", 10, 1..=600)?,
        keep_alive: reader.timeout("limits.keep_alive_seconds", 75, 1..=3600)?,
        shutdown_timeout: reader.timeout("limits.shutdown_timeout_seconds", 15, 1..=600)?,
        worker_threads: reader.size("limits.worker_threads", cores(), 1..=256)?,
    })
}

fn demo(reader: &Reader<'_>, issuer: &Issuer, is_embedded: bool) -> Result<bool, SettingsError> {
    let is_local = issuer.is_loopback() && !issuer.is_https();
    let words = [("auto", None), ("true", Some(true)), ("false", Some(false))];
    match reader.choice("demo.enabled", None, &words)? {
        None => Ok(is_embedded && is_local),
        Some(true) if !issuer.is_loopback() => Err(reader.wrong(
            "demo.enabled",
            "cannot be true for an issuer that others reach: its passwords are public",
        )),
        Some(wanted) => Ok(wanted),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
