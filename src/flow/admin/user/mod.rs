//! Administrators create and edit people.

mod read;
mod state;

use serde_json::{Map, Value, json};
use time::Duration;

use super::{By, Difference, Error, Fault, Invalid, ensure_admin_role, line, record};
use crate::{
    base::{
        Locale, Secret, Time,
        id::{FactId, UserId},
    },
    domain::{
        account::{
            identifier::parse_username,
            password_policy::{PasswordPolicy, Surroundings},
        },
        profile::{self, Patch, Statement},
    },
    flow::Core,
    model::{AuditKind, EmailLinkPurpose, Fact, FactSource, User, UserStatus, user::ADMIN_ROLE},
    store::{self, Tx},
};

pub use read::{Detail, detail, find, find_by_identifier, list, roles};
pub use state::{delete, end_session, end_sessions, set_password};
pub(in crate::flow) use state::{delete_in, set_password_in};

/// A password that an administrator gives to somebody.
#[derive(Debug, Clone)]
pub enum NewPassword {
    /// This one; it stays until it is changed.
    Chosen(Secret<String>),
    /// A random one that must be replaced at the next sign-in.
    OneTime,
}

/// What should change about a person; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// The username; the inner `None` takes it away.
    pub username: Option<Option<String>>,
    /// Whether they may sign in.
    pub status: Option<UserStatus>,
    /// The language of their pages; the inner `None` takes the choice away.
    pub locale: Option<Option<Locale>>,
    /// Exactly these roles.
    pub roles: Option<Vec<String>>,
    /// Profile and custom data.
    pub patch: Patch,
}

/// Somebody new.
#[derive(Debug)]
pub struct Created {
    /// Them.
    pub user: User,
    /// Their one-time password, to be shown once.
    pub one_time_password: Option<Secret<String>>,
}

/// A password, ready to be written.
pub(in crate::flow) struct Hashed {
    pub(in crate::flow) hash: Secret<String>,
    pub(in crate::flow) one_time: Option<Secret<String>>,
}

/// Hashes a new password. Slow: outside of transactions.
///
/// # Errors
/// [`Error::Password`], or [`Error::Invalid`] for a weak one.
async fn hash(core: &Core, password: &NewPassword, surroundings: &Surroundings<'_>) -> Result<Hashed, Error> {
    let (plain, one_time) = match password {
        NewPassword::Chosen(chosen) => {
            let checked = PasswordPolicy::default().check(chosen, surroundings);
            checked.map_err(|weakness| Error::invalid("password", Fault::Password(weakness)))?;
            (chosen.clone(), None)
        }
        NewPassword::OneTime => {
            let made = one_time_password(core);
            (made.clone(), Some(made))
        }
    };
    let hash = Secret::new(core.passwords.hash(&plain).await?);
    Ok(Hashed { hash, one_time })
}

/// 95 random bits in four groups of five letters and digits that nobody mixes up.
fn one_time_password(core: &Core) -> Secret<String> {
    const LETTERS: &[char] = &[
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y',
        'z', '2', '3', '4', '5', '6', '7', '8', '9',
    ];
    let mut text = String::with_capacity(23);
    for place in 0..20 {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        let drawn = core.rng.below(LETTERS.len().try_into().unwrap_or(u32::MAX));
        text.extend(LETTERS.get(drawn as usize));
    }
    Secret::new(text)
}

/// Creates somebody.
///
/// # Errors
/// [`Error::Invalid`] and the failures of the machinery.
pub async fn create(core: &Core, by: &By, edit: &Edit, password: Option<&NewPassword>) -> Result<Created, Error> {
    let surroundings = Surroundings {
        username: edit.username.as_ref().and_then(|name| name.as_deref()),
        email: edit.patch.profile.get("email").and_then(Value::as_str),
        app_names: &[],
    };
    let mut hashed = match password {
        Some(password) => Some(hash(core, password, &surroundings).await?),
        None => None,
    };
    let mut tx = core.store.begin().await?;
    let user = create_in(core, &mut tx, by, edit, hashed.as_ref(), None).await?;
    tx.commit().await?;
    Ok(Created {
        user,
        one_time_password: hashed.as_mut().and_then(|hashed| hashed.one_time.take()),
    })
}

