//! Mail, through an SMTP server or into files.
//!
//! A mail carries links that are as good as a password for a while. Its content is in no log, no error and no `Debug`
//! output; errors name what the server or the file system said only as far as that cannot repeat the content.

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::{self, authentication::Credentials, client::Tls, client::TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::base::{Secret, Time, id::OutboxId};

/// RFC 5322 §2.1.1: the longest line of a mail, in bytes without its end.
const MAX_LINE: usize = 998;

/// One mail to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address, without a name.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part, saying the same.
    pub html: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(***)")
    }
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The SMTP address or the sender is no good; names the fault, never the value.
    #[error("{0}")]
    Setting(&'static str),
    /// The recipient's address or the text cannot be put into a mail.
    #[error("the mail cannot be written: its recipient or content is malformed")]
    Malformed,
    /// The server refused it for good.
    #[error("the mail server refused the mail ({code})")]
    Refused {
        /// The SMTP reply code, 550 to 559.
        code: u16,
    },
    /// The server did not take it this time.
    #[error("the mail server did not take the mail ({code})")]
    Deferred {
        /// The SMTP reply code.
        code: u16,
    },
    /// No sound conversation with the server.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(String),
    /// The file was not written.
    #[error("the mail's file cannot be written: {0}")]
    File(#[source] std::io::Error),
}

impl MailError {
    /// Whether the same mail would fail again however often it is tried.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Malformed | Self::Refused { .. })
    }
}

/// Sends mail.
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
}

/// How the parts of a mail are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// As every mail server can carry it: lines of any length and letters of any kind become quoted-printable or base64.
    Transport,
    /// As people read it in a file, with each link whole on its line.
    Plain,
}

impl Transport {
    fn encoding(&self) -> Encoding {
        match self {
            Self::Smtp(_) => Encoding::Transport,
            Self::Files(_) => Encoding::Plain,
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.transport {
            Transport::Smtp(_) => "Mailer(smtp)",
            Transport::Files(_) => "Mailer(files)",
        })
    }
}

impl Mailer {
    /// A mailer over SMTP. `url` is `smtps://user:password@host` (TLS from the start, port 465) or `smtp://…`
    /// (port 587 with STARTTLS). `?tls=required` insists on STARTTLS, which is the default with a password;
    /// `?tls=opportunistic` takes it if offered, the default without; `?tls=none` never does. `from` is
    /// `name@example.com` or `Name <name@example.com>`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`MailError::Setting`].
    pub fn smtp(url: &Secret<String>, from: &str) -> Result<Self, MailError> {
        Ok(Self {
            from: parse_from(from)?,
            transport: Transport::Smtp(open_smtp(url)?),
        })
    }

    /// A mailer that writes each mail into a file of `folder`, which is made when it is first needed.
    ///
    /// # Errors
    /// [`MailError::Setting`] for a wrong `from`.
    pub fn files(folder: PathBuf, from: &str) -> Result<Self, MailError> {
        Ok(Self {
            from: parse_from(from)?,
            transport: Transport::Files(folder),
        })
    }

    /// Sends one mail. `id` becomes its Message-ID, so that one that was sent twice can be told.
    ///
    /// # Errors
    /// Every [`MailError`] but [`MailError::Setting`].
    pub async fn send(&self, mail: &Mail, id: OutboxId, now: Time) -> Result<(), MailError> {
        let message = compose(&self.from, mail, id, now, self.transport.encoding())?;
        match &self.transport {
            Transport::Smtp(smtp) => match smtp.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(smtp_error(&error)),
            },
            Transport::Files(folder) => {
                let (folder, name) = (folder.clone(), file_name(id, now));
                let content = message.formatted();
                let written = tokio::task::spawn_blocking({
                    let name = name.clone();
                    move || write_file(&folder, &name, &content)
                });
                let written = written.await.map_err(std::io::Error::other);
                written.flatten().map_err(MailError::File)?;
                tracing::info!(file = %name, "a mail was written into the mail folder");
                Ok(())
            }
        }
    }

    /// Asks the SMTP server whether it answers and takes the credentials; files are always ready.
    ///
    /// # Errors
    /// As for [`Mailer::send`].
    pub async fn check(&self) -> Result<(), MailError> {
        let Transport::Smtp(smtp) = &self.transport else {
            return Ok(());
        };
        match smtp.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Unreachable("it does not answer".to_owned())),
            Err(error) => Err(smtp_error(&error)),
        }
    }
}

fn parse_from(from: &str) -> Result<Mailbox, MailError> {
    from.parse()
        .map_err(|_| MailError::Setting("the sender is no address; an example: Signet <no-reply@example.com>"))
}

