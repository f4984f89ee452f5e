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

/// The same, locked until the transaction ends.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn lock(
    db: impl PgExecutor<'_>,
    id: AuthorizationRequestId,
    browser_hash: &TokenHash,
) -> Result<Option<AuthorizationRequest>, Error> {
    let row = select_request!(
        "where id = $1 and browser_hash = $2 for update",
        id.0,
        browser_hash.as_bytes()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(read))
}

/// Inserts the request.
///
/// # Errors
/// [`Error::Conflict`] if the client is gone.
pub async fn insert(
    db: impl PgExecutor<'_>,
    request: &AuthorizationRequest,
    browser_hash: &TokenHash,
) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into authorization_requests (
            id, browser_hash, client_id, parameters, authenticated_at, session_id, selected_at, consented_at,
            finished_at, created_at, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ",
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
        request.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes that somebody authenticated for this request, in that session; this also chooses the account. Consent that
/// was given in another session does not count any more.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn set_authenticated(
    db: impl PgExecutor<'_>,
    id: AuthorizationRequestId,
    session_id: SessionId,
    now: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update authorization_requests
        set authenticated_at = $3,
            selected_at = $3,
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
