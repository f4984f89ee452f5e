//! Links that were mailed to a person, each good once.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Error, known, token_hash};
use crate::{
    base::{
        Time, TokenHash,
        id::{AuthorizationRequestId, UserId},
    },
    model::{EmailLink, EmailLinkPurpose},
};

/// The constraint that a link's pending request exists.
pub const REQUEST_KEY: &str = "email_links_authorization_request_id_fkey";

struct EmailLinkRow {
    link_hash: Vec<u8>,
    purpose: String,
    user_id: Uuid,
    email: String,
    authorization_request_id: Option<Uuid>,
    created_at: Time,
    expires_at: Time,
    used_at: Option<Time>,
}

fn read(row: EmailLinkRow) -> Result<EmailLink, Error> {
    Ok(EmailLink {
        link_hash: token_hash(&row.link_hash, "email_links.link_hash")?,
        purpose: known(EmailLinkPurpose::parse(&row.purpose), "email_links.purpose")?,
        user_id: UserId(row.user_id),
        email: row.email,
        authorization_request_id: row.authorization_request_id.map(AuthorizationRequestId),
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: row.used_at,
    })
}

/// The link of that hash; used and expired ones too, until they are swept.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, link_hash: &TokenHash) -> Result<Option<EmailLink>, Error> {
    let row = sqlx::query_as!(
        EmailLinkRow,
        "
        select link_hash, purpose, user_id, email, authorization_request_id, created_at, expires_at, used_at
        from email_links
        where link_hash = $1
        ",
        link_hash.as_bytes()
    )
    .fetch_optional(db)
    .await?;
    row.map(read).transpose()
}

/// Inserts the link. Earlier links of the same person for the same purpose die: only the newest mail works.
///
/// # Errors
/// [`Error::Conflict`] if the user is gone.
pub async fn insert(db: impl PgExecutor<'_>, link: &EmailLink) -> Result<(), Error> {
    sqlx::query!(
        "
        with superseded as (
            delete from email_links
            where user_id = $3
                and purpose = $2
                and used_at is null
        )
        insert into email_links (
            link_hash, purpose, user_id, email, authorization_request_id, created_at, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        link.link_hash.as_bytes(),
        link.purpose.as_str(),
        link.user_id.0,
        link.email,
        link.authorization_request_id.map(|id| id.0),
        link.created_at,
        link.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses the link up: `true` for exactly one caller, before its end.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn redeem(db: impl PgExecutor<'_>, link_hash: &TokenHash, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        update email_links
        set used_at = $2
        where link_hash = $1
            and used_at is null
            and expires_at > $2
        ",
        link_hash.as_bytes(),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Kills every unused link of the user for that purpose: after the password or the address was changed another way.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete_unused(db: impl PgExecutor<'_>, user_id: UserId, purpose: EmailLinkPurpose) -> Result<(), Error> {
    sqlx::query!(
        "
        delete from email_links
        where user_id = $1
            and purpose = $2
            and used_at is null
        ",
        user_id.0,
        purpose.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}
