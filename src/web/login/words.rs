//! What the rules of registration say, in words for people.

use crate::{
    base::Text,
    domain::account::registration::{ClaimProblem, Problem},
    web::{FieldErrors, words::weakness},
};

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
