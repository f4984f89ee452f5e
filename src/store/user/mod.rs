//! People: find, write. Lists are in [`list`], what a sign-in asks in [`sign_in`].

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, JsonObject, known};
use crate::{
    base::{Locale, Secret, Time, id::UserId},
    model::{User, UserStatus},
};

mod list;
mod sign_in;

pub use list::{count, find_many, list, list_by_origin, search};
pub use sign_in::{Named, find_and_count, find_for_sign_in};

/// The constraint that keeps usernames apart, whatever their case.
pub const USERNAME_KEY: &str = "users_username_key";
/// The constraint that gives a verified e-mail address to one person only.
pub const VERIFIED_EMAIL_KEY: &str = "users_verified_email_key";
/// The constraint that gives a verified phone number to one person only.
pub const VERIFIED_PHONE_KEY: &str = "users_verified_phone_key";

struct UserRow {
    id: Uuid,
    username: Option<String>,
    status: String,
    profile: JsonObject,
    custom_data: JsonObject,
    locale: Option<String>,
    roles: Vec<String>,
    version: i64,
    origin: Option<String>,
    password_expired_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
    last_sign_in_at: Option<Time>,
}

/// A password as it is kept.
#[derive(Debug, Clone)]
pub struct StoredPassword {
    /// The PHC string.
    pub hash: Secret<String>,
    /// Since when it is this one.
    pub changed_at: Option<Time>,
}

fn read(row: UserRow) -> Result<User, Error> {
    Ok(User {
        id: UserId(row.id),
        username: row.username,
        status: known(UserStatus::parse(&row.status), "users.status")?,
        profile: row.profile.0,
        custom_data: row.custom_data.0,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        roles: row.roles,
        version: row.version,
        origin: row.origin,
        password_expired_at: row.password_expired_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        last_sign_in_at: row.last_sign_in_at,
    })
}

/// `select` of a [`UserRow`] with the given rest of the statement.
macro_rules! select_user {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            UserRow,
            r#"
            select
                u.id,
                u.username,
                u.status,
                u.profile as "profile: JsonObject",
                u.custom_data as "custom_data: JsonObject",
                u.locale,
                array(
                    select r.name
                    from user_roles ur
                    join roles r on r.id = ur.role_id
                    where ur.user_id = u.id
                    order by r.name
                ) as "roles!",
                u.version,
                u.origin,
                u.password_expired_at,
                u.created_at,
                u.updated_at,
                u.last_sign_in_at
            from users u
            "# + $rest
            $(, $argument)*
        )
    };
}
use select_user;

/// The user with this id.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<User>, Error> {
    let row = select_user!("where u.id = $1", id.0).fetch_optional(db).await?;
    row.map(read).transpose()
}

/// The user with this id, locked until the transaction ends.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn lock(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<User>, Error> {
    let row = select_user!("where u.id = $1 for update of u", id.0)
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// The user with this username, whatever its case.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_by_username(db: impl PgExecutor<'_>, username: &str) -> Result<Option<User>, Error> {
    let row = select_user!("where lower(u.username) = lower($1)", username)
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// The one user for whom this address is verified.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_by_verified_email(db: impl PgExecutor<'_>, email: &str) -> Result<Option<User>, Error> {
    let row = select_user!(
        "where lower(u.profile ->> 'email') = lower($1) and (u.profile ->> 'email_verified') = 'true'",
        email
    )
    .fetch_optional(db)
    .await?;
    row.map(read).transpose()
}

/// The user's password: `None` if there is no such user or they have no password.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find_password(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<StoredPassword>, Error> {
    let row = sqlx::query!(
        r#"
        select password_hash as "password_hash!", password_changed_at
        from users
        where id = $1
            and password_hash is not null
        "#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| StoredPassword {
        hash: Secret::new(row.password_hash),
        changed_at: row.password_changed_at,
    }))
}

/// Whether the user has a password, and since when it is this one.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find_password_age(db: impl PgExecutor<'_>, id: UserId) -> Result<(bool, Option<Time>), Error> {
    let row = sqlx::query!(
        r#"
        select password_hash is not null as "has_password!", password_changed_at
        from users
        where id = $1
        "#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map_or((false, None), |row| (row.has_password, row.password_changed_at)))
}

