//! Pending authorization requests, each bound to the browser that brought it: who has only the id finds nothing.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::Error;
use crate::{
    base::{
        Time, TokenHash,
        id::{AuthorizationRequestId, SessionId},
    },
    domain::account::throttle::ThrottleKey,
    model::{AuthorizationParameters, AuthorizationRequest},
};

struct AuthorizationRequestRow {
    id: Uuid,
    client_id: String,
    parameters: Json<AuthorizationParameters>,
    authenticated_at: Option<Time>,
    session_id: Option<Uuid>,
    selected_at: Option<Time>,
    consented_at: Option<Time>,
    finished_at: Option<Time>,
    created_at: Time,
    expires_at: Time,
}

fn read(row: AuthorizationRequestRow) -> AuthorizationRequest {
    AuthorizationRequest {
        id: AuthorizationRequestId(row.id),
        client_id: row.client_id,
        parameters: row.parameters.0,
        authenticated_at: row.authenticated_at,
        session_id: row.session_id.map(SessionId),
        selected_at: row.selected_at,
        consented_at: row.consented_at,
        finished_at: row.finished_at,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}

macro_rules! select_request {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            AuthorizationRequestRow,
            r#"
            select
                id,
                client_id,
                parameters as "parameters: Json<AuthorizationParameters>",
                authenticated_at,
                session_id,
                selected_at,
                consented_at,
                finished_at,
                created_at,
                expires_at
            from authorization_requests
            "# + $rest
            $(, $argument)*
        )
    };
}

/// The request of that id in that browser; finished and expired ones too, until they are swept.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(
    db: impl PgExecutor<'_>,
    id: AuthorizationRequestId,
    browser_hash: &TokenHash,
) -> Result<Option<AuthorizationRequest>, Error> {
    let row = select_request!("where id = $1 and browser_hash = $2", id.0, browser_hash.as_bytes())
        .fetch_optional(db)
        .await?;
    Ok(row.map(read))
}

/// How many requests one address may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The address.
    pub address: ThrottleKey,
    /// So many; at least one.
    pub most: u32,
    /// After this moment.
    pub since: Time,
}

/// Inserts the request, unless its address has used up its quota: then the answer is the moment of the oldest request
/// that still counts, whose end makes room for another one. One statement counts and inserts; of requests at the very
/// same moment a few more may get in.
///
/// # Errors
/// [`Error::Conflict`] if the client is gone.
pub async fn insert(
    db: impl PgExecutor<'_>,
    request: &AuthorizationRequest,
    browser_hash: &TokenHash,
    quota: Option<Quota>,
) -> Result<Option<Time>, Error> {
    let full = sqlx::query_scalar!(
        r#"
        with full_since as (
            select created_at
            from authorization_requests
            where address_hash = $12
                and created_at > $13
            order by created_at desc
            offset $14
            limit 1
        ),
        inserted as (
            insert into authorization_requests (
                id, browser_hash, client_id, parameters, authenticated_at, session_id, selected_at, consented_at,
                finished_at, created_at, expires_at, address_hash
            )
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
            where not exists (select from full_since)
                and set_config('synchronous_commit', 'off', true) is not null
        )
        select created_at as "created_at!"
        from full_since
        "#,
        request.id.0,
        browser_hash.as_bytes(),
        request.client_id,
        Json(&request.parameters) as _,
        request.authenticated_at,
        request.session_id.map(|id| id.0),
        request.selected_at,
        request.consented_at,
        request.finished_at,
        request.created_at,
        request.expires_at,
        quota.as_ref().map(|quota| quota.address.as_bytes()),
        quota.map_or(request.created_at, |quota| quota.since),
        quota.map_or(0, |quota| i64::from(quota.most.max(1)) - 1)
    )
    .fetch_optional(db)
    .await?;
    Ok(full)
}

/// Writes that somebody authenticated for this request of this browser, in that session; this also chooses the account.
/// Consent that was given in another session does not count any more. The request as it is then; `None` if it is over or
/// belongs to another browser.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn set_authenticated(
    db: impl PgExecutor<'_>,
    id: AuthorizationRequestId,
    browser_hash: &TokenHash,
    session_id: SessionId,
    now: Time,
) -> Result<Option<AuthorizationRequest>, Error> {
    let row = sqlx::query_as!(
        AuthorizationRequestRow,
        r#"
        update authorization_requests
        set authenticated_at = $4,
            selected_at = $4,
            consented_at = case when session_id = $3 then consented_at end,
            session_id = $3
        where id = $1
            and browser_hash = $2
            and finished_at is null
        returning
            id,
            client_id,
            parameters as "parameters: Json<AuthorizationParameters>",
            authenticated_at,
            session_id,
            selected_at,
            consented_at,
            finished_at,
            created_at,
            expires_at
        "#,
        id.0,
        browser_hash.as_bytes(),
        session_id.0,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(read))
}

/// Writes that the account of that session was chosen for this request. What happened in another session does not count
/// any more.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn set_selected(
    db: impl PgExecutor<'_>,
    id: AuthorizationRequestId,
    session_id: SessionId,
    now: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update authorization_requests
        set selected_at = $3,
            authenticated_at = case when session_id = $2 then authenticated_at end,
            consented_at = case when session_id = $2 then consented_at end,
            session_id = $2
        where id = $1
            and finished_at is null
        ",
        id.0,
        session_id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes that consent was given for this request by the person of that session. What happened in another session does
/// not count any more.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn set_consented(
    db: impl PgExecutor<'_>,
    id: AuthorizationRequestId,
    session_id: SessionId,
    now: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update authorization_requests
        set consented_at = $3,
            authenticated_at = case when session_id = $2 then authenticated_at end,
            selected_at = case when session_id = $2 then selected_at end,
            session_id = $2
        where id = $1
            and finished_at is null
        ",
        id.0,
        session_id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the right to answer the request: `true` for exactly one caller.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn finish(db: impl PgExecutor<'_>, id: AuthorizationRequestId, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update authorization_requests
        set finished_at = $2
        where id = $1
            and finished_at is null
            and expires_at > $2
        ",
        id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
