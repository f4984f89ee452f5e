//! Authorization codes. A code is inserted together with its grant ([`super::grant::insert_with_code`]).

use sqlx::PgExecutor;
use sqlx::types::Json;

use super::{Error, grant, token_hash};
use crate::{
    base::{Time, TokenHash, id::GrantId},
    model::{AuthorizationCode, Grant},
    spec::{oauth::CodeChallenge, oidc::ClaimsRequest},
};

/// A code with all that decides whether it may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeContext {
    /// The code.
    pub code: AuthorizationCode,
    /// What it stands for.
    pub grant: Grant,
    /// When the session that it was given in ended or will end; `None` if that is gone.
    pub session_ends: Option<Time>,
}

/// The code of that hash with what it stands for, locked until the transaction ends; redeemed, expired and revoked ones
/// too. Two requests with one code come one after the other, and the second sees what the first did.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn lock(db: impl PgExecutor<'_>, hash: &TokenHash) -> Result<Option<CodeContext>, Error> {
    let row = sqlx::query!(
        r#"
        select
            c.code_hash,
            c.redirect_uri,
            c.redirect_uri_given,
            c.code_challenge,
            c.created_at as code_created_at,
            c.expires_at as code_expires_at,
            c.redeemed_at,
            c.client_id as code_client_id,
            g.id,
            g.client_id,
            g.user_id,
            g.session_id,
            g.scopes,
            g.resources,
            g.claims as "claims: Json<ClaimsRequest>",
            g.nonce,
            g.auth_time,
            g.acr,
            g.amr,
            g.created_at,
            g.expires_at,
            g.revoked_at,
            least(s.ended_at, s.expires_at) as session_ends
        from authorization_codes c
        join grants g on g.id = c.grant_id
        left join sessions s on s.id = g.session_id
        where c.code_hash = $1
        for update of c
        "#,
        hash.as_bytes()
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let code = AuthorizationCode {
        hash: token_hash(&row.code_hash, "authorization_codes.code_hash")?,
        grant_id: GrantId(row.id),
        client_id: row.code_client_id,
        redirect_uri: row.redirect_uri,
        redirect_uri_given: row.redirect_uri_given,
        code_challenge: row.code_challenge.map(CodeChallenge::from_stored),
        created_at: row.code_created_at,
        expires_at: row.code_expires_at,
        redeemed_at: row.redeemed_at,
    };
    let grant = grant::read(grant::GrantRow {
        id: row.id,
        client_id: row.client_id,
        user_id: row.user_id,
        session_id: row.session_id,
        scopes: row.scopes,
        resources: row.resources,
        claims: row.claims,
        nonce: row.nonce,
        auth_time: row.auth_time,
        acr: row.acr,
        amr: row.amr,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    });
    Ok(Some(CodeContext {
        code,
        grant,
        session_ends: row.session_ends,
    }))
}

/// Marks the code as used: `true` for exactly one caller.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn redeem(db: impl PgExecutor<'_>, hash: &TokenHash, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update authorization_codes
        set redeemed_at = $2
        where code_hash = $1
            and redeemed_at is null
        ",
        hash.as_bytes(),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
