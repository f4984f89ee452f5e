//! The mails that Signet writes: one shape, as text and as HTML, in the reader's language.
//!
//! Mail programs know neither style sheets of other files nor custom properties, so the HTML carries its few styles
//! inline; there is no picture in it and nothing that tells when it is read.

use askama::Template;

use super::mail::Mail;
use crate::base::translate::Phrase;
use crate::base::{Text, Translator};

/// A mail before it is written out. It has no `Debug`: codes and links are secrets.
#[derive(Clone)]
pub struct Letter {
    translator: Translator,
    /// What this server calls itself.
    product: String,
    subject: Text,
    /// What it is about.
    opening: Vec<Text>,
    /// A code to type.
    code: Option<String>,
    /// A link to follow: its address and its name.
    link: Option<(String, Text)>,
    /// What else to know.
    closing: Vec<Text>,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Plain<'a> {
    letter: &'a Letter,
}

impl Letter {
    fn new(translator: Translator, product: &str, subject: &'static str, opening: Vec<Text>) -> Self {
        Self {
            translator,
            product: product.to_owned(),
            subject: Text::new(subject).with("product", product),
            opening,
            code: None,
            link: None,
            closing: Vec::new(),
        }
    }

    /// Confirms the address of somebody who registers: `code` to type, or `link` to follow, for `valid_minutes`.
    pub fn verify_email(translator: Translator, product: &str, code: &str, link: &str, valid_minutes: i64) -> Self {
        let opening = vec![Text::new("mail-verify-text").with("product", product)];
        Self {
            code: Some(code.to_owned()),
            link: Some((link.to_owned(), Text::new("mail-verify-link"))),
            closing: vec![
                Text::new("mail-verify-valid").count("n", valid_minutes),
                Text::new("mail-verify-not-you"),
            ],
            ..Self::new(translator, product, "mail-verify-subject", opening)
        }
    }

    /// Tells somebody who registers again that they have an account, so that the page need not say so.
    pub fn already_registered(translator: Translator, product: &str, sign_in_link: &str) -> Self {
        let opening = vec![Text::new("mail-known-text").with("product", product)];
        Self {
            link: Some((sign_in_link.to_owned(), Text::new("mail-known-link"))),
            closing: vec![Text::new("mail-known-forgot"), Text::new("mail-known-not-you")],
            ..Self::new(translator, product, "mail-known-subject", opening)
        }
    }

    /// Brings a link to choose a new password.
    pub fn reset_password(
        translator: Translator,
        product: &str,
        identifier: &str,
        link: &str,
        valid_minutes: i64,
    ) -> Self {
        let opening = vec![
            Text::new("mail-reset-text")
                .with("product", product)
                .with("identifier", identifier),
        ];
        Self {
            link: Some((link.to_owned(), Text::new("mail-reset-link"))),
            closing: vec![
                Text::new("mail-reset-valid").count("n", valid_minutes),
                Text::new("mail-reset-not-you"),
            ],
            ..Self::new(translator, product, "mail-reset-subject", opening)
        }
    }

    /// Tells that the password was changed.
    pub fn password_changed(translator: Translator, product: &str, identifier: &str, recover_link: &str) -> Self {
        let opening = vec![
            Text::new("mail-changed-text")
                .with("product", product)
                .with("identifier", identifier),
        ];
        Self {
            link: Some((recover_link.to_owned(), Text::new("mail-changed-link"))),
            closing: vec![Text::new("mail-changed-not-you")],
            ..Self::new(translator, product, "mail-changed-subject", opening)
        }
    }

    /// Brings somebody who has an account a link to make this address theirs.
    pub fn change_address(translator: Translator, product: &str, link: &str, valid_minutes: i64) -> Self {
        let opening = vec![Text::new("mail-address-text").with("product", product)];
        Self {
            link: Some((link.to_owned(), Text::new("mail-address-link"))),
            closing: vec![
                Text::new("mail-address-valid").count("n", valid_minutes),
                Text::new("mail-address-not-you"),
            ],
            ..Self::new(translator, product, "mail-address-subject", opening)
        }
    }

    /// Tells that the address cannot become another account's, so that the page need not say so.
    pub fn address_in_use(translator: Translator, product: &str, sign_in_link: &str) -> Self {
        let opening = vec![Text::new("mail-in-use-text").with("product", product)];
        Self {
            link: Some((sign_in_link.to_owned(), Text::new("mail-known-link"))),
            closing: vec![Text::new("mail-known-not-you")],
            ..Self::new(translator, product, "mail-in-use-subject", opening)
        }
    }

