//! Authorizations that are decided elsewhere while the client waits. Every step is one conditional update: of two people
//! who decide, and of two clients that redeem, one wins.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, authorization_request::Quota, grant, known, token_hash};
use crate::{
    base::{
        Time, TokenHash,
        id::{DeferredAuthorizationId, GrantId, UserId},
    },
    model::{
        DeferredAuthorization, Grant, Origin, RefreshToken, UserStatus,
        deferred_authorization::{DeferredKind, DeferredState, Pace},
    },
    spec::{oauth::AuthorizationDetails, oidc::ClaimsRequest},
};

struct Row {
    id: Uuid,
    kind: String,
    secret_hash: Vec<u8>,
    user_code_hash: Option<Vec<u8>>,
    client_id: String,
    user_id: Option<Uuid>,
    scopes: Vec<String>,
    resources: Vec<String>,
    authorization_details: Json<AuthorizationDetails>,
    binding_message: Option<String>,
    ping_sealed: Option<Vec<u8>>,
    address: Option<String>,
    user_agent: Option<String>,
    interval_seconds: i32,
    polled_at: Option<Time>,
    grant_id: Option<Uuid>,
    denied_at: Option<Time>,
    redeemed_at: Option<Time>,
    created_at: Time,
    expires_at: Time,
}