fn open_smtp(url: &Secret<String>) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    const EXAMPLE: &str = "the SMTP address is no URL; an example: smtps://user:password@mail.example.com";
    let url = Url::parse(url.expose()).map_err(|_| MailError::Setting(EXAMPLE))?;
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(MailError::Setting(EXAMPLE))?;
    let mut tls_asked = None;
    for (name, value) in url.query_pairs() {
        match &*name {
            "tls" => tls_asked = Some(value.into_owned()),
            _ => {
                return Err(MailError::Setting(
                    "the SMTP address has an unknown parameter; there is only tls",
                ));
            }
        }
    }
    let parameters = || {
        TlsParameters::new(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| MailError::Setting("the SMTP address names a host that TLS cannot check"))
    };
    let has_password = url.password().is_some();
    let (tls, port) = match (url.scheme(), tls_asked.as_deref()) {
        ("smtps", None) => (Tls::Wrapper(parameters()?), smtp::SUBMISSIONS_PORT),
        ("smtp", Some("required")) => (Tls::Required(parameters()?), smtp::SUBMISSION_PORT),
        // A password never goes out in the clear unless somebody wrote that it may.
        ("smtp", None) if has_password => (Tls::Required(parameters()?), smtp::SUBMISSION_PORT),
        ("smtp", None | Some("opportunistic")) => (Tls::Opportunistic(parameters()?), smtp::SUBMISSION_PORT),
        ("smtp", Some("none")) => (Tls::None, smtp::SUBMISSION_PORT),
        ("smtp", Some(_)) => {
            return Err(MailError::Setting(
                "the SMTP address's tls is required, opportunistic or none",
            ));
        }
        _ => return Err(MailError::Setting("the SMTP address begins with smtp:// or smtps://")),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.trim_matches(['[', ']']))
        .port(url.port().unwrap_or(port))
        .tls(tls)
        .timeout(Some(Duration::from_secs(20)));
    if let Some(password) = url.password() {
        let decode = |text| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let (Ok(user), Ok(password)) = (decode(url.username()), decode(password)) else {
            return Err(MailError::Setting("the SMTP address's user or password is not UTF-8"));
        };
        builder = builder.credentials(Credentials::new(user, password));
    }
    Ok(builder.build())
}

fn compose(from: &Mailbox, mail: &Mail, id: OutboxId, now: Time, encoding: Encoding) -> Result<Message, MailError> {
    let to: Address = mail.to.parse().map_err(|_| MailError::Malformed)?;
    // A line break in a subject would begin a header of its own.
    let subject: String = mail
        .subject
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        // RFC 3834 §5: so that absence notices do not answer.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, &mail.text, encoding))
                .singlepart(part(ContentType::TEXT_HTML, &mail.html, encoding)),
        )
        .map_err(|_| MailError::Malformed)
}

fn part(kind: ContentType, text: &str, encoding: Encoding) -> SinglePart {
    let lines: Vec<&str> = text.lines().collect();
    let builder = SinglePart::builder().header(kind);
    if encoding == Encoding::Transport || lines.iter().any(|line| line.len() > MAX_LINE) {
        return builder.body(text.to_owned());
    }
    let text = lines.join("\r\n").into_bytes();
    builder.body(Body::dangerous_pre_encoded(text, ContentTransferEncoding::EightBit))
}

/// What went wrong, without the server's words: those may repeat an address or a part of the mail.
fn smtp_error(error: &smtp::Error) -> MailError {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        // 55x is about this mail and its recipient (RFC 5321 §4.2.3); other 5xx are about us, a wrong password for one.
        return match code {
            550..=559 => MailError::Refused { code },
            _ => MailError::Deferred { code },
        };
    }
    if error.is_response() || error.is_client() {
        return MailError::Unreachable("it does not speak SMTP as expected".to_owned());
    }
    MailError::Unreachable(error.to_string())
}

/// `20261121T120000.123Z-0a1b2c3d4e5f.eml`: sorts by time; the rest are random bits of the id.
fn file_name(id: OutboxId, now: Time) -> String {
    let time = time::macros::format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    let time = now.format(time).unwrap_or_default();
    let random = id.0.as_u128() & 0xffff_ffff_ffff;
    format!("{time}-{random:012x}.eml")
}

/// Writes the file beside its place and moves it there: whoever looks into the folder sees whole mails only.
fn write_file(folder: &Path, name: &str, content: &[u8]) -> Result<(), std::io::Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!("{name}.unfinished"));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(content)?;
    fs::rename(&unfinished, folder.join(name))
}

#[cfg(test)]
mod tests;
