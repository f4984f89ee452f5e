//! The tests of `super`.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::base::SeededRng;

const NOW: Time = time::macros::datetime!(2026-11-21 12:00:00.5 UTC);
const FROM: &str = "Signet <no-reply@signet.example>";

fn id() -> OutboxId {
    OutboxId::new(NOW, &SeededRng::new(9))
}

fn mail() -> Mail {
    Mail {
        to: "alice@example.com".to_owned(),
        subject: "Reset your password".to_owned(),
        text: "Open https://signet.example/recover?t=SECRET".to_owned(),
        html: "<p>Open <a href=\"https://signet.example/recover?t=SECRET\">this</a></p>".to_owned(),
    }
}

fn formatted(mail: &Mail) -> Result<String, MailError> {
    let message = compose(&FROM.parse().unwrap(), mail, id(), NOW, Encoding::Transport)?;
    Ok(String::from_utf8(message.formatted()).unwrap())
}

fn headers(text: &str) -> Vec<String> {
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .split("\r\n")
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_mail_has_both_parts_and_says_that_a_machine_wrote_it() {
    let text = formatted(&mail()).unwrap();
    for expected in [
        "From: Signet <no-reply@signet.example>",
        "To: alice@example.com",
        "Subject: Reset your password",
        "Date: Sat, 21 Nov 2026 12:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(
        text.contains(&format!("Message-ID: <{}@signet.example>", id())),
        "{text}"
    );
}

#[test]
fn no_header_can_be_smuggled_in() {
    let plain = headers(&formatted(&mail()).unwrap());
    for subject in [
        "Hello\r\nBcc: eve@example.com",
        "Hello\nBcc: eve@example.com",
        "Hello\rBcc: eve@example.com",
        "Hellö\r\nBcc: eve@example.com\r\n\r\nbody",
        "Hello\u{2028}Bcc: eve@example.com",
        "\r\n.\r\n",
    ] {
        let smuggled = Mail {
            subject: subject.to_owned(),
            ..mail()
        };
        assert_eq!(headers(&formatted(&smuggled).unwrap()), plain, "{subject:?}");
    }
    for to in [
        "alice@example.com\r\nBcc: eve@example.com",
        "alice@example.com, eve@example.com",
        "alice@example.com\n",
        "<alice@example.com>",
        "alice@example.com> RCPT TO:<eve@example.com",
        "",
    ] {
        let smuggled = Mail {
            to: to.to_owned(),
            ..mail()
        };
        assert!(matches!(formatted(&smuggled), Err(MailError::Malformed)), "{to:?}");
    }
}

#[test]
fn debug_output_shows_nothing_of_a_mail() {
    assert_eq!(format!("{:?}", mail()), "Mail(***)");
}

#[tokio::test]
async fn files_are_private_and_named_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let mails = folder.path().join("data/mail");
    let mailer = Mailer::files(mails.clone(), FROM).unwrap();
    mailer.send(&mail(), id(), NOW).await.unwrap();
    let files: Vec<_> = fs::read_dir(&mails).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().into_string().unwrap();
    assert!(
        name.starts_with("20261121T120000.500Z-") && name.ends_with(".eml"),
        "{name}"
    );
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        fs::read_to_string(files[0].path())
            .unwrap()
            .contains("Reset your password")
    );
}

#[tokio::test]
async fn a_file_shows_its_link_whole_on_one_line_and_letters_of_any_kind() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::files(folder.path().to_owned(), FROM).unwrap();
    let link = format!("https://signet.example/recover/reset?token={}&next=1", "x".repeat(90));
    let long = Mail {
        text: format!("Grüße!\n\nHier:\n{link}\n"),
        html: format!("<p>Grüße! <a href=\"{link}\">Hier</a></p>"),
        ..mail()
    };
    mailer.send(&long, id(), NOW).await.unwrap();
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    let content = fs::read_to_string(file.path()).unwrap();
    assert!(content.lines().any(|line| line == link), "{content}");
    assert!(content.contains("Grüße!\r\n"), "{content}");
    assert_eq!(
        content.matches("Content-Transfer-Encoding: 8bit").count(),
        2,
        "{content}"
    );
    // A mail server gets lines that it can carry.
    let message = compose(&FROM.parse().unwrap(), &long, id(), NOW, Encoding::Transport).unwrap();
    let wire = String::from_utf8(message.formatted()).unwrap();
    assert!(wire.is_ascii() && wire.lines().all(|line| line.len() <= 78), "{wire}");
    // What no line of a mail may hold is written as for the wire.
    let endless = Mail {
        html: "x".repeat(MAX_LINE + 1),
        ..mail()
    };
    let message = compose(&FROM.parse().unwrap(), &endless, id(), NOW, Encoding::Plain).unwrap();
    let wire = String::from_utf8(message.formatted()).unwrap();
    assert!(wire.lines().all(|line| line.len() <= MAX_LINE), "{wire}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error_without_content() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mailer = Mailer::files(file.path().join("mail"), FROM).unwrap();
    let error = mailer.send(&mail(), id(), NOW).await.unwrap_err();
    assert!(matches!(error, MailError::File(_)));
    assert!(!error.is_permanent());
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}

