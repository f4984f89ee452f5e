//! Authorization codes. A code is inserted together with its grant ([`super::grant::insert_given`]).

use sqlx::PgExecutor;
use sqlx::types::Json;

use super::{Error, grant, known, token_hash};
use crate::{
    base::{Time, TokenHash, id::GrantId},
    model::{AuthorizationCode, Grant, RefreshToken, UserStatus},
    spec::{
        oauth::{AuthorizationDetails, CodeChallenge},
        oidc::ClaimsRequest,
    },
};

/// A code with all that decides whether it may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeContext {
    /// The code.
    pub code: AuthorizationCode,
    /// What it stands for.
    pub grant: Grant,
    /// Whether the person may still sign in.
    pub user_status: UserStatus,
    /// When the session that it was given in ended or will end; `None` if that is gone.
    pub session_ends: Option<Time>,
}

/// The code of that hash with what it stands for and the user's status; redeemed, expired and revoked ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, hash: &TokenHash) -> Result<Option<CodeContext>, Error> {
    let row = grant::joined!(
        r#"
            c.code_hash,
            c.redirect_uri,
            c.redirect_uri_given,
            c.code_challenge,
            c.dpop_jkt,
            c.created_at as code_created_at,
            c.expires_at as code_expires_at,
            c.redeemed_at,
            c.client_id as code_client_id,
        "#,
        "from authorization_codes c join grants g on g.id = c.grant_id",
        "where c.code_hash = $1",
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
        dpop_jkt: row.dpop_jkt,
        created_at: row.code_created_at,
        expires_at: row.code_expires_at,
        redeemed_at: row.redeemed_at,
    };
    let grant = grant::of_joined!(row);
    Ok(Some(CodeContext {
        code,
        grant,
        user_status: known(UserStatus::parse(&row.status), "users.status")?,
        session_ends: row.session_ends,
    }))
}

/// Uses the code up: keeps its grant until `grant_ends` at least and begins `family`. `true` for exactly one caller per
/// code; refuses (with `false`, and nothing changes) when it was used before, its grant was revoked, the person is not
/// active any more, or the session ends at another time than `session_ends`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn redeem(
    db: impl PgExecutor<'_>,
    hash: &TokenHash,
    now: Time,
    session_ends: Option<Time>,
    grant_ends: Time,
    family: Option<&RefreshToken>,
) -> Result<bool, Error> {
    let count = grant::redeemed!(
        "authorization_codes",
        "code_hash",
        hash,
        now,
        session_ends,
        grant_ends,
        family
    )
    .fetch_one(db)
    .await?;
    Ok(count == 1)
}
