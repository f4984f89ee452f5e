//! Which apps took part in a session.

use sqlx::PgExecutor;

use super::Error;
use crate::base::{
    Time,
    id::{SessionId, UserId},
};

/// An app that took part in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The session.
    pub session_id: SessionId,
    /// Whose it was.
    pub user_id: UserId,
    /// The app.
    pub client_id: String,
}

/// Remembers that the app took part in the session; nothing if that is known, or the session is over.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(db: impl PgExecutor<'_>, session_id: SessionId, client_id: &str, now: Time) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into session_clients (session_id, client_id, since)
        select id, $2, $3
        from sessions
        where id = $1
            and ended_at is null
        -- whoever ends the session meanwhile waits, and then sees the app
        for share
        on conflict do nothing
        ",
        session_id.0,
        client_id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The active apps that took part in the sessions and want to hear of their end in the background.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_back_channel(db: impl PgExecutor<'_>, sessions: &[SessionId]) -> Result<Vec<Participant>, Error> {
    let ids: Vec<_> = sessions.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "
        select p.session_id, s.user_id, p.client_id
        from session_clients p
        join sessions s on s.id = p.session_id
        join clients c on c.client_id = p.client_id
        where p.session_id = any ($1)
            and c.status = 'active'
            and c.metadata ->> 'backchannel_logout_uri' is not null
        order by p.since, p.client_id
        ",
        &ids
    )
    .fetch_all(db)
    .await?;
    let participants = rows.into_iter().map(|row| Participant {
        session_id: SessionId(row.session_id),
        user_id: UserId(row.user_id),
        client_id: row.client_id,
    });
    Ok(participants.collect())
}

/// The apps that took part in the session and want to hear of its end through the browser, those that joined last first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_front_channel(
    db: impl PgExecutor<'_>,
    session_id: SessionId,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let clients = sqlx::query_scalar!(
        "
        select p.client_id
        from session_clients p
        join clients c on c.client_id = p.client_id
        where p.session_id = $1
            and c.status = 'active'
            and c.metadata ->> 'frontchannel_logout_uri' is not null
        order by p.since desc, p.client_id
        limit $2
        ",
        session_id.0,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(clients)
}
