//! The names of all settings, each with its short environment variable and an example value in TOML.

/// One setting.
pub(super) struct Key {
    /// `section.key`, or `key` for the few at the top.
    pub path: &'static str,
    /// The short variable of the contract; `None` where only `SIGNET_SECTION__KEY` exists.
    pub short: Option<&'static str>,
    /// A value that would do, in TOML.
    pub example: &'static str,
}

const fn key(path: &'static str, example: &'static str) -> Key {
    Key {
        path,
        short: None,
        example,
    }
}

const fn short(path: &'static str, short: &'static str, example: &'static str) -> Key {
    Key {
        path,
        short: Some(short),
        example,
    }
}

/// Every setting. What is not here is refused.
pub(super) const KEYS: &[Key] = &[
    key("issuer", "\"https://id.example.com\""),
    key("listen", "\"127.0.0.1:8080\""),
    key("data_dir", "\"/var/lib/signet\""),
    key("master_key", "\"(44 characters from: openssl rand -base64 32)\""),
    key("master_key_file", "\"/run/secrets/signet_master_key\""),
    key("trusted_proxies", "[\"10.0.0.0/8\"]"),
    short(
        "database.url",
        "SIGNET_DATABASE_URL",
        "\"postgres://signet:PASSWORD@db.example.com/signet\"",
    ),
    short(
        "database.url_file",
        "SIGNET_DATABASE_URL_FILE",
        "\"/run/secrets/signet_database_url\"",
    ),
    key("database.max_connections", "32"),
    key("database.statement_timeout_seconds", "8"),
    short(
        "mail.smtp_url",
        "SIGNET_SMTP_URL",
        "\"smtps://user:PASSWORD@mail.example.com\"",
    ),
    short(
        "mail.smtp_url_file",
        "SIGNET_SMTP_URL_FILE",
        "\"/run/secrets/signet_smtp_url\"",
    ),
    key("mail.from", "\"Signet <no-reply@example.com>\""),
    short("tls.cert_file", "SIGNET_TLS_CERT_FILE", "\"/etc/signet/cert.pem\""),
    short("tls.key_file", "SIGNET_TLS_KEY_FILE", "\"/etc/signet/key.pem\""),
    short(
        "tls.client_ca_file",
        "SIGNET_TLS_CLIENT_CA_FILE",
        "\"/etc/signet/client-ca.pem\"",
    ),
    key("mtls.listen", "\"0.0.0.0:8443\""),
    key("mtls.url", "\"https://mtls.id.example.com\""),
    key("mtls.certificate_header", "\"client-cert\""),
    key("security.profile", "\"fapi2-security\""),
    key("security.dpop_nonces", "true"),
    key("security.userinfo_max_age_seconds", "3600"),
    key("outbound.extra_ca_file", "\"/etc/signet/extra-ca.pem\""),
    key("outbound.allow_private", "false"),
    key("outbound.hosts", "[\"app.example.internal=10.0.0.7\"]"),
    key("testing.ciba_approval", "true"),
    short("log.filter", "SIGNET_LOG", "\"info,sqlx=warn\""),
    short("log.format", "SIGNET_LOG_FORMAT", "\"json\""),
    key("tokens.authorization_code_lifetime_seconds", "60"),
    key("tokens.access_token_lifetime_seconds", "300"),
    key("tokens.id_token_lifetime_seconds", "3600"),
    key("tokens.longest_lifetime_seconds", "86400"),
    key("tokens.refresh_token_idle_seconds", "2592000"),
    key("tokens.refresh_token_absolute_seconds", "15552000"),
    key("tokens.refresh_grace_seconds", "10"),
    key("keys.algorithms", "[\"RS256\", \"PS256\", \"ES256\", \"EdDSA\"]"),
    key("keys.encryption_algorithms", "[\"RSA-OAEP-256\", \"ECDH-ES\"]"),
    key("keys.rotation_interval_seconds", "7776000"),
    key("keys.jwks_max_age_seconds", "900"),
    key("keys.clock_skew_seconds", "30"),
    key("sessions.idle_lifetime_seconds", "604800"),
    key("sessions.absolute_lifetime_seconds", "2592000"),
    key("passwords.memory_kib", "19456"),
    key("passwords.iterations", "2"),
    key("passwords.parallelism", "1"),
    key("passwords.concurrent_hashes", "2"),
    key("passwords.queue_limit", "64"),
    key("passwords.min_length", "8"),
    key("passwords.max_length", "256"),
    key("sign_up.enabled", "true"),
    key("sign_up.ask_username", "false"),
    key("registration.policy", "\"token\""),
    key(
        "registration.grant_types",
        "[\"authorization_code\", \"refresh_token\"]",
    ),
    key("registration.response_types", "[\"code\"]"),
    key("registration.scopes", "[\"openid\", \"profile\", \"email\"]"),
    key("registration.clients_per_address", "20"),
    key("registration.most_clients", "10000"),
    key("registration.unused_days", "30"),
    key("registration.client_secret_days", "365"),
    key("registration.client_secret_grace_hours", "24"),
    key("registration.client_id_documents", "false"),
    key("registration.origins", "[\"https://apps.example\"]"),
    key("registration.redirect_at_once", "false"),
    key("audit.retention_days", "400"),
    key("limits.body_bytes", "65536"),
    key("limits.header_bytes", "32768"),
    key("limits.authorization_requests_per_address", "600"),
    key("limits.request_timeout_seconds", "10"),
    key("limits.keep_alive_seconds", "75"),
    key("limits.shutdown_timeout_seconds", "15"),
    key("limits.worker_threads", "2"),
    key("demo.enabled", "\"auto\""),
];

/// The key of that path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The key that an environment variable names, by its short or by its long name.
pub(super) fn find_by_variable(variable: &str) -> Option<&'static Key> {
    KEYS.iter()
        .find(|key| key.short == Some(variable) || long_variable(key.path) == variable)
}

/// The variable that operators use for a key: the short one where there is one.
pub(super) fn variable(key: &Key) -> String {
    key.short.map_or_else(|| long_variable(key.path), str::to_owned)
}

/// `SIGNET_SECTION__KEY` of a path.
pub(super) fn long_variable(path: &str) -> String {
    format!("SIGNET_{}", path.to_uppercase().replace('.', "__"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_settings_share_a_name() {
        let mut names: Vec<String> = KEYS.iter().map(|key| long_variable(key.path)).collect();
        names.extend(KEYS.iter().filter_map(|key| key.short.map(str::to_owned)));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_example_is_toml() {
        for key in KEYS {
            assert!(
                format!("x = {}", key.example).parse::<toml::Table>().is_ok(),
                "{}",
                key.path
            );
        }
    }
}
