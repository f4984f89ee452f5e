//! From settings to the running core: each floor gets the small policy that it needs.

use std::{path::PathBuf, sync::Arc};

use time::Duration;

use super::{ground::Ground, settings::Settings};
use crate::{
    base::{Clock, Rng},
    domain::{
        account::{
            password_hash::{Cost, HashError},
            password_policy::PasswordPolicy,
        },
        keys::KeyPolicy,
        policy::{Issuer, MtlsPolicy, Policy, SecurityPolicy, SessionPolicy, SignUpPolicy, TokenPolicy},
    },
    flow::{
        Core, Parts,
        job::{call::CallCarrier, mail::MailCarrier, outbox::Delivery},
        keys::{self, KeyRing},
        password::{PasswordPool, PoolSettings},
    },
    notify::mail::{MailError, Mailer},
    spec::jose::SigningAlg,
    upstream::http::{BuildError, HttpClient, HttpSettings, Reach},
};

/// How often each process looks after keys, at the longest.
const PROPAGATION: Duration = Duration::seconds(60);

/// Why the parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// The signing keys.
    #[error("the signing keys cannot be opened: {0}")]
    Keys(#[from] keys::Error),
    /// The mail settings.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The cost of password hashes.
    #[error("the settings [passwords] memory_kib, iterations and parallelism: {0}")]
    Cost(#[from] HashError),
    /// The client for fetches that Signet makes.
    #[error("outbound fetches: {0}")]
    Outbound(#[from] BuildError),
    /// A file that the settings name.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        cause: std::io::Error,
    },
}

/// The core over an open ground.
///
/// # Errors
/// The first part that cannot be made.
pub async fn core(ground: &Ground, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Core, WiringError> {
    let settings = &ground.settings;
    let store = ground.store.clone();
    let keys = KeyRing::open(key_policy(settings), &store, &ground.sealer, &*clock).await?;
    let passwords = PasswordPool::new(pool_settings(settings)?, Arc::clone(&rng));
    Ok(Core::new(Parts {
        store,
        clock,
        rng,
        sealer: Arc::clone(&ground.sealer),
        keys,
        passwords,
        http: http(settings)?,
        policy: policy(settings),
    }))
}

/// What the flows ask the settings for.
pub fn policy(settings: &Settings) -> Policy {
    let mut policy = Policy::new(Issuer::new(settings.issuer.as_str()));
    policy.tokens = TokenPolicy {
        authorization_code: settings.tokens.authorization_code_lifetime,
        access_token: settings.tokens.access_token_lifetime,
        id_token: settings.tokens.id_token_lifetime,
        longest: settings.tokens.longest_lifetime,
        refresh_token_idle: settings.tokens.refresh_token_idle,
        refresh_token_absolute: settings.tokens.refresh_token_absolute,
        refresh_grace: settings.tokens.refresh_grace,
        ..TokenPolicy::default()
    };
    policy.security = SecurityPolicy {
        profile: settings.security.profile,
        dpop_nonces: settings.security.dpop_nonces,
        userinfo_max_age: settings.security.userinfo_max_age,
    };
    policy.mtls = MtlsPolicy {
        enabled: settings.mtls.is_enabled(),
        base: settings.mtls.url.as_ref().map(|url| Issuer::new(url.as_str())),
        certificate_header: settings.mtls.certificate_header.clone(),
    };
    policy.sessions = SessionPolicy {
        idle: settings.sessions.idle_lifetime,
        absolute: settings.sessions.absolute_lifetime,
        requests_per_address: settings.limits.authorization_requests_per_address,
        ..SessionPolicy::default()
    };
    policy.sign_up = SignUpPolicy {
        enabled: settings.sign_up.enabled,
        ask_username: settings.sign_up.ask_username,
        ..SignUpPolicy::default()
    };
    policy.registration = settings.registration.clone();
    policy.ciba_approval = settings.ciba_approval;
    policy.passwords = PasswordPolicy::new(settings.passwords.min_length).unwrap_or_default();
    policy.jwks_max_age = settings.keys.jwks_max_age;
    policy.audit_retention = settings.audit.retention;
    policy.trusted_proxies = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    policy
}

/// The life of signing keys.
pub fn key_policy(settings: &Settings) -> KeyPolicy {
    KeyPolicy {
        algs: settings
            .keys
            .algorithms
            .iter()
            .filter_map(|name| name.parse::<SigningAlg>().ok())
            .collect(),
        encryption: settings.keys.encryption_algorithms.clone(),
        rotation_interval: settings.keys.rotation_interval,
        jwks_max_age: settings.keys.jwks_max_age,
        propagation: PROPAGATION.min(settings.keys.jwks_max_age),
        longest_token_lifetime: settings.tokens.longest_lifetime,
        clock_skew: settings.keys.clock_skew,
        ..KeyPolicy::default()
    }
}

/// How often keys are looked after: several times within the propagation that the key policy counts on.
pub fn key_interval(settings: &Settings) -> std::time::Duration {
    let third = key_policy(settings).propagation / 3;
    std::time::Duration::try_from(third).unwrap_or(std::time::Duration::from_secs(1))
}

fn pool_settings(settings: &Settings) -> Result<PoolSettings, HashError> {
    let passwords = &settings.passwords;
    let cost = Cost::new(passwords.memory_kib, passwords.iterations, passwords.parallelism)?;
    Ok(PoolSettings {
        waiting: passwords.queue_limit,
        ..PoolSettings::for_cores(passwords.concurrent_hashes, cost)
    })
}

fn http(settings: &Settings) -> Result<HttpClient, WiringError> {
    let outbound = &settings.outbound;
    let extra_ca_pem = match &outbound.extra_ca_file {
        Some(path) => Some(std::fs::read(path).map_err(|cause| WiringError::File {
            path: path.clone(),
            cause,
        })?),
        None => None,
    };
    let reach = if outbound.allow_private {
        Reach::Private
    } else {
        Reach::Public
    };
    Ok(HttpClient::new(&HttpSettings {
        reach,
        extra_ca_pem,
        hosts: outbound.hosts.iter().cloned().collect(),
        ..HttpSettings::default()
    })?)
}

/// What carries mails out.
///
/// # Errors
/// [`WiringError::Mail`].
pub fn mail(settings: &Settings, core: &Core) -> Result<Delivery<MailCarrier>, WiringError> {
    let mailer = match &settings.mail.smtp_url {
        Some(url) => Mailer::smtp(url, &settings.mail.from)?,
        None => Mailer::files(settings.data_dir.join("mail"), &settings.mail.from)?,
    };
    Ok(delivery(
        core,
        MailCarrier {
            store: core.store.clone(),
            outbox: core.outbox.clone(),
            mailer: Arc::new(mailer),
            policy: Arc::new(core.policy.clone()),
            clock: Arc::clone(&core.clock),
            rng: Arc::clone(&core.rng),
        },
    ))
}

/// What carries messages to apps.
pub fn calls(core: &Arc<Core>) -> Delivery<CallCarrier> {
    delivery(core, CallCarrier { core: Arc::clone(core) })
}

fn delivery<C>(core: &Core, carrier: C) -> Delivery<C> {
    Delivery {
        store: core.store.clone(),
        outbox: core.outbox.clone(),
        carrier,
        clock: Arc::clone(&core.clock),
        rng: Arc::clone(&core.rng),
        poll: std::time::Duration::from_secs(5),
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn how_far_clocks_are_apart_for_keys_says_nothing_about_what_others_sign() {
        for seconds in [0, 300] {
            let setting = ("SIGNET_KEYS__CLOCK_SKEW_SECONDS".to_owned(), seconds.to_string());
            let settings = Settings::from_sources(None, &[setting]).unwrap();
            assert_eq!(key_policy(&settings).clock_skew, Duration::seconds(seconds));
            // FAPI 2.0 Security Profile §5.3.2.1: 10 s ahead are taken, and 60 s are not
            let skew = policy(&settings).tokens.clock_skew;
            assert!(skew >= Duration::seconds(10) && skew < Duration::seconds(60), "{skew}");
        }
    }
}
