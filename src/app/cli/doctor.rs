//! `signet doctor`: looks at everything that a healthy server needs, and says what to do where something is wrong.

use std::process::ExitCode;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::x509::X509;
use sqlx::PgPool;

use crate::app::database::embedded;
use crate::app::ground::{Ground, GroundError, Purpose};
use crate::app::settings::{Settings, Tls};
use crate::app::tls::Certificates;
use crate::base::{Clock, SystemClock, Time};
use crate::flow::keys;
use crate::model::KeyState;
use crate::notify::mail::Mailer;

/// Tokens live for minutes; a clock that is further off than this makes relying parties refuse them.
const TOLERATED_DRIFT: time::Duration = time::Duration::seconds(5);

/// A certificate that expires so soon should have been renewed.
const SOON_EXPIRED_DAYS: i64 = 7;

/// How long the mail server may take.
const MAIL_PATIENCE: Duration = Duration::from_secs(10);

/// What one check found.
enum Finding {
    Good(String),
    Bad { fault: String, advice: String },
}

/// Prints the findings. 0 if all is well, else 1.
pub(super) async fn run(settings: Settings) -> ExitCode {
    let mut findings = vec![("configuration", configuration(&settings))];
    if let Some(files) = &settings.tls {
        findings.push((
            "certificate",
            certificate(files, settings.issuer.host(), SystemClock.now()),
        ));
    }
    // Opening it would make it: a whole new Signet in the folder in which somebody happened to stand.
    if settings.has_embedded_database() && !embedded::has_cluster(&settings.data_dir) {
        findings.push(("database", nothing_here(&settings)));
        return report(&findings);
    }
    findings.push(("mail", mail(&settings).await));
    match Ground::open(settings, Purpose::Command).await {
        Ok(ground) => {
            findings.push(("database", database(&ground).await));
            findings.push((
                "master key",
                Finding::Good("opens what this database has sealed".to_owned()),
            ));
            findings.push(("keys", signing_keys(&ground).await));
            findings.push(("clock", clock(ground.store.pool(), SystemClock.now()).await));
            ground.close().await;
        }
        Err(GroundError::MasterKey(error)) => findings.push((
            "master key",
            Finding::Bad {
                fault: error.to_string(),
                advice: "without the right key nothing that was sealed can be read".to_owned(),
            },
        )),
        Err(error) => findings.push((
            "database",
            Finding::Bad {
                fault: error.to_string(),
                advice: "the master key, the signing keys and the clock can be checked once it is open".to_owned(),
            },
        )),
    }
    report(&findings)
}

fn nothing_here(settings: &Settings) -> Finding {
    let folder = std::path::absolute(&settings.data_dir).unwrap_or_else(|_| settings.data_dir.clone());
    Finding::Bad {
        fault: format!("there is no Signet in {}", folder.display()),
        advice:
            "stand where the server is started, or set SIGNET_DATA_DIR to its data folder; its first start makes it"
                .to_owned(),
    }
}