/// Inserts the user as given, except their roles (see [`super::role::set_for_user`]).
///
/// # Errors
/// [`Error::Conflict`] with [`USERNAME_KEY`], [`VERIFIED_EMAIL_KEY`] or [`VERIFIED_PHONE_KEY`].
pub async fn insert(db: impl PgExecutor<'_>, user: &User, password_hash: Option<&Secret<String>>) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into users (
            id, username, status, password_hash, password_changed_at, password_expired_at, profile, custom_data, locale,
            version, origin, created_at, updated_at, last_sign_in_at
        )
        values ($1, $2, $3, $4, case when $4::text is not null then $11::timestamptz end, $5, $6, $7, $8, $9, $10, $11,
            $12, $13)
        ",
        user.id.0,
        user.username,
        user.status.as_str(),
        password_hash.map(|hash| hash.expose().as_str()),
        user.password_expired_at,
        Json(&user.profile) as _,
        Json(&user.custom_data) as _,
        user.locale.map(Locale::tag),
        user.version,
        user.origin,
        user.created_at,
        user.updated_at,
        user.last_sign_in_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes username, status, profile, custom data, locale, origin and `updated_at` if the row still has
/// `user.version`, and returns the new version.
///
/// # Errors
/// [`Error::Stale`] if it has another version or is gone; [`Error::Conflict`] as for [`insert`].
pub async fn update(db: impl PgExecutor<'_>, user: &User) -> Result<i64, Error> {
    sqlx::query_scalar!(
        "
        update users
        set username = $3,
            status = $4,
            profile = $5,
            custom_data = $6,
            locale = $7,
            origin = $8,
            updated_at = $9,
            version = version + 1
        where id = $1
            and version = $2
        returning version
        ",
        user.id.0,
        user.version,
        user.username,
        user.status.as_str(),
        Json(&user.profile) as _,
        Json(&user.custom_data) as _,
        user.locale.map(Locale::tag),
        user.origin,
        user.updated_at
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::Stale)
}

/// What somebody proved who they are by, before the transaction that rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The password that was last changed then.
    Password(Option<Time>),
    /// Something else: a mailed link, a session.
    Other,
}

impl Proof {
    /// For SQL: whether the password does not matter, and when it was last changed.
    pub(super) fn parts(self) -> (bool, Option<Time>) {
        match self {
            Self::Password(changed_at) => (false, changed_at),
            Self::Other => (true, None),
        }
    }
}

/// Locks the user until the transaction ends, for a write that rests on `proof`: `false` if they are not active any more,
/// or their password has been changed since. Whoever changes the password or the status afterwards finds what is written
/// now, and can end it.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn hold(db: impl PgExecutor<'_>, id: UserId, proof: Proof) -> Result<bool, Error> {
    let (any_password, changed_at) = proof.parts();
    let found = sqlx::query_scalar!(
        r#"
        select true as "found!"
        from users
        where id = $1
            and status = 'active'
            and ($2 or password_changed_at is not distinct from $3)
        for no key update
        "#,
        id.0,
        any_password,
        changed_at
    )
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Locks the row as [`hold`] does and writes when the person signed in; `false` likewise. Announces nothing: nobody caches
/// that.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn set_signed_in(db: impl PgExecutor<'_>, id: UserId, proof: Proof, at: Time) -> Result<bool, Error> {
    let (any_password, changed_at) = proof.parts();
    let done = sqlx::query!(
        "
        update users
        set last_sign_in_at = $4
        where id = $1
            and status = 'active'
            and ($2 or password_changed_at is not distinct from $3)
        ",
        id.0,
        any_password,
        changed_at,
        at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the password, and says since when it is this one: later than any before. With `expired_at` it is a one-time
/// one.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn update_password(
    db: impl PgExecutor<'_>,
    id: UserId,
    password_hash: &Secret<String>,
    changed_at: Time,
    expired_at: Option<Time>,
) -> Result<Time, Error> {
    sqlx::query_scalar!(
        r#"
        update users
        set password_hash = $2,
            password_changed_at = greatest($3, password_changed_at + interval '1 microsecond'),
            password_expired_at = $4
        where id = $1
        returning password_changed_at as "changed_at!"
        "#,
        id.0,
        password_hash.expose(),
        changed_at,
        expired_at
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound)
}

/// Writes the same password under new parameters, unless it has been changed meanwhile.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn rehash_password(
    db: impl PgExecutor<'_>,
    id: UserId,
    old_hash: &Secret<String>,
    new_hash: &Secret<String>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update users
        set password_hash = $3
        where id = $1
            and password_hash = $2
        ",
        id.0,
        old_hash.expose(),
        new_hash.expose()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers the language that the user chose.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn set_locale(db: impl PgExecutor<'_>, id: UserId, locale: Locale) -> Result<(), Error> {
    sqlx::query!(
        "
        update users
        set locale = $2
        where id = $1
            and locale is distinct from $2
        ",
        id.0,
        locale.tag()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes the user with everything that hangs on them; `false` if there is none. The audit trail stays.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, id: UserId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from users
        where id = $1
        ",
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
