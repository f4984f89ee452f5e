//! Grants. What hangs on a grant is dead once `revoked_at` is set; the trigger announces it.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::Error;
use crate::{
    base::{
        Time, TokenHash,
        id::{AuthorizationRequestId, GrantId, SessionId, UserId},
    },
    model::{AuthorizationCode, Grant},
    spec::{
        oauth::{AuthorizationDetails, CodeChallenge},
        oidc::ClaimsRequest,
    },
};

pub(super) struct GrantRow {
    pub id: Uuid,
    pub client_id: String,
    pub user_id: Uuid,
    pub session_id: Option<Uuid>,
    pub scopes: Vec<String>,
    pub resources: Vec<String>,
    pub claims: Json<ClaimsRequest>,
    pub authorization_details: Json<AuthorizationDetails>,
    pub nonce: Option<String>,
    pub auth_time: Time,
    pub acr: Option<String>,
    pub amr: Vec<String>,
    pub created_at: Time,
    pub expires_at: Time,
    pub revoked_at: Option<Time>,
}

pub(super) fn read(row: GrantRow) -> Grant {
    Grant {
        id: GrantId(row.id),
        client_id: row.client_id,
        user_id: UserId(row.user_id),
        session_id: row.session_id.map(SessionId),
        scope: row.scopes.into_iter().collect(),
        resources: row.resources,
        claims: row.claims.0,
        authorization_details: row.authorization_details.0,
        nonce: row.nonce,
        auth_time: row.auth_time,
        acr: row.acr,
        amr: row.amr,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    }
}

/// The grant of a row of a join, where its columns bear their own names. A macro, because sqlx gives the row of every query
/// a type of its own.
macro_rules! of_joined {
    ($row:ident) => {
        $crate::store::grant::read($crate::store::grant::GrantRow {
            id: $row.id,
            client_id: $row.client_id,
            user_id: $row.user_id,
            session_id: $row.session_id,
            scopes: $row.scopes,
            resources: $row.resources,
            claims: $row.claims,
            authorization_details: $row.authorization_details,
            nonce: $row.nonce,
            auth_time: $row.auth_time,
            acr: $row.acr,
            amr: $row.amr,
            created_at: $row.created_at,
            expires_at: $row.expires_at,
            revoked_at: $row.revoked_at,
        })
    };
}
pub(super) use of_joined;

/// A grant with all that decides whether tokens may be issued for it, and what `$first` adds. A macro, because sqlx checks
/// literals.
macro_rules! joined {
    ($first:literal, $from:literal, $where:literal, $argument:expr) => {
        sqlx::query!(
            "select "
                + $first
                + r#"
            g.id,
            g.client_id,
            g.user_id,
            g.session_id,
            g.scopes,
            g.resources,
            g.claims as "claims: Json<ClaimsRequest>",
            g.authorization_details as "authorization_details: Json<AuthorizationDetails>",
            g.nonce,
            g.auth_time,
            g.acr,
            g.amr,
            g.created_at,
            g.expires_at,
            g.revoked_at,
            u.status,
            least(s.ended_at, s.expires_at) as session_ends
            "#
                + $from
                + r#"
            join users u on u.id = g.user_id
            left join sessions s on s.id = g.session_id
            "#
                + $where,
            $argument
        )
    };
}
pub(super) use joined;