fn report(findings: &[(&str, Finding)]) -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    for (subject, finding) in findings {
        match finding {
            Finding::Good(detail) => say!("ok       {subject}: {detail}"),
            Finding::Bad { fault, advice } => {
                say!("problem  {subject}: {fault}");
                say!("         {advice}");
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}

/// The settings are sound, or the program would not have come here; this tells what they amount to.
fn configuration(settings: &Settings) -> Finding {
    let is_public = !settings.listen.ip().is_loopback();
    if is_public && settings.issuer.is_https() && settings.tls.is_none() && settings.trusted_proxies.is_empty() {
        return Finding::Bad {
            fault: format!("listens on {} without TLS, and no proxy is trusted", settings.listen),
            advice: "set tls.cert_file and tls.key_file, or trusted_proxies if a proxy speaks TLS for Signet"
                .to_owned(),
        };
    }
    let database = if settings.has_embedded_database() {
        "embedded"
    } else {
        "given"
    };
    Finding::Good(format!(
        "issuer {}, listen {}, data folder {}, {database} database",
        settings.issuer,
        settings.listen,
        settings.data_dir.display()
    ))
}

/// The files are what the server would read; then how long the certificate is good, and for whom.
fn certificate(files: &Tls, host: &str, now: Time) -> Finding {
    let bad = |fault: String, advice: &str| Finding::Bad {
        fault,
        advice: advice.to_owned(),
    };
    if let Err(error) = Certificates::read(files) {
        let advice = "both files are PEM: the chain with the server's certificate first, and that one's private key";
        return bad(error.to_string(), advice);
    }
    let certificate = match std::fs::read(&files.cert_file).map(|pem| X509::from_pem(&pem)) {
        Ok(Ok(certificate)) => certificate,
        _ => return bad("it cannot be read".to_owned(), "check tls.cert_file"),
    };
    let renew = "renew it, then send SIGHUP to the server";
    let in_days = |days: i64| Asn1Time::from_unix((now + time::Duration::days(days)).unix_timestamp());
    let (Ok(today), Ok(soon)) = (in_days(0), in_days(SOON_EXPIRED_DAYS)) else {
        return bad("the time cannot be compared".to_owned(), "set the machine's clock");
    };
    let (from, until) = (certificate.not_before(), certificate.not_after());
    if from > today {
        return bad(format!("it is good only from {from}"), "check the machine's clock");
    }
    if until < today {
        return bad(format!("it has expired on {until}"), renew);
    }
    if until < soon {
        return bad(format!("it expires on {until}"), renew);
    }
    let names: Vec<String> = certificate
        .subject_alt_names()
        .into_iter()
        .flatten()
        .filter_map(|name| name.dnsname().map(str::to_ascii_lowercase))
        .collect();
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    if !is_address && !names.iter().any(|name| covers(name, host)) {
        let fault = format!("it is for {}, but the issuer's host is {host}", names.join(", "));
        return bad(fault, "take a certificate that names the issuer's host");
    }
    Finding::Good(format!("good until {until}"))
}

/// Whether a name of a certificate covers the host; a star stands for one whole label (RFC 9525 §6.3).
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

async fn mail(settings: &Settings) -> Finding {
    let Some(url) = &settings.mail.smtp_url else {
        let folder = settings.data_dir.join("mail");
        return Finding::Good(format!(
            "no mail server is set; mails become files in {}",
            folder.display()
        ));
    };
    let bad = |fault: String| Finding::Bad {
        fault,
        advice: "check mail.smtp_url (SIGNET_SMTP_URL): scheme, host, port, user and password".to_owned(),
    };
    let mailer = match Mailer::smtp(url, &settings.mail.from) {
        Ok(mailer) => mailer,
        Err(error) => return bad(error.to_string()),
    };
    match tokio::time::timeout(MAIL_PATIENCE, mailer.check()).await {
        Ok(Ok(())) => Finding::Good("the mail server answers".to_owned()),
        Ok(Err(error)) => bad(format!("the mail server does not answer: {error}")),
        Err(_) => bad("the mail server does not answer in time".to_owned()),
    }
}

async fn database(ground: &Ground) -> Finding {
    let version = sqlx::query_scalar!(r#"select current_setting('server_version') as "version!""#)
        .fetch_one(ground.store.pool())
        .await;
    match version {
        Ok(version) => Finding::Good(format!("PostgreSQL {version}, all migrations applied")),
        Err(error) => Finding::Bad {
            fault: format!("it does not answer: {error}"),
            advice: "look at its log".to_owned(),
        },
    }
}

async fn signing_keys(ground: &Ground) -> Finding {
    let now = SystemClock.now();
    let known = match keys::list(&ground.store).await {
        Ok(known) => known,
        Err(error) => {
            return Finding::Bad {
                fault: format!("they cannot be read: {error}"),
                advice: "look at the database's log".to_owned(),
            };
        }
    };
    let active: Vec<&str> = known
        .iter()
        .filter(|key| key.state(now) == KeyState::Active)
        .map(|key| key.alg.name())
        .collect();
    if active.is_empty() {
        return Finding::Good("none yet; the first start of the server makes them".to_owned());
    }
    let wanted = &ground.settings.keys.algorithms;
    let missing: Vec<&str> = wanted
        .iter()
        .map(String::as_str)
        .filter(|name| !active.contains(name))
        .collect();
    if missing.is_empty() {
        return Finding::Good(format!("one signs for each of {}", wanted.join(", ")));
    }
    Finding::Bad {
        fault: format!("none signs for {}", missing.join(", ")),
        advice: "start the server, which makes what is missing; or take the algorithm out of keys.algorithms"
            .to_owned(),
    }
}

async fn clock(pool: &PgPool, own: Time) -> Finding {
    match sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
        .fetch_one(pool)
        .await
    {
        Ok(other) => compare(own, other),
        Err(error) => Finding::Bad {
            fault: format!("the database's clock cannot be read: {error}"),
            advice: "look at the database's log".to_owned(),
        },
    }
}

fn compare(own: Time, other: Time) -> Finding {
    // Tokens of a clock that stands before this version was written would be refused everywhere.
    let advice = "set the machines' clocks by NTP, for example with `timedatectl set-ntp true`".to_owned();
    if own.year() < 2026 {
        return Finding::Bad {
            fault: format!("it shows {own}"),
            advice,
        };
    }
    let drift = (own - other).abs();
    if drift > TOLERATED_DRIFT {
        return Finding::Bad {
            fault: format!("it differs from the database's by {} seconds", drift.whole_seconds()),
            advice,
        };
    }
    Finding::Good("agrees with the database's".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificates_name_covers_its_host_or_one_label() {
        assert!(covers("id.example.com", "ID.example.com"));
        assert!(covers("*.example.com", "id.example.com"));
        assert!(!covers("*.example.com", "a.id.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("example.com", "id.example.com"));
    }

    #[test]
    fn clocks_may_differ_by_a_little() {
        let now = Time::UNIX_EPOCH + time::Duration::days(365 * 57);
        assert!(matches!(
            compare(now, now + time::Duration::seconds(4)),
            Finding::Good(_)
        ));
        assert!(matches!(
            compare(now, now + time::Duration::seconds(6)),
            Finding::Bad { .. }
        ));
        assert!(matches!(
            compare(Time::UNIX_EPOCH, Time::UNIX_EPOCH),
            Finding::Bad { .. }
        ));
    }
}
