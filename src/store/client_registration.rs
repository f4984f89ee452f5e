//! Clients that registered themselves, and the tokens that let them.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::Error;
use crate::{
    base::{Time, TokenHash, id::InitialAccessTokenId},
    domain::account::throttle::ThrottleKey,
    model::InitialAccessToken,
};

/// Lets one registration after the other through until the end of the transaction, so that counting before inserting is
/// exact. Registrations are rare.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn lock(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('signet client registration', 0))")
        .execute(db)
        .await?;
    Ok(())
}

/// How many there are.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count(db: impl PgExecutor<'_>) -> Result<i64, Error> {
    Ok(
        sqlx::query_scalar!(r#"select count(*) as "count!" from client_registrations"#)
            .fetch_one(db)
            .await?,
    )
}

/// What was done under that key since then: how often, and when first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count_acts(
    db: impl PgExecutor<'_>,
    subject: ThrottleKey,
    since: Time,
) -> Result<(i64, Option<Time>), Error> {
    let row = sqlx::query!(
        r#"
        select count(*) as "count!",
            min(done_at) as first
        from registration_acts
        where subject_hash = $1
            and done_at > $2
        "#,
        subject.as_bytes(),
        since
    )
    .fetch_one(db)
    .await?;
    Ok((row.count, row.first))
}

/// Writes that something was done, which counts whatever becomes of the client.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert_act(db: impl PgExecutor<'_>, subject: ThrottleKey, now: Time) -> Result<(), Error> {
    sqlx::query!(
        "insert into registration_acts (subject_hash, done_at) values ($1, $2)",
        subject.as_bytes(),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes that the client registered itself.
///
/// # Errors
/// [`Error::Conflict`].
pub async fn insert(
    db: impl PgExecutor<'_>,
    client_id: &str,
    token_hash: &TokenHash,
    address: Option<ThrottleKey>,
    now: Time,
) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into client_registrations (client_id, token_hash, address_hash, created_at)
        values ($1, $2, $3, $4)
        ",
        client_id,
        token_hash.as_bytes(),
        address.as_ref().map(ThrottleKey::as_bytes),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the client registered itself and got that registration access token.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn is_held_by(db: impl PgExecutor<'_>, client_id: &str, token_hash: &TokenHash) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select
            from client_registrations
            where client_id = $1
                and token_hash = $2
        ) as "exists!"
        "#,
        client_id,
        token_hash.as_bytes()
    )
    .fetch_one(db)
    .await?)
}

/// Remembers that an administrator set these fields, if the client registered itself.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn add_administered(db: impl PgExecutor<'_>, client_id: &str, fields: &[String]) -> Result<(), Error> {
    sqlx::query!(
        "
        update client_registrations
        set administered = array(
            select distinct field
            from unnest(administered || $2) field
            order by field
        )
        where client_id = $1
        ",
        client_id,
        fields
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The fields of the client that an administrator set.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_administered(db: impl PgExecutor<'_>, client_id: &str) -> Result<Vec<String>, Error> {
    let fields = sqlx::query_scalar!(
        "
        select administered
        from client_registrations
        where client_id = $1
        ",
        client_id
    )
    .fetch_optional(db)
    .await?;
    Ok(fields.unwrap_or_default())
}

/// Clients that registered themselves before that moment and that nobody has signed in to since. Whoever has consents,
/// grants or a sign-in on its way is in use; and what works without people leaves no trace, so it is left alone.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_unused(db: impl PgExecutor<'_>, before: Time, limit: i64) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select r.client_id
        from client_registrations r
        join clients c on c.client_id = r.client_id
        where r.created_at <= $1
            and not exists (select from consents where consents.client_id = r.client_id)
            and not exists (select from grants where grants.client_id = r.client_id)
            and not c.metadata->'grant_types' ?| array[
                'client_credentials',
                'urn:ietf:params:oauth:grant-type:jwt-bearer',
                'urn:ietf:params:oauth:grant-type:token-exchange'
            ]
        order by r.created_at
        limit $2
        "#,
        before,
        limit
    )
    .fetch_all(db)
    .await?)
}

struct TokenRow {
    id: Uuid,
    note: Option<String>,
    uses_left: Option<i32>,
    created_at: Time,
    expires_at: Time,
}

impl From<TokenRow> for InitialAccessToken {
    fn from(row: TokenRow) -> Self {
        Self {
            id: InitialAccessTokenId(row.id),
            note: row.note,
            uses_left: row.uses_left,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Keeps an initial access token.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert_token(
    db: impl PgExecutor<'_>,
    token: &InitialAccessToken,
    token_hash: &TokenHash,
) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into initial_access_tokens (id, token_hash, note, uses_left, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)
        ",
        token.id.0,
        token_hash.as_bytes(),
        token.note,
        token.uses_left,
        token.created_at,
        token.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every initial access token that has not expired, the oldest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_tokens(db: impl PgExecutor<'_>, now: Time) -> Result<Vec<InitialAccessToken>, Error> {
    let rows = sqlx::query_as!(
        TokenRow,
        "
        select id, note, uses_left, created_at, expires_at
        from initial_access_tokens
        where expires_at > $1
        order by id
        ",
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(InitialAccessToken::from).collect())
}

/// Whether the token is good now.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn is_token_good(db: impl PgExecutor<'_>, token_hash: &TokenHash, now: Time) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select
            from initial_access_tokens
            where token_hash = $1
                and expires_at > $2
                and (uses_left is null or uses_left > 0)
        ) as "exists!"
        "#,
        token_hash.as_bytes(),
        now
    )
    .fetch_one(db)
    .await?)
}

/// Uses the token once, if it is good: of uses at the same moment no more succeed than are left.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn use_token(db: impl PgExecutor<'_>, token_hash: &TokenHash, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update initial_access_tokens
        set uses_left = uses_left - 1
        where token_hash = $1
            and expires_at > $2
            and (uses_left is null or uses_left > 0)
        ",
        token_hash.as_bytes(),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the token back; `false` if there is none.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete_token(db: impl PgExecutor<'_>, id: InitialAccessTokenId) -> Result<bool, Error> {
    let done = sqlx::query!("delete from initial_access_tokens where id = $1", id.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
