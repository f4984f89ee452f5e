//! What the console and the command line show of people.

use crate::{
    base::{
        Time,
        id::UserId,
        page::{Page, PageRequest},
    },
    domain::{account::identifier::Identifier, profile},
    flow::{
        Core,
        admin::{
            Error,
            audit::{self, Line},
        },
    },
    model::{Fact, Grant, Role, Session, User},
    store::{self, audit_event::AuditFilter},
};

/// Lines of the audit trail on a person's page.
const EVENTS: u16 = 20;

/// A person with what hangs on them.
#[derive(Debug)]
pub struct Detail {
    /// Them.
    pub user: User,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
    /// What apps may do for them.
    pub grants: Vec<Grant>,
    /// For each attribute of the profile, the fact that decides it.
    pub facts: Vec<Fact>,
    /// What happened lately, the newest first.
    pub events: Vec<Line>,
    /// Whether they have a password.
    pub has_password: bool,
    /// Since when it is this one.
    pub password_changed_at: Option<Time>,
}

/// Everyone, the newest first, or those whose username, address or name begins with `search`.
///
/// # Errors
/// [`Error::NotFound`] for a cursor that is not one of this list.
pub async fn list(core: &Core, search: Option<&str>, page: &PageRequest) -> Result<Page<User>, Error> {
    let search = search.map(str::trim).filter(|text| !text.is_empty());
    Ok(match search {
        None => store::user::list(core.store.pool(), page).await?,
        Some(prefix) => {
            let mut connection = core.store.acquire().await?;
            store::user::search(&mut connection, prefix, page).await?
        }
    })
}

/// The person with that id, as the database has them now.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(core: &Core, id: UserId) -> Result<User, Error> {
    store::user::find(core.store.pool(), id)
        .await?
        .ok_or(Error::NotFound("user"))
}

/// The person whom a username, an address, a phone number or an id means.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_by_identifier(core: &Core, text: &str) -> Result<User, Error> {
    if let Ok(id) = text.trim().parse::<UserId>() {
        return find(core, id).await;
    }
    let identifier = Identifier::parse(text).map_err(|_| Error::NotFound("user"))?;
    let found = store::user::find_for_sign_in(core.store.pool(), identifier.as_str()).await?;
    found.map(|(user, _)| user).ok_or(Error::NotFound("user"))
}

/// Somebody's whole page.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn detail(core: &Core, id: UserId) -> Result<Detail, Error> {
    let pool = core.store.pool();
    let now = core.now();
    let user = find(core, id).await?;
    let known = store::fact::list_current(pool, id).await?;
    let facts = profile::winners(&known).into_values().cloned().collect();
    let filter = AuditFilter {
        user_id: Some(id),
        ..AuditFilter::default()
    };
    let page = PageRequest {
        limit: EVENTS,
        after: None,
    };
    let events = store::audit_event::list(pool, &filter, &page).await?.items;
    let (has_password, password_changed_at) = store::user::find_password_age(pool, id).await?;
    Ok(Detail {
        has_password,
        password_changed_at,
        events: audit::named(core, events).await?,
        sessions: store::session::list_live(pool, id, now, core.policy.sessions.idle).await?,
        grants: store::grant::list_live(pool, id, now).await?,
        facts,
        user,
    })
}

/// Every role, by name.
///
/// # Errors
/// The store's.
pub async fn roles(core: &Core) -> Result<Vec<Role>, Error> {
    Ok(store::role::list(core.store.pool()).await?)
}
