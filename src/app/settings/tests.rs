//! Each kind of mistake, and the one message that it gets.

use std::io::Write;

use super::*;

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn from_file(text: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Settings::from_sources(Some(file.path()), &environment)
}

fn from_environment(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    from_file("", environment)
}

#[track_caller]
fn assert_refused(result: Result<Settings, SettingsError>, parts: &[&str]) {
    let message = result.unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    assert!(!message.contains('\n'), "{message:?}");
}

#[test]
fn nothing_given_gives_the_contracts_defaults() {
    let settings = from_environment(&[]).unwrap();
    assert_eq!(settings.issuer.as_str(), "http://localhost:8080");
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.data_dir, std::path::absolute("data").unwrap());
    assert!(settings.has_embedded_database() && settings.master_key.is_none() && settings.tls.is_none());
    assert!(settings.trusted_proxies.is_empty() && !settings.outbound.allow_private);
    assert_eq!(settings.tokens.authorization_code_lifetime, time::Duration::seconds(60));
    assert_eq!(settings.audit.retention, time::Duration::days(400));
    assert_eq!(settings.mail.from, "Signet <no-reply@localhost>");
    assert!(settings.demo);
}

#[test]
fn a_statement_may_take_less_than_the_request_that_waits_for_it() {
    for (text, statement) in [
        ("", 8_000),
        ("[limits]\nrequest_timeout_seconds = 1", 800),
        ("[database]\nstatement_timeout_seconds = 9", 9_000),
    ] {
        let settings = from_file(text, &[]).unwrap();
        assert_eq!(settings.database.statement_timeout.as_millis(), statement, "{text}");
        assert!(settings.database.statement_timeout < settings.limits.request_timeout);
    }
}

#[test]
fn the_environment_overrides_the_file_which_overrides_the_default() {
    let text = "listen = \"127.0.0.1:1\"\n[tokens]\naccess_token_lifetime_seconds = 60\nid_token_lifetime_seconds = 61";
    let settings = from_file(text, &[("SIGNET_TOKENS__ACCESS_TOKEN_LIFETIME_SECONDS", "99")]).unwrap();
    assert_eq!(settings.listen.port(), 1);
    assert_eq!(settings.tokens.access_token_lifetime, time::Duration::seconds(99));
    assert_eq!(settings.tokens.id_token_lifetime, time::Duration::seconds(61));
    assert_eq!(settings.tokens.refresh_token_idle, time::Duration::days(30));
}