/// Creates somebody in the caller's transaction.
///
/// # Errors
/// [`Error::Invalid`]; then the transaction must be given up.
pub(in crate::flow) async fn create_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    edit: &Edit,
    password: Option<&Hashed>,
    origin: Option<&str>,
) -> Result<User, Error> {
    let now = core.now();
    let one_time = password.is_some_and(|hashed| hashed.one_time.is_some());
    let mut user = User {
        id: UserId::new(now, &*core.rng),
        username: None,
        status: UserStatus::Active,
        profile: Map::new(),
        custom_data: Map::new(),
        locale: None,
        roles: Vec::new(),
        version: 1,
        origin: origin.map(str::to_owned),
        password_expired_at: one_time.then_some(now),
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    };
    let facts = assemble(core, by, &mut user, edit, &[])?;
    let inserted = store::user::insert(&mut **tx, &user, password.map(|hashed| &hashed.hash)).await;
    inserted.map_err(taken)?;
    store::fact::insert(&mut **tx, &facts).await?;
    set_roles(core, tx, &user).await?;
    let data = Difference::between(&Map::new(), &visible(&user)).data();
    let mut event = line(core, by, AuditKind::UserCreated, data);
    event.user_id = Some(user.id);
    record(tx, event).await?;
    Ok(user)
}

/// Changes somebody whose page showed `version`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], [`Error::LastAdministrator`].
pub async fn edit(core: &Core, by: &By, id: UserId, version: i64, edit: &Edit) -> Result<User, Error> {
    let mut tx = core.store.begin().await?;
    let before = store::user::lock(&mut *tx, id).await?.ok_or(Error::NotFound("user"))?;
    if before.version != version {
        return Err(Error::Stale);
    }
    let (user, _) = edit_in(core, &mut tx, by, before, edit).await?;
    tx.commit().await?;
    Ok(user)
}

/// Changes somebody who is locked in the caller's transaction, and says what changed; nothing is written if nothing did.
///
/// # Errors
/// [`Error::Invalid`], [`Error::LastAdministrator`]; then the transaction must be given up.
pub(in crate::flow) async fn edit_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    before: User,
    edit: &Edit,
) -> Result<(User, Difference), Error> {
    let known = store::fact::list_current(&mut **tx, before.id).await?;
    let mut user = before.clone();
    let facts = assemble(core, by, &mut user, edit, &known)?;
    let difference = Difference::between(&visible(&before), &visible(&user));
    if difference.is_empty() {
        return Ok((before, difference));
    }
    user.updated_at = core.now();
    user.version = store::user::update(&mut **tx, &user).await.map_err(taken)?;
    if !facts.is_empty() {
        store::fact::insert(&mut **tx, &facts).await?;
    }
    if before.roles != user.roles {
        set_roles(core, tx, &user).await?;
    }
    state::after_change(core, tx, &before, &user).await?;
    let mut event = line(core, by, AuditKind::UserUpdated, difference.clone().data());
    event.user_id = Some(user.id);
    record(tx, event).await?;
    Ok((user, difference))
}