/// Uses up what stands for a grant, if nobody has and the grant still holds; counts what was used up. Keeps the grant and
/// begins a family of refresh tokens with it: one statement, so that it is one moment.
macro_rules! redeemed {
    ($table:literal, $key:literal, $hash:expr, $now:expr, $session_ends:expr, $grant_ends:expr, $family:expr) => {
        sqlx::query_scalar!(
            r#"
            with redeemed as (
                update "#
                + $table
                + r#" c
                set redeemed_at = $2
                from grants g
                join users u on u.id = g.user_id
                left join sessions s on s.id = g.session_id
                where c."#
                + $key
                + r#" = $1
                    and c.redeemed_at is null
                    and g.id = c.grant_id
                    and g.revoked_at is null
                    and u.status = 'active'
                    and least(s.ended_at, s.expires_at) is not distinct from $11
                returning c.grant_id
            ),
            extended as (
                update grants
                set expires_at = $3
                from redeemed
                where id = redeemed.grant_id
                    and expires_at < $3
            ),
            begun as (
                insert into refresh_tokens (
                    family_id, grant_id, client_id, generation, current_hash, created_at, expires_at, confirmation
                )
                select $4::uuid, redeemed.grant_id, $5, $6, $7, $8, $9, $10
                from redeemed
                where $4::uuid is not null
            )
            select count(*) as "count!"
            from redeemed
            "#,
            $hash.as_bytes(),
            $now,
            $grant_ends,
            $family.map(|family| family.family_id.0),
            $family.map(|family| family.client_id.as_str()),
            $family.map(|family| family.generation),
            $family.map(|family| family.current_hash.as_bytes()),
            $family.map(|family| family.created_at),
            $family.map(|family| family.expires_at),
            $family.and_then(|family| crate::store::confirmation(&family.confirmation)) as _,
            $session_ends
        )
    };
}
pub(super) use redeemed;

macro_rules! select_grant {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            GrantRow,
            r#"
            select
                id,
                client_id,
                user_id,
                session_id,
                scopes,
                resources,
                claims as "claims: Json<ClaimsRequest>",
                authorization_details as "authorization_details: Json<AuthorizationDetails>",
                nonce,
                auth_time,
                acr,
                amr,
                created_at,
                expires_at,
                revoked_at
            from grants
            "# + $rest
            $(, $argument)*
        )
    };
}

/// The grant of that id, revoked ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, id: GrantId) -> Result<Option<Grant>, Error> {
    let row = select_grant!("where id = $1", id.0).fetch_optional(db).await?;
    Ok(row.map(read))
}

/// The user's grants that still hold, the newest first.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list_live(db: impl PgExecutor<'_>, user_id: UserId, now: Time) -> Result<Vec<Grant>, Error> {
    let rows = select_grant!(
        r#"
        where user_id = $1
            and revoked_at is null
            and expires_at > $2
        order by created_at desc, id desc
        limit 500
        "#,
        user_id.0,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// Inserts the grant.
///
/// # Errors
/// [`Error::Conflict`] if user, client or session are gone.
pub async fn insert(db: impl PgExecutor<'_>, grant: &Grant) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into grants (
            id, client_id, user_id, session_id, scopes, resources, claims, nonce, auth_time, acr, amr, created_at,
            expires_at, authorization_details
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ",
        grant.id.0,
        grant.client_id,
        grant.user_id.0,
        grant.session_id.map(|id| id.0),
        grant.scope.as_slice(),
        &grant.resources,
        Json(&grant.claims) as _,
        grant.nonce,
        grant.auth_time,
        grant.acr,
        &grant.amr,
        grant.created_at,
        grant.expires_at,
        Json(&grant.authorization_details) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a grant answers; both are used up by that.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers<'a> {
    /// The pending request, if it had to wait for the person.
    pub request: Option<AuthorizationRequestId>,
    /// The pushed request that it began with.
    pub pushed: Option<&'a TokenHash>,
}

/// When what is written counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// When it is on the disk.
    OnDisk,
    /// At once, for the whole transaction; it is on the disk before anything that is committed later. For what is worth
    /// nothing to anybody until more is written about it.
    InPassing,
}

