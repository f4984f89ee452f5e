//! What people do with their own account: look at it, edit the profile, change e-mail address and password, take access
//! away from apps, end sessions.
//!
//! Everything here is done by somebody who is signed in ([`SignedIn`]), from a browser ([`Visit`]), for themselves. What
//! would give the account away (the e-mail address, to which links for new passwords go) also needs a fresh proof, see
//! [`confirm`].

pub mod apps;
pub mod confirm;
pub mod email;
pub mod language;
pub mod overview;
pub mod password;
pub mod profile;
pub mod sessions;

use super::{Core, audit, login::Visit, session::SignedIn};
use crate::{
    base::{Time, id::FactId},
    domain::profile::{Statement, resolve},
    model::{Actor, AuditEvent, AuditKind, Fact, FactSource, User},
    store::{self, Tx},
};

/// A line of the audit trail about what the person has just done.
fn line(core: &Core, visit: &Visit, signed_in: &SignedIn, kind: AuditKind) -> AuditEvent {
    audit::event(core, kind, &Actor::User(signed_in.user.id), &visit.origin).in_session(signed_in.session.id)
}

/// Writes what the person says of themselves, and the profile that follows from it. `user` is locked, and `known` are
/// their facts.
async fn state(
    core: &Core,
    tx: &mut Tx,
    mut user: User,
    known: &[Fact],
    statements: Vec<Statement>,
) -> Result<User, store::Error> {
    let now = core.now();
    let facts: Vec<Fact> = statements
        .into_iter()
        .map(|statement| fact(core, &user, statement, now))
        .collect();
    store::fact::insert(&mut **tx, &facts).await?;
    let resolved = resolve(known.iter().chain(&facts));
    user.profile = resolved.profile;
    user.custom_data = resolved.custom_data;
    user.updated_at = now;
    user.version = store::user::update(&mut **tx, &user).await?;
    Ok(user)
}

fn fact(core: &Core, user: &User, statement: Statement, now: Time) -> Fact {
    Fact {
        id: FactId::new(now, &*core.rng),
        user_id: user.id,
        attribute: statement.attribute,
        value: Some(statement.value),
        source: FactSource::User,
        verified: statement.verified,
        actor: Some(Actor::User(user.id).to_string()),
        asserted_at: now,
    }
}

/// Where a person can be told that something of theirs has changed. An address that was merely typed in may be a
/// stranger's.
fn reachable(user: &User) -> Option<&str> {
    user.claim("email").filter(|_| user.is_true("email_verified"))
}
