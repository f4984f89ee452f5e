//! Choosing a password: the rule, said in one place.

use crate::{
    base::Secret,
    domain::account::password_policy::{Surroundings, Weakness},
    flow::Core,
    model::User,
};

/// Looks at a new password for an account that exists.
///
/// # Errors
/// What is wrong with it.
pub fn check(core: &Core, password: &Secret<String>, user: &User) -> Result<(), Weakness> {
    check_for(core, password, user.username.as_deref(), user.claim("email"))
}

/// Looks at a new password for a name and an address.
///
/// # Errors
/// What is wrong with it.
pub fn check_for(
    core: &Core,
    password: &Secret<String>,
    username: Option<&str>,
    email: Option<&str>,
) -> Result<(), Weakness> {
    let surroundings = Surroundings {
        username,
        email,
        app_names: &["Signet"],
    };
    core.policy.passwords.check(password, &surroundings)
}