/// Applies the edit to `user` in memory and gives the facts that go with it.
fn assemble(core: &Core, by: &By, user: &mut User, edit: &Edit, known: &[Fact]) -> Result<Vec<Fact>, Error> {
    let mut invalid = Vec::new();
    match edit.username.as_ref() {
        None => {}
        Some(None) => user.username = None,
        Some(Some(name)) => match parse_username(name) {
            Ok(name) => user.username = Some(name),
            Err(_) => invalid.push(Invalid {
                field: "username".to_owned(),
                fault: Fault::Username,
            }),
        },
    }
    if let Some(status) = edit.status {
        user.status = status;
    }
    if let Some(locale) = edit.locale {
        user.locale = locale;
    }
    if let Some(roles) = &edit.roles {
        user.roles = roles.clone();
        user.roles.sort_unstable();
        user.roles.dedup();
    }
    let statements = edit
        .patch
        .decide(known, &FactSource::Administrator)
        .unwrap_or_else(|errors| {
            invalid.extend(errors.into_iter().map(|error| Invalid {
                field: error.field,
                fault: Fault::Profile(error.fault),
            }));
            Vec::new()
        });
    // Whatever the clocks of other processes said: what is stated now comes after what is known.
    let latest = known
        .iter()
        .map(|fact| fact.asserted_at + Duration::microseconds(1))
        .max();
    let at = latest.map_or(core.now(), |latest| latest.max(core.now()));
    let facts: Vec<Fact> = statements
        .into_iter()
        .map(|statement| fact(core, by, user.id, statement, at))
        .collect();
    let resolved = profile::resolve(known.iter().chain(&facts));
    user.profile = resolved.profile;
    user.custom_data = resolved.custom_data;
    if invalid.is_empty() && user.username.is_none() && !user.profile.contains_key("email") {
        invalid.push(Invalid {
            field: "username".to_owned(),
            fault: Fault::NoIdentifier,
        });
    }
    if invalid.is_empty() {
        Ok(facts)
    } else {
        Err(Error::Invalid(invalid))
    }
}

fn fact(core: &Core, by: &By, user_id: UserId, statement: Statement, at: Time) -> Fact {
    Fact {
        id: FactId::new(at, &*core.rng),
        user_id,
        attribute: statement.attribute,
        value: Some(statement.value),
        source: FactSource::Administrator,
        verified: statement.verified,
        actor: Some(by.actor.to_string()),
        asserted_at: at,
    }
}

async fn set_roles(core: &Core, tx: &mut Tx, user: &User) -> Result<(), Error> {
    if user.roles.iter().any(|role| role == ADMIN_ROLE) {
        ensure_admin_role(core, tx).await?;
    }
    let known = store::role::list(&mut **tx).await?;
    if let Some(unknown) = user
        .roles
        .iter()
        .find(|name| known.iter().all(|role| role.name != **name))
    {
        return Err(Error::invalid("roles", Fault::UnknownRole(unknown.clone())));
    }
    Ok(store::role::set_for_user(tx, user.id, &user.roles).await?)
}

/// Forgets links to a new password when they could have gone to an address that is no longer theirs.
async fn forget_links(tx: &mut Tx, id: UserId) -> Result<(), store::Error> {
    store::email_link::delete_unused(&mut **tx, id, EmailLinkPurpose::ResetPassword).await?;
    store::email_link::delete_unused(&mut **tx, id, EmailLinkPurpose::VerifyEmail).await
}

/// A person as the audit trail compares them: flat, without secrets.
fn visible(user: &User) -> Map<String, Value> {
    let mut state = Map::new();
    state.extend(user.username.as_ref().map(|name| ("username".to_owned(), json!(name))));
    state.insert("status".to_owned(), json!(user.status.as_str()));
    state.extend(
        user.locale
            .map(|locale| ("locale_of_pages".to_owned(), json!(locale.tag()))),
    );
    if !user.roles.is_empty() {
        state.insert("roles".to_owned(), json!(user.roles));
    }
    let profile = user.profile.iter().map(|(name, value)| (name.clone(), value.clone()));
    state.extend(profile.map(|(name, value)| (format!("profile.{name}"), value)));
    let custom = user
        .custom_data
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    state.extend(custom.map(|(name, value)| (format!("custom_data.{name}"), value)));
    state
}

fn taken(error: store::Error) -> Error {
    let field = [
        (store::user::USERNAME_KEY, "username"),
        (store::user::VERIFIED_EMAIL_KEY, "email"),
        (store::user::VERIFIED_PHONE_KEY, "phone_number"),
    ];
    match field.into_iter().find(|(constraint, _)| error.is_conflict(constraint)) {
        Some((_, field)) => Error::invalid(field, Fault::Taken),
        None => error.into(),
    }
}