/// Inserts the grant and the code that stands for it, if there is one, in one statement; with the requests that they
/// answer, which are finished by that. `false` (and no grant) if one of those was answered before or has expired.
///
/// # Errors
/// [`Error::Conflict`] if user, client or session are gone.
pub async fn insert_given(
    db: impl PgExecutor<'_>,
    grant: &Grant,
    code: Option<&AuthorizationCode>,
    answers: Answers<'_>,
    commit: Commit,
) -> Result<bool, Error> {
    let count = sqlx::query_scalar!(
        r#"
        with finished as (
            update authorization_requests
            set finished_at = $12
            where id = $20::uuid
                and finished_at is null
                and expires_at > $12
            returning id
        ),
        consumed as (
            update pushed_requests
            set consumed_at = $12
            where request_uri_hash = $21::bytea
                and consumed_at is null
            returning request_uri_hash
        ),
        inserted as (
            insert into grants (
                id, client_id, user_id, session_id, scopes, resources, claims, nonce, auth_time, acr, amr, created_at,
                expires_at, authorization_details
            )
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $22
            where ($20::uuid is null or exists (select from finished))
                and ($21::bytea is null or exists (select from consumed))
                and ($24 or set_config('synchronous_commit', 'off', true) is not null)
            returning id, client_id
        ),
        coded as (
            insert into authorization_codes (
                code_hash, grant_id, client_id, redirect_uri, redirect_uri_given, code_challenge, created_at, expires_at,
                dpop_jkt
            )
            select $14::bytea, inserted.id, inserted.client_id, $15, $16, $17, $18, $19, $23
            from inserted
            where $14::bytea is not null
        )
        select count(*) as "count!"
        from inserted
        "#,
        grant.id.0,
        grant.client_id,
        grant.user_id.0,
        grant.session_id.map(|id| id.0),
        grant.scope.as_slice(),
        &grant.resources,
        Json(&grant.claims) as _,
        grant.nonce,
        grant.auth_time,
        grant.acr,
        &grant.amr,
        grant.created_at,
        grant.expires_at,
        code.map(|code| code.hash.as_bytes()),
        code.map(|code| code.redirect_uri.as_str()),
        code.map(|code| code.redirect_uri_given),
        code.and_then(|code| code.code_challenge.as_ref().map(CodeChallenge::as_str)),
        code.map(|code| code.created_at),
        code.map(|code| code.expires_at),
        answers.request.map(|id| id.0),
        answers.pushed.map(TokenHash::as_bytes),
        Json(&grant.authorization_details) as _,
        code.and_then(|code| code.dpop_jkt.as_deref()),
        commit == Commit::OnDisk
    )
    .fetch_one(db)
    .await?;
    Ok(count == 1)
}

/// Revokes the grant with all that hangs on it; `false` if it was revoked before.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn revoke(db: impl PgExecutor<'_>, id: GrantId, reason: &str, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update grants
        set revoked_at = $3,
            revoked_reason = $2
        where id = $1
            and revoked_at is null
        ",
        id.0,
        reason,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes what was given in the session, and returns how many grants that were. With `KeepOffline` grants with the scope
/// `offline_access` outlive it (OIDC Core §11).
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn revoke_for_session(
    db: impl PgExecutor<'_>,
    session_id: SessionId,
    offline: Offline,
    reason: &str,
    now: Time,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "
        update grants
        set revoked_at = $4,
            revoked_reason = $3
        where session_id = $1
            and revoked_at is null
            and expires_at > $4
            and ($2 or not 'offline_access' = any (scopes))
        ",
        session_id.0,
        offline == Offline::Revoke,
        reason,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// What becomes of grants with `offline_access` when their session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offline {
    /// They live on.
    Keep,
    /// They end too.
    Revoke,
}

/// Revokes what the user gave the client, and returns how many grants that were.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn revoke_for_client(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    client_id: &str,
    reason: &str,
    now: Time,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "
        update grants
        set revoked_at = $4,
            revoked_reason = $3
        where user_id = $1
            and client_id = $2
            and revoked_at is null
            and expires_at > $4
        ",
        user_id.0,
        client_id,
        reason,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Revokes everything that the user gave, and returns how many grants that were.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn revoke_for_user(db: impl PgExecutor<'_>, user_id: UserId, reason: &str, now: Time) -> Result<u64, Error> {
    let done = sqlx::query!(
        "
        update grants
        set revoked_at = $3,
            revoked_reason = $2
        where user_id = $1
            and revoked_at is null
            and expires_at > $3
        ",
        user_id.0,
        reason,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
