//! What may become a password: long enough, not common, not one's own name. NIST SP 800-63B §3.1.1.2: no rules about
//! kinds of characters, no forced changes.
//!
//! `common_passwords.txt` holds the 10 000 most used passwords and words of at least eight characters, in lower case and
//! sorted by bytes. It is taken from the frequency lists of zxcvbn (Copyright (c) 2012-2016 Dan Wheeler and Dropbox,
//! Inc., and of its port to Rust, Copyright (c) 2016 Joshua Holmer), under the MIT licence.

use std::cmp::Ordering;

use crate::base::Secret;

/// Fewest characters that an operator may set (NIST SP 800-63B §3.1.1.2).
pub const MIN_LENGTH: usize = 8;
/// Most characters of a password: bounds the work, far above what anyone remembers.
pub const MAX_LENGTH: usize = 256;

static COMMON: &str = include_str!("common_passwords.txt");

/// The operator's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    min_length: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: MIN_LENGTH }
    }
}

/// What is known about the person and the place; none of it may be the password.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// The username, if there is one.
    pub username: Option<&'a str>,
    /// The e-mail address, if there is one; its part before the `@` counts too.
    pub email: Option<&'a str>,
    /// The name of this service and of the app that the person comes from.
    pub app_names: &'a [&'a str],
}

/// What is wrong with a password, in the order in which a page should name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer characters than the policy asks for.
    #[error("the password needs at least {min} characters")]
    TooShort {
        /// The fewest characters allowed.
        min: usize,
    },
    /// More characters than anyone types.
    #[error("the password may have at most {max} characters")]
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// Among the first that an attacker tries.
    #[error("the password is one of the most common ones")]
    Common,
    /// The same as the username.
    #[error("the password is the username")]
    IsUsername,
    /// The same as the e-mail address, or as its part before the `@`.
    #[error("the password is the e-mail address")]
    IsEmail,
    /// The same as the name of this service or of the app.
    #[error("the password is the name of the app")]
    IsAppName,
}

impl PasswordPolicy {
    /// A policy with a least length; `None` outside 8 to 256 characters.
    pub fn new(min_length: usize) -> Option<Self> {
        (MIN_LENGTH..=MAX_LENGTH)
            .contains(&min_length)
            .then_some(Self { min_length })
    }

    /// The fewest characters allowed, for the hint beside the field.
    pub fn min_length(&self) -> usize {
        self.min_length
    }

    /// Looks at a new password. Nothing is ever said about one that is already in use.
    ///
    /// # Errors
    /// The first [`Weakness`] found.
    pub fn check(&self, password: &Secret<String>, surroundings: &Surroundings<'_>) -> Result<(), Weakness> {
        let password = password.expose();
        let length = password.chars().take(MAX_LENGTH + 1).count();
        if length < self.min_length {
            return Err(Weakness::TooShort { min: self.min_length });
        }
        if length > MAX_LENGTH {
            return Err(Weakness::TooLong { max: MAX_LENGTH });
        }
        let password = zeroize::Zeroizing::new(password.trim().to_lowercase());
        let is = |name: &str| !name.is_empty() && name.trim().to_lowercase() == *password;
        if is_common(&password) || is_run(&password) {
            return Err(Weakness::Common);
        }
        if surroundings.username.is_some_and(is) {
            return Err(Weakness::IsUsername);
        }
        let local_part = surroundings.email.and_then(|email| email.split('@').next());
        if surroundings.email.is_some_and(is) || local_part.is_some_and(is) {
            return Err(Weakness::IsEmail);
        }
        if surroundings.app_names.iter().any(|name| is(name)) {
            return Err(Weakness::IsAppName);
        }
        Ok(())
    }
}

/// Whether the list holds `password` (already in lower case). A binary search in the text itself: an index would cost
/// more memory than the list.
fn is_common(password: &str) -> bool {
    if password.contains('\n') {
        return false;
    }
    let mut rest = COMMON;
    while !rest.is_empty() {
        let middle = rest.floor_char_boundary(rest.len() / 2);
        let (before, after) = rest.split_at(middle);
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = after.find('\n').map_or(rest.len(), |newline| middle + newline);
        let line = rest.get(begin..end).unwrap_or_default();
        rest = match password.as_bytes().cmp(line.as_bytes()) {
            Ordering::Equal => return true,
            Ordering::Less => rest.get(..begin).unwrap_or_default(),
            Ordering::Greater => rest.get(end + 1..).unwrap_or_default(),
        };
    }
    false
}

/// Whether every character follows the one before by the same step of -1, 0 or 1: `aaaaaaaa`, `23456789`, `hgfedcba`.
fn is_run(password: &str) -> bool {
    let codes: Vec<i64> = password
        .chars()
        .map(|character| i64::from(u32::from(character)))
        .collect();
    let mut steps = codes.iter().zip(codes.iter().skip(1)).map(|(one, next)| next - one);
    steps
        .next()
        .is_some_and(|first| first.abs() <= 1 && steps.all(|step| step == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), Weakness> {
        PasswordPolicy::default().check(&Secret::new(password.to_owned()), &Surroundings::default())
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_complete() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert_eq!(lines.len(), 10_000);
        assert!(lines.is_sorted_by(|one, next| one.as_bytes() < next.as_bytes()));
        for line in lines {
            assert_eq!(line, line.to_lowercase());
            assert!(line.chars().count() >= MIN_LENGTH, "{line}");
            assert!(is_common(line), "{line} is not found");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("pässwör"), Err(Weakness::TooShort { min: 8 }));
        assert_eq!(check("vžłößdñy"), Ok(()));
        assert_eq!(check(&"ab".repeat(128)), Ok(()));
        assert_eq!(check(&"ab".repeat(129)), Err(Weakness::TooLong { max: 256 }));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for password in [
            "password",
            "Password1",
            "QWERTYUIOP",
            " iloveyou ",
            "12345678",
            "00000000",
            "87654321",
            "aaaaaaaaaa",
        ] {
            assert_eq!(check(password), Err(Weakness::Common), "{password}");
        }
    }

    #[test]
    fn no_kind_of_character_is_asked_for() {
        for password in ["correct horse battery staple", "tgvbuzhn", "83920174", "pass\nword"] {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn ones_own_names_are_refused() {
        let surroundings = Surroundings {
            username: Some("Al.Whistler"),
            email: Some("al.whistler.home@example.com"),
            app_names: &["Signet", "Grocery Planner"],
        };
        for (password, weakness) in [
            ("al.whistler", Weakness::IsUsername),
            ("AL.WHISTLER.HOME@EXAMPLE.COM", Weakness::IsEmail),
            ("al.whistler.home", Weakness::IsEmail),
            ("grocery planner", Weakness::IsAppName),
        ] {
            let password = Secret::new(password.to_owned());
            assert_eq!(PasswordPolicy::default().check(&password, &surroundings), Err(weakness));
        }
        let other = Secret::new("al.whistler is my name".to_owned());
        assert_eq!(PasswordPolicy::default().check(&other, &surroundings), Ok(()));
    }

    #[test]
    fn an_operator_can_ask_for_more_but_not_for_less() {
        assert!(PasswordPolicy::new(7).is_none());
        let policy = PasswordPolicy::new(15).unwrap();
        let password = Secret::new("tgvbuzhnokplwx".to_owned());
        assert_eq!(
            policy.check(&password, &Surroundings::default()),
            Err(Weakness::TooShort { min: 15 })
        );
    }
}
