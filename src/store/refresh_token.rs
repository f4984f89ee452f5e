//! Refresh token families. A family begins when a code is redeemed ([`super::authorization_code::redeem`]). A refresh is one select and one conditional update, each its own transaction.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, grant, known, token_hash};
use crate::{
    base::{
        Time, TokenHash,
        id::{GrantId, RefreshFamilyId},
    },
    model::{Confirmation, Grant, RefreshToken, UserStatus},
    spec::{oauth::AuthorizationDetails, oidc::ClaimsRequest},
};

/// A family with all that decides whether it may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshContext {
    /// The family.
    pub token: RefreshToken,
    /// What it stands for.
    pub grant: Grant,
    /// Whether the person may still sign in.
    pub user_status: UserStatus,
    /// When the session that it was given in ended or will end; `None` if that is gone.
    pub session_ends: Option<Time>,
}

/// The family of that id with its grant and the user's status; revoked and expired ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, family_id: RefreshFamilyId) -> Result<Option<RefreshContext>, Error> {
    let row = grant::joined!(
        r#"
            r.client_id as token_client_id,
            r.confirmation as "confirmation: Json<Confirmation>",
            r.generation,
            r.current_hash,
            r.previous_hash,
            r.rotated_at,
            r.created_at as token_created_at,
            r.expires_at as token_expires_at,
            r.revoked_at as token_revoked_at,
        "#,
        "from refresh_tokens r join grants g on g.id = r.grant_id",
        "where r.family_id = $1",
        family_id.0
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let token = RefreshToken {
        family_id,
        grant_id: GrantId(row.id),
        client_id: row.token_client_id,
        confirmation: row.confirmation.map(|json| json.0).unwrap_or_default(),
        generation: row.generation,
        current_hash: token_hash(&row.current_hash, "refresh_tokens.current_hash")?,
        previous_hash: row
            .previous_hash
            .map(|bytes| token_hash(&bytes, "refresh_tokens.previous_hash"))
            .transpose()?,
        rotated_at: row.rotated_at,
        created_at: row.token_created_at,
        expires_at: row.token_expires_at,
        revoked_at: row.token_revoked_at,
    };
    let grant = grant::of_joined!(row);
    Ok(Some(RefreshContext {
        token,
        grant,
        user_status: known(UserStatus::parse(&row.status), "users.status")?,
        session_ends: row.session_ends,
    }))
}

/// Puts the successor in the place of the current token: `true` for exactly one caller per token. Refuses (with `false`)
/// when another token is current by now, the family or its grant was revoked, or the token has expired.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn rotate(
    db: impl PgExecutor<'_>,
    family_id: RefreshFamilyId,
    expected_current: &TokenHash,
    successor: &TokenHash,
    now: Time,
    new_expires_at: Time,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update refresh_tokens r
        set generation = r.generation + 1,
            previous_hash = r.current_hash,
            current_hash = $3,
            rotated_at = $4,
            expires_at = $5
        where r.family_id = $1
            and r.current_hash = $2
            and r.revoked_at is null
            and r.expires_at > $4
            and exists (
                select
                from grants g
                where g.id = r.grant_id
                    and g.revoked_at is null
            )
        ",
        family_id.0,
        expected_current.as_bytes(),
        successor.as_bytes(),
        now,
        new_expires_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes the family; `false` if it was revoked before. For reuse, revoke its grant: access tokens hang on that.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn revoke(db: impl PgExecutor<'_>, family_id: RefreshFamilyId, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update refresh_tokens
        set revoked_at = $2
        where family_id = $1
            and revoked_at is null
        ",
        family_id.0,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ids of the families of a grant.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_for_grant(db: impl PgExecutor<'_>, grant_id: GrantId) -> Result<Vec<RefreshFamilyId>, Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "
        select family_id
        from refresh_tokens
        where grant_id = $1
        ",
        grant_id.0
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(RefreshFamilyId).collect())
}
