//! What people type to say who they are: an e-mail address, a username or a phone number.
//!
//! The three cannot be mistaken for one another: an address has an `@`, a number begins with `+`, and a username has
//! neither. Each is brought into the one form in which it is kept and looked up.

use std::fmt;

/// Longest e-mail address, in bytes (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const EMAIL_MAX: usize = 254;
/// Longest username, in characters.
pub const USERNAME_MAX: usize = 64;

/// A name for an account, in its normal form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// An e-mail address in lower case, its domain in ASCII.
    Email(String),
    /// A username in lower case: two that differ only in case are one.
    Username(String),
    /// A phone number as E.164: `+` and 7 to 15 digits.
    Phone(String),
}

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing was typed.
    #[error("the identifier is empty")]
    Empty,
    /// Has an `@` but is no e-mail address.
    #[error("not an e-mail address")]
    Email,
    /// Has characters that usernames cannot have, or too many.
    #[error("not a username")]
    Username,
    /// Begins with `+` but is no phone number.
    #[error("not a phone number in international form")]
    Phone,
}

impl Identifier {
    /// Reads what was typed into the sign-in form.
    ///
    /// # Errors
    /// [`IdentifierError`] if the text can be no identifier at all; the answer to the person must not differ from the
    /// one for an unknown account.
    pub fn parse(typed: &str) -> Result<Self, IdentifierError> {
        let typed = typed.trim();
        if typed.is_empty() {
            Err(IdentifierError::Empty)
        } else if typed.contains('@') {
            parse_email(typed).map(Self::Email)
        } else if typed.starts_with('+') {
            parse_phone(typed).map(Self::Phone)
        } else {
            parse_username(typed).map(|username| Self::Username(username.to_ascii_lowercase()))
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Username(text) | Self::Phone(text) => text,
        }
    }
}

impl fmt::Debug for Identifier {
    /// Names the kind only: who tried to sign in is personal, and people type passwords into the wrong field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(…)",
            Self::Username(_) => "Username(…)",
            Self::Phone(_) => "Phone(…)",
        })
    }
}

