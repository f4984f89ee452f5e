//! Authorization requests that were pushed beforehand. They are used up together with the answer
//! ([`super::grant::insert_given`]), or by [`consume`] where the answer is a refusal.

use sqlx::PgExecutor;
use sqlx::types::Json;

use super::{Error, authorization_request::Quota, token_hash};
use crate::{
    base::{Time, TokenHash},
    model::PushedRequest,
};

/// How many requests a client may push that registered itself; clients of the operator may push any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientQuota {
    /// So many; at least one.
    pub most: u32,
    /// After this moment.
    pub since: Time,
}

/// Inserts the request, unless its address or its client has used up its quota: then the answer is the moment of the oldest
/// request that still counts.
///
/// # Errors
/// [`Error::Conflict`] if the client is gone.
pub async fn insert(
    db: impl PgExecutor<'_>,
    pushed: &PushedRequest,
    quota: Option<Quota>,
    of_client: Option<ClientQuota>,
) -> Result<Option<Time>, Error> {
    let full = sqlx::query_scalar!(
        r#"
        with full_since as (
            (
                select created_at
                from pushed_requests
                where address_hash = $8
                    and created_at > $9
                order by created_at desc
                offset $10
                limit 1
            )
            union all
            (
                select created_at
                from pushed_requests
                where client_id = $2
                    and created_at > $11
                    and exists (select from client_registrations where client_id = $2)
                order by created_at desc
                offset $12
                limit 1
            )
        ),
        inserted as (
            insert into pushed_requests (
                request_uri_hash, client_id, parameters, signed, created_at, expires_at, kept_until, address_hash
            )
            select $1, $2, $3, $4, $5, $6, $7, $8
            where not exists (select from full_since)
        )
        select created_at as "created_at!"
        from full_since
        order by created_at desc
        limit 1
        "#,
        pushed.hash.as_bytes(),
        pushed.client_id,
        Json(&pushed.parameters) as _,
        pushed.signed,
        pushed.created_at,
        pushed.expires_at,
        pushed.kept_until,
        quota.as_ref().map(|quota| quota.address.as_bytes()),
        quota.map_or(pushed.created_at, |quota| quota.since),
        quota.map_or(0, |quota| i64::from(quota.most.max(1)) - 1),
        of_client.map_or(pushed.created_at, |quota| quota.since),
        of_client.map_or(0, |quota| i64::from(quota.most.max(1)) - 1)
    )
    .fetch_optional(db)
    .await?;
    Ok(full)
}

/// The request of that hash, used and expired ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, hash: &TokenHash) -> Result<Option<PushedRequest>, Error> {
    let row = sqlx::query!(
        r#"
        select
            request_uri_hash,
            client_id,
            parameters as "parameters: Json<Vec<(String, String)>>",
            signed,
            created_at,
            expires_at,
            consumed_at,
            kept_until
        from pushed_requests
        where request_uri_hash = $1
        "#,
        hash.as_bytes()
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(PushedRequest {
            hash: token_hash(&row.request_uri_hash, "pushed_requests.request_uri_hash")?,
            client_id: row.client_id,
            parameters: row.parameters.0,
            signed: row.signed,
            created_at: row.created_at,
            expires_at: row.expires_at,
            consumed_at: row.consumed_at,
            kept_until: row.kept_until,
        })
    })
    .transpose()
}

/// Uses the request up: `true` for exactly one caller.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn consume(db: impl PgExecutor<'_>, hash: &TokenHash, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update pushed_requests
        set consumed_at = $2
        where request_uri_hash = $1
            and consumed_at is null
        ",
        hash.as_bytes(),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
