//! Choosing a password: the rule, and what goes with a change, said in one place.

use crate::{
    base::{
        Secret, Time,
        id::{SessionId, UserId},
    },
    domain::account::password_policy::{Surroundings, Weakness},
    flow::{Core, Failure, session},
    model::{EmailLinkPurpose, User},
    store::{self, Tx},
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

/// Writes the password that somebody chose: links to a new one are dead, and every session ends but perhaps the one in
/// which it was chosen. Whoever knew the old password is out. Gives the time of the change.
///
/// # Errors
/// The store's; then the transaction must be given up.
pub async fn write(
    core: &Core,
    tx: &mut Tx,
    user_id: UserId,
    hash: &Secret<String>,
    now: Time,
    staying: Option<SessionId>,
) -> Result<Time, Failure> {
    let changed_at = store::user::update_password(&mut **tx, user_id, hash, now, None).await?;
    store::email_link::delete_unused(&mut **tx, user_id, EmailLinkPurpose::ResetPassword).await?;
    session::end_others(core, tx, user_id, staying).await?;
    Ok(changed_at)
}