    /// Tells the old address that it is the account's no more.
    pub fn address_changed(translator: Translator, product: &str, old: &str, account_link: &str) -> Self {
        let opening = vec![
            Text::new("mail-moved-text")
                .with("product", product)
                .with("identifier", old),
        ];
        Self {
            link: Some((account_link.to_owned(), Text::new("mail-moved-link"))),
            closing: vec![Text::new("mail-moved-not-you"), Text::new("mail-changed-not-you")],
            ..Self::new(translator, product, "mail-moved-subject", opening)
        }
    }

    /// Tells that an app asks something; `link` leads to the page that says what.
    pub fn approve(translator: Translator, product: &str, app: &str, link: &str, valid_minutes: i64) -> Self {
        let opening = vec![Text::new("mail-approve-text").with("product", product).with("app", app)];
        Self {
            link: Some((link.to_owned(), Text::new("mail-approve-link"))),
            closing: vec![
                Text::new("mail-approve-valid").count("n", valid_minutes),
                Text::new("mail-approve-not-you"),
            ],
            ..Self::new(translator, product, "mail-approve-subject", opening)
        }
    }

    /// The mail to `to`.
    ///
    /// # Errors
    /// When a template cannot be written out, which its types rule out.
    pub fn write(&self, to: &str) -> Result<Mail, askama::Error> {
        Ok(Mail {
            to: to.to_owned(),
            subject: self.say(&self.subject),
            text: Plain { letter: self }.render()?,
            html: Html { letter: self }.render()?,
        })
    }

    fn say(&self, text: &Text) -> String {
        self.translator.say(text)
    }

    fn t(&self, key: &str) -> Phrase {
        self.translator.t(key)
    }

    fn lang(&self) -> &'static str {
        self.translator.locale().tag()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Locale;

    const HOSTILE: &str = "<b>\"x\"</b>";

    fn letters(locale: Locale) -> [Letter; 8] {
        let speak = Translator::new(locale);
        [
            Letter::verify_email(
                speak,
                HOSTILE,
                "482 913",
                "https://id.example/register/verify?token=a&b=c",
                30,
            ),
            Letter::already_registered(speak, "Signet", "https://id.example/login"),
            Letter::reset_password(speak, "Signet", HOSTILE, "https://id.example/recover/reset?token=t", 1),
            Letter::password_changed(speak, "Signet", "ada@example.com", "https://id.example/recover"),
            Letter::change_address(speak, HOSTILE, "https://id.example/account/email/verify?token=t", 60),
            Letter::address_in_use(speak, "Signet", "https://id.example/login"),
            Letter::address_changed(speak, "Signet", HOSTILE, "https://id.example/account"),
            Letter::approve(speak, "Signet", HOSTILE, "https://id.example/approve?id=1", 10),
        ]
    }

    #[test]
    fn every_mail_is_whole_in_every_language() {
        let folder = std::env::var_os("SIGNET_RENDER_DIR");
        for locale in Locale::ALL {
            for (number, letter) in letters(locale).iter().enumerate() {
                let mail = letter.write("ada@example.com").unwrap();
                for part in [&mail.subject, &mail.text, &mail.html] {
                    assert!(
                        !part.contains('⟦') && !part.contains("{{") && !part.trim().is_empty(),
                        "{part}"
                    );
                }
                assert!(!mail.subject.contains('\n'));
                assert!(!mail.html.contains(HOSTILE));
                assert!(mail.text.contains("https://id.example/"), "{}", mail.text);
                assert!(mail.html.contains("https://id.example/"));
                if let Some(folder) = &folder {
                    let path = std::path::Path::new(folder).join(format!("mail-{number}.{}.html", locale.tag()));
                    std::fs::write(path, &mail.html).unwrap();
                }
            }
        }
    }

    #[test]
    fn the_text_keeps_links_and_codes_as_they_are() {
        let mail = letters(Locale::En)[0].write("ada@example.com").unwrap();
        assert!(
            mail.text.contains("\nhttps://id.example/register/verify?token=a&b=c\n"),
            "{}",
            mail.text
        );
        assert!(mail.text.contains("\n    482 913\n"), "{}", mail.text);
        assert!(mail.html.contains("token=a&#38;b=c"));
    }
}
