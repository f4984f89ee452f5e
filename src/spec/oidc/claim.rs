//! The standard claims (OIDC Core §5.1) with their types and the scopes that ask for them (§5.4).

use serde_json::Value;

/// The JSON type of a standard claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimType {
    /// A string that is not blank.
    Text,
    /// An http or https URL.
    Url,
    /// An e-mail address.
    Email,
    /// An E.164 number, `+` first.
    Phone,
    /// `YYYY-MM-DD`, or `YYYY` where only the year is known.
    Birthdate,
    /// true or false.
    Boolean,
    /// The object of §5.1.1.
    Address,
}

/// One standard claim about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardClaim {
    /// Its name.
    pub name: &'static str,
    /// The scope that asks for it.
    pub scope: &'static str,
    /// Its type.
    pub kind: ClaimType,
}

const fn claim(name: &'static str, scope: &'static str, kind: ClaimType) -> StandardClaim {
    StandardClaim { name, scope, kind }
}

/// Every standard claim that is kept in a profile. `sub` and `updated_at` are not kept there but always known.
pub const STANDARD_CLAIMS: &[StandardClaim] = &[
    claim("name", "profile", ClaimType::Text),
    claim("given_name", "profile", ClaimType::Text),
    claim("family_name", "profile", ClaimType::Text),
    claim("middle_name", "profile", ClaimType::Text),
    claim("nickname", "profile", ClaimType::Text),
    claim("preferred_username", "profile", ClaimType::Text),
    claim("profile", "profile", ClaimType::Url),
    claim("picture", "profile", ClaimType::Url),
    claim("website", "profile", ClaimType::Url),
    claim("gender", "profile", ClaimType::Text),
    claim("birthdate", "profile", ClaimType::Birthdate),
    claim("zoneinfo", "profile", ClaimType::Text),
    claim("locale", "profile", ClaimType::Text),
    claim("email", "email", ClaimType::Email),
    claim("email_verified", "email", ClaimType::Boolean),
    claim("phone_number", "phone", ClaimType::Phone),
    claim("phone_number_verified", "phone", ClaimType::Boolean),
    claim("address", "address", ClaimType::Address),
];

/// The members of the `address` claim (§5.1.1).
pub const ADDRESS_MEMBERS: [&str; 6] = [
    "formatted",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
];

/// The scopes that stand for claims (§5.4).
pub const CLAIM_SCOPES: [&str; 4] = ["profile", "email", "address", "phone"];

/// Names that the protocols give a meaning to, which a custom claim may therefore not take (RFC 7519 §4.1, OIDC Core
/// §2 and §3.1.3.6, RFC 9068 §2.2, RFC 8693 §4, RFC 9449 §6, Logout specifications).
pub const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "txn",
    "scope",
    "client_id",
    "cnf",
    "act",
    "may_act",
    "events",
    "active",
    "token_type",
    "username",
    "authorization_details",
    "sub_id",
    "_claim_names",
    "_claim_sources",
    "verified_claims",
];

/// The standard claim of that name.
pub fn find(name: &str) -> Option<&'static StandardClaim> {
    STANDARD_CLAIMS.iter().find(|claim| claim.name == name)
}

/// Why a value does not fit a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    /// Another JSON type.
    #[error("has the wrong type")]
    WrongType,
    /// Blank, or with control characters.
    #[error("is blank or has control characters")]
    Blank,
    /// Longer than 1000 characters.
    #[error("is too long")]
    TooLong,
    /// Not of the form that the claim asks for.
    #[error("is not well formed")]
    Malformed,
    /// No standard claim has this name.
    #[error("is not a standard claim")]
    Unknown,
}

