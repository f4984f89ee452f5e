//! Reads the mails that a server wrote into its data folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The folder with mails.
pub struct Mailbox {
    folder: PathBuf,
}

/// One mail.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Mailbox {
    /// The mails of the server with that data folder.
    pub fn of(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join("mail"),
        }
    }

    /// All mails to that address so far, the oldest first.
    pub fn mails(&self, to: &str) -> Vec<Mail> {
        let mut files: Vec<PathBuf> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        files.sort();
        files
            .iter()
            .map(|path| Mail::parse(&fs::read_to_string(path).unwrap()))
            .filter(|mail| mail.to == to)
            .collect()
    }

    /// The `number`th mail to that address, counted from one; waits for it.
    ///
    /// # Panics
    /// If it does not come within 20 seconds.
    pub async fn mail(&self, to: &str, number: usize) -> Mail {
        let started = Instant::now();
        loop {
            if let Some(mail) = self.mails(to).into_iter().nth(number - 1) {
                return mail;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "no mail {number} to {to}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Mail {
    /// Reads a mail with a text and an HTML part.
    fn parse(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").expect("a mail has a head and a body");
        let content_type = header(head, "Content-Type");
        let boundary = content_type
            .split("boundary=")
            .nth(1)
            .expect("a mail has parts")
            .trim_matches('"');
        let mut mail = Self {
            to: header(head, "To"),
            subject: decode_words(&header(head, "Subject")),
            text: String::new(),
            html: String::new(),
        };
        for part in body.split(&format!("--{boundary}")).skip(1) {
            let Some((head, body)) = part.split_once("\r\n\r\n") else {
                continue;
            };
            let decoded = decode(body, &header(head, "Content-Transfer-Encoding"));
            if header(head, "Content-Type").starts_with("text/html") {
                mail.html = decoded;
            } else {
                mail.text = decoded;
            }
        }
        mail
    }

    /// The first address in the text that contains `path`.
    pub fn link(&self, path: &str) -> url::Url {
        let link = self
            .text
            .split_whitespace()
            .find(|word| word.starts_with("http") && word.contains(path));
        match link {
            Some(link) => link.parse().unwrap(),
            None => panic!("no link with {path} in {}", self.text),
        }
    }

    /// The first word of the text that is `digits` digits.
    pub fn code(&self, digits: usize) -> String {
        let code = self
            .text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .find(|word| word.len() == digits && word.bytes().all(|b| b.is_ascii_digit()));
        match code {
            Some(code) => code.to_owned(),
            None => panic!("no code of {digits} digits in {}", self.text),
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn decode(body: &str, encoding: &str) -> String {
    match encoding.to_ascii_lowercase().as_str() {
        "quoted-printable" => quoted_printable(&body.replace("=\r\n", "")),
        "base64" => {
            let compact: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(compact).unwrap()).unwrap()
        }
        _ => body.to_owned(),
    }
}

fn quoted_printable(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'=', [high, low, after @ ..]) => {
                let pair = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Decodes `=?utf-8?b?…?=` words (RFC 2047); blanks between two of them fall away.
fn decode_words(subject: &str) -> String {
    let mut decoded = String::new();
    let mut rest = subject;
    while let Some((before, word)) = rest.split_once("=?") {
        if decoded.is_empty() || !before.trim().is_empty() {
            decoded.push_str(before);
        }
        let (_charset, word) = word.split_once('?').unwrap();
        let (encoding, word) = word.split_once('?').unwrap();
        let (text, after) = word.split_once("?=").unwrap();
        if encoding.eq_ignore_ascii_case("b") {
            decoded.push_str(&decode(text, "base64"));
        } else {
            decoded.push_str(&quoted_printable(&text.replace('_', " ")));
        }
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}
