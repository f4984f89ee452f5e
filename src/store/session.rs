//! Sessions. The cookie's value is known here only by its hash.

use sqlx::PgExecutor;
use time::Duration;
use uuid::Uuid;

use sqlx::types::Json;

use super::{
    Error,
    throttle::{End, Settled},
    user::Proof,
};
use crate::{
    base::{
        Time, TokenHash,
        id::{AuthorizationRequestId, SessionId, UserId},
    },
    domain::account::throttle::ThrottleKey,
    model::{AuditEvent, AuthorizationCode, AuthorizationParameters, AuthorizationRequest, Grant, Session},
    spec::oauth::CodeChallenge,
};

/// How coarse `last_seen_at` is: a page view within it writes nothing.
const TOUCH_EVERY: Duration = Duration::seconds(60);

struct SessionRow {
    id: Uuid,
    user_id: Uuid,
    auth_time: Time,
    amr: Vec<String>,
    acr: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time,
    ended_at: Option<Time>,
}

fn read(row: SessionRow) -> Session {
    Session {
        id: SessionId(row.id),
        user_id: UserId(row.user_id),
        auth_time: row.auth_time,
        amr: row.amr,
        acr: row.acr,
        user_agent: row.user_agent,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
    }
}

macro_rules! select_session {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            SessionRow,
            r#"
            select
                id, user_id, auth_time, amr, acr, user_agent, address, created_at, last_seen_at, expires_at, ended_at
            from sessions
            "# + $rest
            $(, $argument)*
        )
    };
}

/// The session of that cookie, ended ones too: the caller asks [`Session::is_live`].
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find(db: impl PgExecutor<'_>, token_hash: &TokenHash) -> Result<Option<Session>, Error> {
    let row = select_session!("where token_hash = $1", token_hash.as_bytes())
        .fetch_optional(db)
        .await?;
    Ok(row.map(read))
}

/// The session of that id.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find_by_id(db: impl PgExecutor<'_>, id: SessionId) -> Result<Option<Session>, Error> {
    let row = select_session!("where id = $1", id.0).fetch_optional(db).await?;
    Ok(row.map(read))
}