/// The normal form of an e-mail address: trimmed, in lower case, an international domain in its ASCII form.
///
/// The local part is compared without case: RFC 5321 §2.4 would allow otherwise, no mail provider does. Quoted local
/// parts and address literals are refused, they only serve to confuse.
///
/// # Errors
/// [`IdentifierError::Email`].
pub fn parse_email(typed: &str) -> Result<String, IdentifierError> {
    let (local, domain) = typed.trim().rsplit_once('@').ok_or(IdentifierError::Email)?;
    let local_is_sound = (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
    let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else {
        return Err(IdentifierError::Email);
    };
    let labels_are_sound = domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    let address = format!("{}@{domain}", local.to_ascii_lowercase());
    if local_is_sound && labels_are_sound && address.len() <= EMAIL_MAX {
        Ok(address)
    } else {
        Err(IdentifierError::Email)
    }
}

/// `atext` of RFC 5322 §3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A username as its owner writes it, trimmed: 1 to 64 ASCII letters, digits, `.`, `_` and `-`, the first one a letter,
/// a digit or `_`. ASCII, so that no two names look alike and lower case means the same everywhere.
///
/// # Errors
/// [`IdentifierError::Username`].
pub fn parse_username(typed: &str) -> Result<String, IdentifierError> {
    let username = typed.trim();
    let begins_well = username.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if begins_well && username.len() <= USERNAME_MAX && username.bytes().all(is_allowed) {
        Ok(username.to_owned())
    } else {
        Err(IdentifierError::Username)
    }
}

/// A phone number as E.164; spaces, dots, hyphens and brackets between the digits are dropped.
///
/// # Errors
/// [`IdentifierError::Phone`] without the country code, or with a wrong number of digits.
pub fn parse_phone(typed: &str) -> Result<String, IdentifierError> {
    let digits = typed.trim().strip_prefix('+').ok_or(IdentifierError::Phone)?;
    let mut number = String::from("+");
    for character in digits.chars() {
        match character {
            '0'..='9' if number.len() <= 15 => number.push(character),
            ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '/' => {}
            _ => return Err(IdentifierError::Phone),
        }
    }
    if number.len() >= 8 && !number.starts_with("+0") {
        Ok(number)
    } else {
        Err(IdentifierError::Phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_trimmed_lowered_and_put_in_ascii() {
        for (typed, normal) in [
            ("  Alice@Example.COM ", "alice@example.com"),
            ("a.b+tag@sub.example.org", "a.b+tag@sub.example.org"),
            ("o'brien@example.ie", "o'brien@example.ie"),
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ] {
            assert_eq!(
                Identifier::parse(typed),
                Ok(Identifier::Email(normal.to_owned())),
                "{typed}"
            );
        }
    }

    #[test]
    fn unsound_addresses_are_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_domain = format!("a@{}.com", "b".repeat(64));
        let long = format!("{}@{}.com", "a".repeat(64), vec!["b".repeat(60); 4].join("."));
        for typed in [
            "@",
            "a@",
            "@example.com",
            "a@b",
            "a@@example.com",
            "a b@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@127.0.0.1",
            "a@[::1]",
            "a@-x.com",
            "a@exa_mple.com",
            "a\r\nBcc: x@example.com",
            "\"a b\"@example.com",
            "a@example.com>",
            "<a@example.com",
            "a,b@example.com",
            "a@example.com\0",
            "ä@example.com",
            "a@example..com",
            "a@example.com.",
            &long_local,
            &long_domain,
            &long,
        ] {
            assert_eq!(parse_email(typed), Err(IdentifierError::Email), "{typed:?}");
        }
    }

    #[test]
    fn usernames_keep_their_case_but_are_looked_up_without() {
        assert_eq!(parse_username(" Alice.B-c_1 ").unwrap(), "Alice.B-c_1");
        assert_eq!(
            Identifier::parse("Alice").unwrap(),
            Identifier::Username("alice".to_owned())
        );
        let longest = "a".repeat(64);
        assert!(parse_username(&longest).is_ok());
        let too_long = "a".repeat(65);
        for typed in [
            "",
            ".a",
            "-a",
            "a b",
            "a@b",
            "+1",
            "a/b",
            "\u{430}lice",
            "a\nb",
            "a\0",
            &too_long,
        ] {
            assert_eq!(parse_username(typed), Err(IdentifierError::Username), "{typed:?}");
        }
    }

    #[test]
    fn phone_numbers_become_e164() {
        assert_eq!(
            Identifier::parse("+49 (30) 123-456.7").unwrap(),
            Identifier::Phone("+49301234567".to_owned())
        );
        for typed in [
            "+",
            "+012345678",
            "+123456",
            "+1234567890123456",
            "+49 30 abc",
            "+49+301234567",
        ] {
            assert_eq!(Identifier::parse(typed), Err(IdentifierError::Phone), "{typed}");
        }
        assert!(parse_phone("0301234567").is_err());
    }

    #[test]
    fn debug_output_keeps_the_name_to_itself() {
        let shown = format!("{:?}", Identifier::parse("alice@example.com"));
        assert!(!shown.contains("alice"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused_and_normal_forms_are_stable(typed in any::<String>()) {
            if let Ok(identifier) = Identifier::parse(&typed) {
                prop_assert_eq!(Identifier::parse(identifier.as_str()), Ok(identifier.clone()));
                prop_assert!(identifier.as_str().is_ascii());
                prop_assert!(!identifier.as_str().contains(char::is_control));
            }
        }

        #[test]
        fn sound_addresses_are_stable(typed in "[a-zA-Z0-9.+]{1,20}@[a-zA-Z0-9-]{1,10}\\.[a-zA-Z]{2,6}") {
            if let Ok(address) = parse_email(&typed) {
                prop_assert_eq!(parse_email(&address), Ok(address.clone()));
            }
        }
    }
}