/// A server of a few lines: takes one connection, answers RCPT with `recipient`, keeps what it was told.
async fn smtp_server(recipient: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&heard);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 test ready\r\n").await.unwrap();
        let mut in_data = false;
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "." => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => "",
                "EHLO" => "250 test",
                "RCPT" => recipient,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            keep.lock().unwrap().push(line);
            if !answer.is_empty() && write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                break;
            }
        }
    });
    (port, heard)
}

fn smtp(url: &str) -> Result<Mailer, MailError> {
    Mailer::smtp(&Secret::new(url.to_owned()), FROM)
}

#[tokio::test]
async fn mail_goes_through_smtp() {
    let (port, heard) = smtp_server("250 fine").await;
    smtp(&format!("smtp://127.0.0.1:{port}"))
        .unwrap()
        .send(&mail(), id(), NOW)
        .await
        .unwrap();
    let heard = heard.lock().unwrap().join("\n");
    for expected in [
        "MAIL FROM:<no-reply@signet.example>",
        "RCPT TO:<alice@example.com>",
        "Subject: Reset your password",
    ] {
        assert!(heard.contains(expected), "{expected} is missing in {heard}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart_and_the_servers_words_left_out() {
    for (answer, permanent) in [
        ("550 no such user: SECRET", true),
        ("450 try again: SECRET", false),
        ("535 bad credentials: SECRET", false),
    ] {
        let (port, _) = smtp_server(answer).await;
        let mailer = smtp(&format!("smtp://127.0.0.1:{port}")).unwrap();
        let error = mailer.send(&mail(), id(), NOW).await.unwrap_err();
        assert_eq!(error.is_permanent(), permanent, "{answer}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("SECRET") && shown.contains(&answer[..3]), "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = smtp(&format!("smtp://127.0.0.1:{port}"))
        .unwrap()
        .send(&mail(), id(), NOW)
        .await
        .unwrap_err();
    assert!(
        matches!(error, MailError::Unreachable(_)) && !error.is_permanent(),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_password_is_not_sent_to_a_server_without_tls() {
    for parameter in ["", "?tls=required"] {
        let (port, heard) = smtp_server("250 fine").await;
        let mailer = smtp(&format!("smtp://user:PASSWORD@127.0.0.1:{port}{parameter}")).unwrap();
        assert!(mailer.send(&mail(), id(), NOW).await.is_err());
        let heard = heard.lock().unwrap().join("\n");
        assert!(
            heard.contains("EHLO") && !heard.contains("AUTH") && !heard.contains("MAIL"),
            "{heard}"
        );
    }
}

#[test]
fn wrong_settings_are_refused_without_repeating_them() {
    for url in [
        "mail.example.com",
        "http://user:PASSWORD@mail.example.com",
        "smtp://user:PASSWORD@mail.example.com?tls=maybe",
        "smtp://user:PASSWORD@mail.example.com?starttls=yes",
        "smtps://user:PASSWORD@mail.example.com?tls=none",
        "smtp://",
    ] {
        let error = smtp(url).unwrap_err();
        assert!(matches!(error, MailError::Setting(_)), "{url}");
        assert!(!format!("{error} {error:?}").contains("PASSWORD"), "{error}");
    }
    assert!(smtp("smtps://user:p%40ss@mail.example.com").is_ok());
    assert!(Mailer::files(PathBuf::from("mail"), "nobody").is_err());
    assert!(Mailer::files(PathBuf::from("mail"), "no-reply@localhost").is_ok());
}