/// The user's sessions that have neither ended nor expired nor lain idle for longer than `idle`; last used first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_live(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    now: Time,
    idle: Duration,
) -> Result<Vec<Session>, Error> {
    let rows = select_session!(
        r#"
        where user_id = $1
            and ended_at is null
            and expires_at > $2
            and last_seen_at > $3
        order by last_seen_at desc
        limit 200
        "#,
        user_id.0,
        now,
        now - idle
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// Inserts the session.
///
/// # Errors
/// [`Error::Conflict`] if the user is gone.
pub async fn insert(db: impl PgExecutor<'_>, session: &Session, token_hash: &TokenHash) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into sessions (
            id, token_hash, user_id, auth_time, amr, acr, user_agent, address, created_at, last_seen_at, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ",
        session.id.0,
        token_hash.as_bytes(),
        session.user_id.0,
        session.auth_time,
        &session.amr,
        session.acr,
        session.user_agent,
        session.address,
        session.created_at,
        session.last_seen_at,
        session.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A session that begins, and what is written with it.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The session.
    pub session: &'a Session,
    /// Of its cookie's value.
    pub token_hash: &'a TokenHash,
    /// What its person proved who they are by.
    pub proof: Proof,
    /// The line of the trail.
    pub line: &'a AuditEvent,
    /// The request that may wait, and the browser.
    pub waiting: Option<(AuthorizationRequestId, &'a TokenHash)>,
    /// How the attempt ended for what it was counted by.
    pub counters: &'a [(ThrottleKey, End)],
    /// What the request is answered with, if that is known already.
    pub given: Option<(&'a Grant, &'a AuthorizationCode)>,
}

/// Begins the session of somebody who has just signed in, in one statement: with the line of the trail about it, the time
/// of their last sign-in, and the request that waits in that browser tied to the session
/// (as [`super::authorization_request::set_authenticated`] does), and the counters of the attempt settled (as
/// [`super::throttle::settle`] does). That request, if it still waits.
///
/// With `given` that request is answered by it at once, as [`super::grant::insert_given`] does: it is finished, unless it
/// has expired, and none is returned that was not.
///
/// The user's row is locked first, as [`super::user::hold`] does.
///
/// # Errors
/// [`Error::Stale`] if the user is not active any more or `proof` is a password of the past; [`Error::Unavailable`],
/// [`Error::Corrupt`].
pub async fn begin(db: impl PgExecutor<'_>, beginning: Beginning<'_>) -> Result<Option<AuthorizationRequest>, Error> {
    let Beginning {
        session,
        token_hash,
        proof,
        line,
        waiting,
        counters,
        given,
    } = beginning;
    let (any_password, changed_at) = proof.parts();
    let (grant, code) = given.unzip();
    let settled = Settled::of(counters);
    let row = sqlx::query!(
        r#"
        with seen as (
            update users
            set last_sign_in_at = $4
            where id = $3
                and status = 'active'
                and ($16 or password_changed_at is not distinct from $17)
            returning id
        ),
        begun as (
            insert into sessions (
                id, token_hash, user_id, auth_time, amr, acr, user_agent, address, created_at, last_seen_at, expires_at
            )
            select $1, $2, seen.id, $4, $5, $6, $7, $8, $4, $4, $9
            from seen
            returning id
        ),
        written as (
            insert into audit_events (id, at, kind, actor, user_id, session_id, address, user_agent, data)
            select $10, $4, $11, $12, $3, begun.id, $8, $7, $13
            from begun
        ),
        tied as (
            update authorization_requests r
            set authenticated_at = $4,
                selected_at = $4,
                consented_at = null,
                session_id = begun.id,
                finished_at = $36::timestamptz
            from begun
            where r.id = $14
                and r.browser_hash = $15
                and r.finished_at is null
                and ($36::timestamptz is null or r.expires_at > $36)
            returning r.id, r.client_id, r.parameters, r.created_at, r.expires_at
        ),
        granted as (
            insert into grants (
                id, client_id, user_id, session_id, scopes, resources, claims, nonce, auth_time, acr, amr, created_at,
                expires_at, authorization_details
            )
            select $23::uuid, tied.client_id, $3, $1, $24, $25, $26, $27, $4, $6, $5, $36, $28, $29
            from tied
            where $23::uuid is not null
            returning id, client_id
        ),
        coded as (
            insert into authorization_codes (
                code_hash, grant_id, client_id, redirect_uri, redirect_uri_given, code_challenge, created_at, expires_at,
                dpop_jkt
            )
            select $30, granted.id, granted.client_id, $31, $32, $33, $36, $34, $35
            from granted
        ),
        settled as (
            select settle_attempt($18, $19, $20, $21, $22) is null as done
            from begun
        )
        select
            tied.id as "id?",
            tied.client_id as "client_id?",
            tied.parameters as "parameters?: Json<AuthorizationParameters>",
            tied.created_at as "created_at?",
            tied.expires_at as "expires_at?"
        from settled
        left join tied on true
        "#,
        session.id.0,
        token_hash.as_bytes(),
        session.user_id.0,
        session.auth_time,
        &session.amr,
        session.acr,
        session.user_agent,
        session.address,
        session.expires_at,
        line.id.0,
        line.kind,
        line.actor,
        Json(&line.data) as _,
        waiting.map(|(id, _)| id.0),
        waiting.map(|(_, browser)| &browser.as_bytes()[..]),
        any_password,
        changed_at,
        &settled.keys,
        &settled.forgotten,
        &settled.free,
        &settled.first_wait,
        &settled.max_wait,
        grant.map(|grant| grant.id.0),
        grant.map(|grant| grant.scope.as_slice()),
        grant.map(|grant| grant.resources.as_slice()),
        grant.map(|grant| Json(&grant.claims)) as _,
        grant.and_then(|grant| grant.nonce.as_deref()),
        grant.map(|grant| grant.expires_at),
        grant.map(|grant| Json(&grant.authorization_details)) as _,
        code.map(|code| code.hash.as_bytes()),
        code.map(|code| code.redirect_uri.as_str()),
        code.map(|code| code.redirect_uri_given),
        code.and_then(|code| code.code_challenge.as_ref().map(CodeChallenge::as_str)),
        code.map(|code| code.expires_at),
        code.and_then(|code| code.dpop_jkt.as_deref()),
        grant.map(|grant| grant.created_at)
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::Stale)?;
    let (Some(id), Some(client_id), Some(parameters), Some(created_at), Some(expires_at)) =
        (row.id, row.client_id, row.parameters, row.created_at, row.expires_at)
    else {
        return Ok(None);
    };
    Ok(Some(AuthorizationRequest {
        id: AuthorizationRequestId(id),
        client_id,
        parameters: parameters.0,
        authenticated_at: Some(session.auth_time),
        session_id: Some(session.id),
        selected_at: Some(session.auth_time),
        consented_at: None,
        finished_at: grant.map(|grant| grant.created_at),
        created_at,
        expires_at,
    }))
}

/// Locks the session until the transaction ends; `false` if it has ended.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn hold(db: impl PgExecutor<'_>, id: SessionId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"
        select true as "found!"
        from sessions
        where id = $1
            and ended_at is null
        for no key update
        "#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Remembers that the session was used, at most once a minute.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn touch(db: impl PgExecutor<'_>, id: SessionId, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update sessions
        set last_seen_at = $2
        where id = $1
            and last_seen_at < $3
            and ended_at is null
        ",
        id.0,
        now,
        now - TOUCH_EVERY
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes that its owner proved again who they are, and gives the session a new cookie value (against fixation);
/// `false` if it has ended.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn reauthenticate(
    db: impl PgExecutor<'_>,
    session: &Session,
    new_token_hash: &TokenHash,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update sessions
        set token_hash = $2,
            auth_time = $3,
            amr = $4,
            acr = $5,
            last_seen_at = $6,
            expires_at = $7
        where id = $1
            and ended_at is null
        ",
        session.id.0,
        new_token_hash.as_bytes(),
        session.auth_time,
        &session.amr,
        session.acr,
        session.last_seen_at,
        session.expires_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the session; `false` if it had ended already.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn end(db: impl PgExecutor<'_>, id: SessionId, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update sessions
        set ended_at = $2
        where id = $1
            and ended_at is null
        ",
        id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends up to `limit` sessions that have run out and in which apps took part, and returns which. Others are merely swept.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn end_expired(db: impl PgExecutor<'_>, now: Time, limit: i64) -> Result<Vec<SessionId>, Error> {
    let ids = sqlx::query_scalar!(
        "
        update sessions
        set ended_at = $1
        where id = any (array(
            select s.id
            from sessions s
            where s.expires_at <= $1
                and s.ended_at is null
                and exists (select from session_clients p where p.session_id = s.id)
            order by s.expires_at
            limit $2
            for update skip locked
        ))
        returning id
        ",
        now,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}

/// Ends all sessions of the user, except perhaps the one that asks, and returns which.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn end_all_for_user(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    except: Option<SessionId>,
    now: Time,
) -> Result<Vec<SessionId>, Error> {
    let ids = sqlx::query_scalar!(
        "
        update sessions
        set ended_at = $3
        where user_id = $1
            and id is distinct from $2
            and ended_at is null
            and expires_at > $3
        returning id
        ",
        user_id.0,
        except.map(|id| id.0),
        now
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}