#[test]
fn short_and_long_variables_mean_the_same() {
    for name in ["SIGNET_LOG", "SIGNET_LOG__FILTER"] {
        assert_eq!(
            from_environment(&[(name, "debug")]).unwrap().log.filter.as_deref(),
            Some("debug")
        );
    }
    for name in ["SIGNET_LOG_FORMAT", "SIGNET_LOG__FORMAT"] {
        assert_eq!(from_environment(&[(name, "json")]).unwrap().log.format, LogFormat::Json);
    }
    assert_refused(
        from_environment(&[("SIGNET_LOG", "debug"), ("SIGNET_LOG__FILTER", "info")]),
        &["SIGNET_LOG__FILTER and SIGNET_LOG set the same thing"],
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    assert!(
        from_environment(&[("SIGNET_DATABASE_URL", "")])
            .unwrap()
            .has_embedded_database()
    );
}

#[test]
fn variables_that_platforms_inject_are_left_alone() {
    let injected = [
        ("SIGNET_PORT", "tcp://10.0.0.1:80"),
        ("SIGNET_SERVICE_HOST", "10.0.0.1"),
        ("SIGNET_CONFIG", ""),
    ];
    assert!(from_environment(&injected).is_ok());
    assert!(from_environment(&[("SIGNET_PORT_8080_TCP_ADDR", "10.0.0.1"), ("SIGNETISH", "1")]).is_ok());
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    assert_refused(
        from_file("isuer = \"x\"", &[]),
        &[": isuer is no setting", "did you mean issuer?"],
    );
    assert_refused(
        from_file("[tokens]\nacces_token_lifetime_seconds = 1", &[]),
        &[
            ": tokens.acces_token_lifetime_seconds is",
            "did you mean tokens.access_token_lifetime_seconds?",
        ],
    );
    assert_refused(
        from_file("[token]\nx = 1", &[]),
        &[": token is no setting", "did you mean tokens?"],
    );
    assert_refused(
        from_environment(&[("SIGNET_ISUER", "x")]),
        &["SIGNET_ISUER is", "did you mean SIGNET_ISSUER?"],
    );
    assert_refused(
        from_environment(&[("SIGNET_PASSWORDS__ITERATION", "3")]),
        &[
            "did you mean SIGNET_PASSWORDS__ITERATIONS?",
            "For example: SIGNET_PASSWORDS__ITERATIONS=2",
        ],
    );
}

#[test]
fn a_name_that_is_like_none_is_sent_to_the_list_and_not_to_a_stranger() {
    for error in [
        from_environment(&[("SIGNET_FOO__BAR", "x")]),
        from_environment(&[("SIGNET_DATABASE", "x")]),
        from_file("[zzzzzzzzzzzz]", &[]),
        from_file("frobnicate = 1", &[]),
    ] {
        let message = error.unwrap_err().to_string();
        assert!(!message.contains("did you mean"), "{message}");
        assert!(
            message.contains("is no setting; config/signet.toml") && message.contains("For example: "),
            "{message}"
        );
    }
}

#[test]
fn a_file_that_is_named_must_exist() {
    let missing = Some(Path::new("/nonexistent/signet.toml"));
    assert_refused(
        Settings::from_sources(missing, &[]),
        &["/nonexistent/signet.toml", "cannot be read", "--config"],
    );
    let variable = [("SIGNET_CONFIG".to_owned(), "/nonexistent/signet.toml".to_owned())];
    assert_refused(Settings::from_sources(None, &variable), &["/nonexistent/signet.toml"]);
}

#[test]
fn a_syntax_error_names_the_line_and_never_quotes_it() {
    let error = from_file("issuer = \"https://id.example.com\"\nmaster_key = \"hunter2", &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_fault_names_the_setting_as_it_was_written_and_gives_an_example_in_kind() {
    assert_refused(
        from_environment(&[("SIGNET_LISTEN", "8080")]),
        &[
            "SIGNET_LISTEN: \"8080\" is not an IP address and a port",
            "for example: SIGNET_LISTEN=127.0.0.1:8080",
        ],
    );
    assert_refused(
        from_file("listen = 8080", &[]),
        &[": listen: \"8080\" is", "for example: listen = \"127.0.0.1:8080\""],
    );
    assert_refused(
        from_file("[log]\nformat = \"xml\"", &[]),
        &[
            ": log.format: \"xml\" is not one of text, json",
            "format = \"json\" under [log]",
        ],
    );
    assert_refused(
        from_environment(&[("SIGNET_TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.0/99")]),
        &[
            "SIGNET_TRUSTED_PROXIES: \"10.0.0.0/99\" is not an address range",
            "SIGNET_TRUSTED_PROXIES=10.0.0.0/8",
        ],
    );
}

#[test]
fn every_kind_of_value_is_checked() {
    for (text, fault) in [
        ("issuer = \"http://id.example.com\"", "must be https"),
        ("issuer = [1]", "takes a single value"),
        ("trusted_proxies = 3", "takes a list"),
        ("trusted_proxies = [[\"10.0.0.0/8\"]]", "takes a list of single values"),
        (
            "[tokens]\nauthorization_code_lifetime_seconds = 61",
            "is not between 1 and 60",
        ),
        ("[tokens]\naccess_token_lifetime_seconds = 1.5", "is not a whole number"),
        ("[tokens]\naccess_token_lifetime_seconds = -1", "is not a whole number"),
        (
            "[tokens]\nrefresh_token_absolute_seconds = 60",
            "must not be shorter than",
        ),
        ("[keys]\nalgorithms = [\"ES256\"]", "must include RS256"),
        ("[keys]\nalgorithms = [\"RS256\", \"RS256\"]", "twice"),
        ("[keys]\nalgorithms = [\"HS256\"]", "is not one of RS256"),
        ("[keys]\nrotation_interval_seconds = 900", "must be longer than"),
        ("[sessions]\nabsolute_lifetime_seconds = 60", "must not be shorter than"),
        ("[passwords]\nmemory_kib = 64\nparallelism = 9", "at least 8 times"),
        ("[sign_up]\nenabled = \"yes\"", "is neither true nor false"),
        ("[registration]\npolicy = \"on\"", "is not one of off, token, open"),
        ("[registration]\ngrant_types = [\"password\"]", "is no grant type"),
        ("[registration]\nresponse_types = [\"token\"]", "is no response type"),
        ("[registration]\nscopes = [\"a b\"]", "is no scope"),
        ("[registration]\norigins = [\"https://a.example/\"]", "is no origin"),
        (
            "[registration]\norigins = [\"*\", \"https://a.example\"]",
            "takes * alone",
        ),
        ("[log]\nfilter = \"signet=loud\"", "is not a log filter"),
        ("[log]\nfilter = \"info,loud\"", "says \"loud\", which is neither error"),
        ("[mail]\nfrom = \"nobody\"", "is not a mail address"),
        (
            "[mail]\nsmtp_url = \"mail.example.com:25\"",
            "is not an smtp:// or smtps:// URL",
        ),
        ("[tls]\ncert_file = \"/nonexistent/cert.pem\"", "cannot be read"),
        ("[tls]\ncert_file = \"/dev/null\"", "tls.key_file: is missing"),
        (
            "[tls]\ncert_file = \"/dev/null\"\nkey_file = \"/dev/null\"",
            "issuer: must start with https://",
        ),
        ("[tls]\nclient_ca_file = \"/dev/null\"", "tls.cert_file: is missing"),
        ("[mtls]\nlisten = \"127.0.0.1:8443\"", "tls.cert_file: is missing"),
        ("[mtls]\nurl = \"https://mtls.example.com\"", "mtls.listen: is missing"),
        (
            "[mtls]\ncertificate_header = \"client-cert\"",
            "trusted_proxies: is empty",
        ),
        (
            "[mtls]\ncertificate_header = \"client cert\"",
            "is not the name of a header",
        ),
        (
            "[security]\nprofile = \"fapi3\"",
            "is not one of none, oauth2.1, fapi1-advanced",
        ),
        (
            "[keys]\nencryption_algorithms = [\"RSA1_5\"]",
            "is not one of RSA-OAEP-256",
        ),
        ("[keys]\nencryption_algorithms = [\"ECDH-ES\", \"ECDH-ES\"]", "twice"),
        (
            "[security]\nprofile = \"fapi2-security\"\n[keys]\nalgorithms = [\"RS256\"]",
            "which are PS256, ES256, EdDSA",
        ),
        ("[outbound]\nextra_ca_file = \"/nonexistent/ca.pem\"", "cannot be read"),
        (
            "issuer = \"https://id.example.com\"\n[testing]\nciba_approval = true",
            "only with an issuer on this machine",
        ),
        (
            "[outbound]\nhosts = [\"app.example.internal\"]",
            "is not a name and an address",
        ),
        (
            "[outbound]\nhosts = [\"10.0.0.7=10.0.0.8\"]",
            "is not a name and an address",
        ),
        (
            "[database]\nstatement_timeout_seconds = 10",
            "must be shorter than limits.request_timeout_seconds, which is 10",
        ),
        (
            "[database]\nstatement_timeout_seconds = 5\n[limits]\nrequest_timeout_seconds = 3",
            "which is 3",
        ),
        ("[demo]\nenabled = \"maybe\"", "is not one of auto, true, false"),
        (
            "issuer = \"https://id.example.com\"\n[demo]\nenabled = true",
            "cannot be true",
        ),
    ] {
        assert_refused(from_file(text, &[]), &[fault, "for example: "]);
    }
}

#[test]
fn a_database_of_ones_own_needs_a_sound_url_and_a_master_key() {
    let url = "postgres://signet:hunter2@localhost/signet";
    let both = [("SIGNET_DATABASE_URL", url), ("SIGNET_MASTER_KEY", MASTER_KEY)];
    let settings = from_environment(&both).unwrap();
    assert!(!settings.has_embedded_database() && !settings.demo);
    assert_eq!(settings.master_key.as_ref().unwrap().expose().len(), 32);
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert_refused(
        from_environment(&[("SIGNET_DATABASE_URL", url)]),
        &["master_key", "openssl rand -base64 32"],
    );
    let wrong = from_environment(&[("SIGNET_DATABASE_URL", "mysql://root:hunter2@localhost/x")]).unwrap_err();
    assert!(
        wrong.to_string().contains("SIGNET_DATABASE_URL") && !wrong.to_string().contains("hunter2"),
        "{wrong}"
    );
}

#[test]
fn a_wrong_master_key_is_refused_and_not_printed() {
    for key in ["hunter2", "aHVudGVyMg=="] {
        let error = from_environment(&[("SIGNET_MASTER_KEY", key)]).unwrap_err().to_string();
        assert!(
            error.starts_with("SIGNET_MASTER_KEY: ") && !error.contains(key),
            "{error}"
        );
    }
}

#[test]
fn secrets_may_stand_in_files_but_not_in_both_places() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{MASTER_KEY}").unwrap();
    let path = file.path().to_str().unwrap();
    let settings = from_environment(&[("SIGNET_MASTER_KEY_FILE", path)]).unwrap();
    assert_eq!(settings.master_key.unwrap().expose().len(), 32);
    assert_refused(
        from_environment(&[("SIGNET_MASTER_KEY_FILE", path), ("SIGNET_MASTER_KEY", MASTER_KEY)]),
        &["SIGNET_MASTER_KEY_FILE: is given together with SIGNET_MASTER_KEY"],
    );
    assert_refused(
        from_environment(&[("SIGNET_SMTP_URL_FILE", "/nonexistent/url")]),
        &["SIGNET_SMTP_URL_FILE: \"/nonexistent/url\" cannot be read"],
    );
}

#[test]
fn the_demo_needs_the_embedded_database_and_a_local_issuer() {
    assert!(
        !from_environment(&[("SIGNET_ISSUER", "https://id.example.com")])
            .unwrap()
            .demo
    );
    assert!(!from_environment(&[("SIGNET_DEMO__ENABLED", "false")]).unwrap().demo);
    let url = [
        ("SIGNET_DATABASE_URL", "postgres://localhost/signet"),
        ("SIGNET_MASTER_KEY", MASTER_KEY),
    ];
    assert!(!from_environment(&url).unwrap().demo);
}

#[test]
fn the_example_file_explains_every_setting_and_changes_none() {
    let text = include_str!("../../../config/signet.toml");
    let as_shipped = from_file(text, &[]).unwrap();
    assert_eq!(
        format!("{as_shipped:?}"),
        format!("{:?}", from_environment(&[]).unwrap())
    );

    let mut section = String::new();
    let mut explained = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((name, value)) = line.split_once(" = ")
            && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
        {
            assert!(format!("x = {value}").parse::<toml::Table>().is_ok(), "{line}");
            explained.push(format!("{section}{name}"));
        }
    }
    explained.sort();
    let mut known: Vec<&str> = keys::KEYS.iter().map(|key| key.path).collect();
    known.sort_unstable();
    assert_eq!(explained, known);
}

#[test]
fn the_audit_trail_is_kept_for_whole_days() {
    let settings = from_environment(&[("SIGNET_AUDIT__RETENTION_DAYS", "30")]).unwrap();
    assert_eq!(settings.audit.retention, time::Duration::days(30));
    for wrong in ["0", "36601", "1.5", "400d"] {
        assert_refused(
            from_environment(&[("SIGNET_AUDIT__RETENTION_DAYS", wrong)]),
            &[
                "SIGNET_AUDIT__RETENTION_DAYS: ",
                "for example: SIGNET_AUDIT__RETENTION_DAYS=400",
            ],
        );
    }
}

#[test]
fn the_sign_ins_that_an_address_may_begin_are_a_number_or_not_limited() {
    let most = |text: &str| {
        let settings = from_environment(&[("SIGNET_LIMITS__AUTHORIZATION_REQUESTS_PER_ADDRESS", text)]);
        settings.map(|settings| settings.limits.authorization_requests_per_address)
    };
    assert_eq!(most("").unwrap(), Some(600));
    assert_eq!(most("5").unwrap(), Some(5));
    assert_eq!(most("0").unwrap(), None);
    assert!(most("-1").is_err());
}
