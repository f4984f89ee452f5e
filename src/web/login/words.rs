//! What the rules say, in words for people.

use crate::{
    base::Text,
    domain::account::{
        password_policy::Weakness,
        registration::{ClaimProblem, Problem},
    },
    web::FieldErrors,
};

/// What is wrong with a password.
pub fn weakness(weakness: Weakness) -> Text {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    match weakness {
        Weakness::TooShort { min } => Text::new("error-password-short").count("n", number(min)),
        Weakness::TooLong { max } => Text::new("error-password-long").count("n", number(max)),
        Weakness::Common => Text::new("error-password-common"),
        Weakness::IsUsername | Weakness::IsEmail | Weakness::IsAppName => Text::new("error-password-personal"),
    }
}

/// What is wrong with a registration, field by field.
pub fn problems(problems: &[Problem]) -> FieldErrors {
    let mut errors = FieldErrors::none();
    for problem in problems {
        match problem {
            Problem::EmailMissing => errors.add("email", Text::new("error-required")),
            Problem::EmailMalformed => errors.add("email", Text::new("error-email-format")),
            Problem::UsernameMissing => errors.add("username", Text::new("error-required")),
            Problem::UsernameMalformed => errors.add("username", Text::new("error-username-format")),
            Problem::UsernameTaken => errors.add("username", Text::new("error-username-taken")),
            Problem::PasswordMissing => errors.add("password", Text::new("error-required")),
            Problem::Password(weak) => errors.add("password", weakness(*weak)),
            Problem::Claim(name, ClaimProblem::Missing) => errors.add(*name, Text::new("error-required")),
            Problem::Claim(name, ClaimProblem::Malformed) => errors.add(*name, Text::new("error-value")),
        }
    }
    errors
}

/// That there were too many attempts, and how long to wait.
pub fn too_many(wait_seconds: i64) -> Text {
    Text::new("error-too-many").count("n", wait_seconds.max(1).saturating_add(59) / 60)
}