fn read(row: Row) -> Result<DeferredAuthorization, Error> {
    let state = match (row.grant_id, row.redeemed_at, row.denied_at) {
        (Some(id), Some(_), _) => DeferredState::Redeemed(GrantId(id)),
        (Some(id), None, _) => DeferredState::Approved(GrantId(id)),
        (None, _, Some(_)) => DeferredState::Denied,
        (None, _, None) => DeferredState::Waiting,
    };
    let user_code = row.user_code_hash.as_deref();
    let user_code = user_code.map(|hash| token_hash(hash, "deferred_authorizations.user_code_hash"));
    Ok(DeferredAuthorization {
        id: DeferredAuthorizationId(row.id),
        kind: known(DeferredKind::parse(&row.kind), "deferred_authorizations.kind")?,
        secret_hash: token_hash(&row.secret_hash, "deferred_authorizations.secret_hash")?,
        user_code_hash: user_code.transpose()?,
        client_id: row.client_id,
        user_id: row.user_id.map(UserId),
        scope: row.scopes.into_iter().collect(),
        resources: row.resources,
        authorization_details: row.authorization_details.0,
        binding_message: row.binding_message,
        ping_sealed: row.ping_sealed,
        origin: Origin {
            address: row.address,
            user_agent: row.user_agent,
        },
        pace: Pace {
            interval_seconds: row.interval_seconds,
            polled_at: row.polled_at,
        },
        state,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

macro_rules! select_deferred {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"
            select
                id,
                kind,
                secret_hash,
                user_code_hash,
                client_id,
                user_id,
                scopes,
                resources,
                authorization_details as "authorization_details: Json<AuthorizationDetails>",
                binding_message,
                ping_sealed,
                address,
                user_agent,
                interval_seconds,
                polled_at,
                grant_id,
                denied_at,
                redeemed_at,
                created_at,
                expires_at
            from deferred_authorizations
            "# + $rest
            $(, $argument)*
        )
    };
}

/// The one whose client holds the secret of that hash; decided, used and expired ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, secret_hash: &TokenHash) -> Result<Option<DeferredAuthorization>, Error> {
    let row = select_deferred!("where secret_hash = $1", secret_hash.as_bytes())
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// The one that waits for whoever types in the user code of that hash; expired ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_by_user_code(
    db: impl PgExecutor<'_>,
    user_code_hash: &TokenHash,
) -> Result<Option<DeferredAuthorization>, Error> {
    let row = select_deferred!("where user_code_hash = $1", user_code_hash.as_bytes())
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// The one of that id which asks that person.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_for(
    db: impl PgExecutor<'_>,
    id: DeferredAuthorizationId,
    user_id: UserId,
) -> Result<Option<DeferredAuthorization>, Error> {
    let row = select_deferred!("where id = $1 and user_id = $2", id.0, user_id.0)
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// What waits for that person's answer, the newest first.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list_open(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    now: Time,
) -> Result<Vec<DeferredAuthorization>, Error> {
    let rows = select_deferred!(
        r#"
        where user_id = $1
            and grant_id is null
            and denied_at is null
            and expires_at > $2
        order by created_at desc, id desc
        limit 20
        "#,
        user_id.0,
        now
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(read).collect()
}

/// Inserts it, unless its address has used up its quota: then the answer is the moment of the oldest one that still
/// counts.
///
/// # Errors
/// [`Error::Conflict`] on `deferred_authorizations_user_code_hash_key` if another one waits under the same user code.
pub async fn insert(
    db: impl PgExecutor<'_>,
    deferred: &DeferredAuthorization,
    quota: Option<Quota>,
) -> Result<Option<Time>, Error> {
    let full = sqlx::query_scalar!(
        r#"
        with full_since as (
            select created_at
            from deferred_authorizations
            where address_hash = $14
                and created_at > $15
            order by created_at desc
            offset $16
            limit 1
        ),
        inserted as (
            insert into deferred_authorizations (
                id, kind, secret_hash, user_code_hash, client_id, user_id, scopes, resources, binding_message,
                ping_sealed, address, user_agent, interval_seconds, address_hash, created_at, expires_at,
                authorization_details
            )
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $17, $18, $19
            where not exists (select from full_since)
        )
        select created_at as "created_at!"
        from full_since
        "#,
        deferred.id.0,
        deferred.kind.as_str(),
        deferred.secret_hash.as_bytes(),
        deferred.user_code_hash.as_ref().map(|hash| hash.as_bytes()) as _,
        deferred.client_id,
        deferred.user_id.map(|id| id.0),
        deferred.scope.as_slice(),
        &deferred.resources,
        deferred.binding_message,
        deferred.ping_sealed,
        deferred.origin.address,
        deferred.origin.user_agent,
        deferred.pace.interval_seconds,
        quota.as_ref().map(|quota| quota.address.as_bytes()),
        quota.as_ref().map_or(deferred.created_at, |quota| quota.since),
        quota.as_ref().map_or(0, |quota| i64::from(quota.most.max(1)) - 1),
        deferred.created_at,
        deferred.expires_at,
        Json(&deferred.authorization_details) as _
    )
    .fetch_optional(db)
    .await?;
    Ok(full)
}

/// Writes that the client asked; `false` if it asked once more since `pace` was read.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn update_pace(
    db: impl PgExecutor<'_>,
    secret_hash: &TokenHash,
    before: Pace,
    after: Pace,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update deferred_authorizations
        set polled_at = $3,
            interval_seconds = $4
        where secret_hash = $1
            and polled_at is not distinct from $2
        ",
        secret_hash.as_bytes(),
        before.polled_at,
        after.polled_at,
        after.interval_seconds
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes that the person allowed it, by a grant that was inserted before; `false` if it is decided or over, or asks
/// somebody else.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn approve(
    db: impl PgExecutor<'_>,
    id: DeferredAuthorizationId,
    grant: &Grant,
    now: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update deferred_authorizations
        set grant_id = $2,
            user_id = $3,
            user_code_hash = null
        where id = $1
            and grant_id is null
            and denied_at is null
            and expires_at > $4
            and (user_id is null or user_id = $3)
        ",
        id.0,
        grant.id.0,
        grant.user_id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes that the person would not; `false` if it is decided or over, or asks somebody else.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn deny(
    db: impl PgExecutor<'_>,
    id: DeferredAuthorizationId,
    user_id: UserId,
    now: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update deferred_authorizations
        set denied_at = $3,
            user_id = $2,
            user_code_hash = null
        where id = $1
            and grant_id is null
            and denied_at is null
            and expires_at > $3
            and (user_id is null or user_id = $2)
        ",
        id.0,
        user_id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A grant with all that decides whether tokens may be issued for it.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantContext {
    /// The grant.
    pub grant: Grant,
    /// Whether the person may still sign in.
    pub user_status: UserStatus,
    /// When the session that it was given in ended or will end; `None` if that is gone.
    pub session_ends: Option<Time>,
}

/// The grant of that id with the user's status; revoked and expired ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_grant(db: impl PgExecutor<'_>, id: GrantId) -> Result<Option<GrantContext>, Error> {
    let row = grant::joined!("", "from grants g", "where g.id = $1", id.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let grant = grant::of_joined!(row);
    Ok(Some(GrantContext {
        grant,
        user_status: known(UserStatus::parse(&row.status), "users.status")?,
        session_ends: row.session_ends,
    }))
}

/// Uses the secret up: keeps its grant until `grant_ends` at least and begins `family`. `true` for exactly one caller;
/// refuses (with `false`, and nothing changes) when it was used before, its grant was revoked, the person is not active any
/// more, or the session ends at another time than `session_ends`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn redeem(
    db: impl PgExecutor<'_>,
    secret_hash: &TokenHash,
    now: Time,
    session_ends: Option<Time>,
    grant_ends: Time,
    family: Option<&RefreshToken>,
) -> Result<bool, Error> {
    let count = grant::redeemed!(
        "deferred_authorizations",
        "secret_hash",
        secret_hash,
        now,
        session_ends,
        grant_ends,
        family
    )
    .fetch_one(db)
    .await?;
    Ok(count == 1)
}
