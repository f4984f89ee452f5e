//! Pending registrations.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, JsonObject, token_hash};
use crate::{
    base::{
        Locale, Time, TokenHash,
        id::{AuthorizationRequestId, RegistrationId},
    },
    model::Registration,
};

struct RegistrationRow {
    id: Uuid,
    email: String,
    username: Option<String>,
    password_hash: String,
    profile: JsonObject,
    locale: Option<String>,
    authorization_request_id: Option<Uuid>,
    link_hash: Vec<u8>,
    code_hash: Vec<u8>,
    attempts: i32,
    created_at: Time,
    expires_at: Time,
    completed_at: Option<Time>,
}

fn read(row: RegistrationRow) -> Result<Registration, Error> {
    Ok(Registration {
        id: RegistrationId(row.id),
        email: row.email,
        username: row.username,
        password_hash: row.password_hash,
        profile: row.profile.0,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        authorization_request_id: row.authorization_request_id.map(AuthorizationRequestId),
        link_hash: token_hash(&row.link_hash, "registrations.link_hash")?,
        code_hash: token_hash(&row.code_hash, "registrations.code_hash")?,
        attempts: row.attempts,
        created_at: row.created_at,
        expires_at: row.expires_at,
        completed_at: row.completed_at,
    })
}

macro_rules! select_registration {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            RegistrationRow,
            r#"
            select
                id,
                email,
                username,
                password_hash,
                profile as "profile: JsonObject",
                locale,
                authorization_request_id,
                link_hash,
                code_hash,
                attempts,
                created_at,
                expires_at,
                completed_at
            from registrations
            "# + $rest
            $(, $argument)*
        )
    };
}

/// The registration of that id in that browser; completed and expired ones too, until they are swept.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(
    db: impl PgExecutor<'_>,
    id: RegistrationId,
    browser_hash: &TokenHash,
) -> Result<Option<Registration>, Error> {
    let row = select_registration!("where id = $1 and browser_hash = $2", id.0, browser_hash.as_bytes())
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// The registration whose mailed link has that secret, in whatever browser the link was opened.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_by_link(db: impl PgExecutor<'_>, link_hash: &TokenHash) -> Result<Option<Registration>, Error> {
    let row = select_registration!("where link_hash = $1", link_hash.as_bytes())
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// Inserts the registration.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(
    db: impl PgExecutor<'_>,
    registration: &Registration,
    browser_hash: &TokenHash,
) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into registrations (
            id, browser_hash, email, username, password_hash, profile, locale, authorization_request_id, link_hash,
            code_hash, attempts, created_at, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ",
        registration.id.0,
        browser_hash.as_bytes(),
        registration.email,
        registration.username,
        registration.password_hash,
        Json(&registration.profile) as _,
        registration.locale.map(Locale::tag),
        registration.authorization_request_id.map(|id| id.0),
        registration.link_hash.as_bytes(),
        registration.code_hash.as_bytes(),
        registration.attempts,
        registration.created_at,
        registration.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Counts one try of the code before it is compared; `false` when `max_attempts` were made already, or the registration is
/// completed or expired.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count_attempt(
    db: impl PgExecutor<'_>,
    id: RegistrationId,
    max_attempts: i32,
    now: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update registrations
        set attempts = attempts + 1
        where id = $1
            and attempts < $2
            and completed_at is null
            and expires_at > $3
        ",
        id.0,
        max_attempts,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a new link and code in the place of the old ones, for another mail. The tries already made still count.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn replace_secrets(
    db: impl PgExecutor<'_>,
    id: RegistrationId,
    link_hash: &TokenHash,
    code_hash: &TokenHash,
    expires_at: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update registrations
        set link_hash = $2,
            code_hash = $3,
            expires_at = $4
        where id = $1
            and completed_at is null
        ",
        id.0,
        link_hash.as_bytes(),
        code_hash.as_bytes(),
        expires_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the right to make the account: `true` for exactly one caller.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn complete(db: impl PgExecutor<'_>, id: RegistrationId, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update registrations
        set completed_at = $2
        where id = $1
            and completed_at is null
            and expires_at > $2
        ",
        id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