/// Checks a value against the claim's type.
///
/// # Errors
/// The fault.
pub fn check(name: &str, value: &Value) -> Result<(), ClaimFault> {
    let kind = find(name).ok_or(ClaimFault::Unknown)?.kind;
    match (kind, value) {
        (ClaimType::Boolean, Value::Bool(_)) => Ok(()),
        (ClaimType::Address, Value::Object(members)) => members.iter().try_for_each(|(member, value)| {
            let known = ADDRESS_MEMBERS.contains(&member.as_str());
            if known {
                check_text(value.as_str().ok_or(ClaimFault::WrongType)?, true)
            } else {
                Err(ClaimFault::Unknown)
            }
        }),
        (ClaimType::Boolean | ClaimType::Address, _) => Err(ClaimFault::WrongType),
        (kind, Value::String(text)) => {
            check_text(text, false)?;
            if is_well_formed(kind, text) {
                Ok(())
            } else {
                Err(ClaimFault::Malformed)
            }
        }
        _ => Err(ClaimFault::WrongType),
    }
}

fn check_text(text: &str, lines: bool) -> Result<(), ClaimFault> {
    if text.trim().is_empty()
        || text
            .chars()
            .any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r')))
    {
        return Err(ClaimFault::Blank);
    }
    if text.chars().count() > 1000 {
        Err(ClaimFault::TooLong)
    } else {
        Ok(())
    }
}

fn is_well_formed(kind: ClaimType, text: &str) -> bool {
    match kind {
        ClaimType::Url => url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https")),
        ClaimType::Email => is_email(text),
        ClaimType::Phone => text.strip_prefix('+').is_some_and(|digits| {
            (6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
        }),
        ClaimType::Birthdate => is_birthdate(text),
        ClaimType::Text | ClaimType::Boolean | ClaimType::Address => true,
    }
}

/// Whether `text` has the form of an address that mail can be sent to (RFC 5321 lengths; no quoting, no comments).
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.split('.').all(label)
}

fn is_birthdate(text: &str) -> bool {
    let number = |part: &str, length: usize| (part.len() == length).then(|| part.parse::<u16>().ok()).flatten();
    let mut parts = text.split('-');
    let (year, month, day, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
    let Some(year) = year.and_then(|part| number(part, 4)) else {
        return false;
    };
    match (month, day, rest) {
        (None, None, None) => true,
        (Some(month), Some(day), None) => {
            let month = number(month, 2)
                .and_then(|m| u8::try_from(m).ok())
                .and_then(|m| time::Month::try_from(m).ok());
            let day = number(day, 2).and_then(|d| u8::try_from(d).ok());
            matches!((month, day), (Some(month), Some(day))
                if time::Date::from_calendar_date(if year == 0 { 2000 } else { i32::from(year) }, month, day).is_ok())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_of_the_right_type_pass() {
        for (name, value) in [
            ("name", json!("Ada Lovelace")),
            ("email", json!("ada+x@example.com")),
            ("email", json!("root@localhost")),
            ("email_verified", json!(true)),
            ("phone_number", json!("+33612345678")),
            ("birthdate", json!("1985-04-12")),
            ("birthdate", json!("0000-02-29")),
            ("birthdate", json!("1985")),
            ("website", json!("https://example.com/~ada")),
            ("address", json!({"locality": "Lyon", "formatted": "1 rue X\nLyon"})),
        ] {
            assert_eq!(check(name, &value), Ok(()), "{name} {value}");
        }
    }

    #[test]
    fn values_of_the_wrong_type_or_form_do_not() {
        for (name, value) in [
            ("name", json!(" ")),
            ("name", json!(null)),
            ("name", json!("a\u{0}b")),
            ("email", json!("ada@")),
            ("email", json!("a b@example.com")),
            ("email", json!("a@b\r\nBcc: x@y")),
            ("email_verified", json!("true")),
            ("phone_number", json!("0612345678")),
            ("birthdate", json!("1985-13-01")),
            ("birthdate", json!("1985-4-1")),
            ("website", json!("javascript:alert(1)")),
            ("address", json!({"planet": "Earth"})),
            ("address", json!("Lyon")),
            ("shoe_size", json!("42")),
        ] {
            assert!(check(name, &value).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn standard_claims_are_not_reserved_and_unique() {
        for (at, claim) in STANDARD_CLAIMS.iter().enumerate() {
            assert!(!RESERVED.contains(&claim.name));
            assert!(
                STANDARD_CLAIMS
                    .iter()
                    .skip(at + 1)
                    .all(|other| other.name != claim.name)
            );
        }
    }
}
