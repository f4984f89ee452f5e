//! Making an account for oneself: what the form must say, and what an app may have asked for besides.

use serde_json::{Map, Value};

use super::{
    identifier::{IdentifierError, parse_email, parse_username},
    password_policy::Weakness,
};
use crate::spec::oidc::{
    ClaimsRequest,
    claim::{self, ClaimFault, ClaimType},
};

/// How often the mailed code may be tried; a code has a million values.
pub const MAX_CODE_ATTEMPTS: i32 = 5;

/// Digits of the mailed code.
pub const CODE_DIGITS: usize = 6;

/// What is wrong with the form, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No address.
    EmailMissing,
    /// Not an address that mail can be sent to.
    EmailMalformed,
    /// No username, where one is asked for.
    UsernameMissing,
    /// Not a username.
    UsernameMalformed,
    /// Somebody has it. Usernames are public, so that this may be said.
    UsernameTaken,
    /// No password.
    PasswordMissing,
    /// A password that is too easily guessed.
    Password(Weakness),
    /// A claim that the app needs.
    Claim(&'static str, ClaimProblem),
}

/// What is wrong with a claim's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimProblem {
    /// It is missing.
    Missing,
    /// It is not of the claim's form.
    Malformed,
}

/// The claims that an app cannot go on well without (`essential`, OIDC Core §5.5.1) and that people can type: the form
/// asks for them. Addresses are asked for anyway or have a page of their own.
pub fn asked_claims(request: &ClaimsRequest) -> Vec<&'static str> {
    let essential = |name: &str| {
        let sides = [&request.userinfo, &request.id_token];
        sides
            .iter()
            .any(|side| side.get(name).is_some_and(|claim| claim.essential))
    };
    claim::STANDARD_CLAIMS
        .iter()
        .filter(|one| {
            matches!(
                one.kind,
                ClaimType::Text | ClaimType::Url | ClaimType::Birthdate | ClaimType::Phone
            )
        })
        .map(|one| one.name)
        .filter(|name| *name != "preferred_username" && essential(name))
        .collect()
}

/// Reads the address of the form.
///
/// # Errors
/// What is wrong with it.
pub fn email(typed: &str) -> Result<String, Problem> {
    match parse_email(typed) {
        Ok(email) => Ok(email),
        Err(_) if typed.trim().is_empty() => Err(Problem::EmailMissing),
        Err(_) => Err(Problem::EmailMalformed),
    }
}

/// Reads the username of the form.
///
/// # Errors
/// What is wrong with it.
pub fn username(typed: &str) -> Result<String, Problem> {
    match parse_username(typed) {
        Ok(username) => Ok(username),
        Err(IdentifierError::Empty) => Err(Problem::UsernameMissing),
        Err(_) if typed.trim().is_empty() => Err(Problem::UsernameMissing),
        Err(_) => Err(Problem::UsernameMalformed),
    }
}

/// Reads the claims of the form: each of `asked` must be there and well formed.
///
/// # Errors
/// Everything that is wrong.
pub fn claims(
    asked: &[&'static str],
    typed: impl Fn(&str) -> Option<String>,
) -> Result<Map<String, Value>, Vec<Problem>> {
    let mut read = Map::new();
    let mut problems = Vec::new();
    for name in asked.iter().copied() {
        let text = typed(name).unwrap_or_default().trim().to_owned();
        let value = Value::String(text);
        match claim::check(name, &value) {
            Ok(()) => {
                read.insert(name.to_owned(), value);
            }
            Err(ClaimFault::Blank) => problems.push(Problem::Claim(name, ClaimProblem::Missing)),
            Err(_) => problems.push(Problem::Claim(name, ClaimProblem::Malformed)),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_essential_claims_that_people_can_type_are_asked_for() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"email":{"essential":true},
                "email_verified":{"essential":true}},"id_token":{"birthdate":{"essential":true}}}"#,
        )
        .unwrap();
        assert_eq!(asked_claims(&request), ["given_name", "birthdate"]);
    }

    #[test]
    fn every_field_says_what_is_wrong_with_it() {
        assert_eq!(email(" "), Err(Problem::EmailMissing));
        assert_eq!(email("ada"), Err(Problem::EmailMalformed));
        assert_eq!(email(" Ada@Example.com ").unwrap(), "ada@example.com");
        assert_eq!(username(""), Err(Problem::UsernameMissing));
        assert_eq!(username("a b"), Err(Problem::UsernameMalformed));
        let typed = |name: &str| (name == "birthdate").then(|| "yesterday".to_owned());
        assert_eq!(
            claims(&["given_name", "birthdate"], typed),
            Err(vec![
                Problem::Claim("given_name", ClaimProblem::Missing),
                Problem::Claim("birthdate", ClaimProblem::Malformed)
            ])
        );
        let good = claims(&["given_name"], |_| Some(" Ada ".to_owned())).unwrap();
        assert_eq!(good.get("given_name"), Some(&Value::from("Ada")));
    }
}
