//! A person hears that an app asks them something behind the scenes (CIBA Core §7): the request stands in their account,
//! and a mail leads to it. The mail says nothing that the app wrote but its name, and decides nothing by itself.

use crate::{
    base::{Translator, id::DeferredAuthorizationId},
    domain::account::throttle::{Decision, MailPurpose},
    flow::{
        Core, Refusal,
        outbox::Message,
        throttle::{self, Attempt, Reservation, Target},
    },
    model::{Client, DeferredAuthorization, User},
    notify::mail_view::Letter,
    spec::oidc::discovery::path,
    store::{self, PgExecutor},
};

/// So many requests may wait for one person: nobody is to be worn down until they press the wrong button.
const MOST_OPEN: usize = 20;

/// And so many of one app, so that none takes the places of all others.
const MOST_OPEN_OF_ONE: usize = 12;

/// The page that asks.
pub fn address(id: DeferredAuthorizationId) -> String {
    format!("{}?id={id}", path::APPROVE)
}

/// Writes the request down, and a mail with it if the person has a verified address. Whoever gets too many mails finds the
/// rest in their account only.
///
/// # Errors
/// A [`Refusal`].
pub async fn ask(core: &Core, client: &Client, user: &User, waiting: &DeferredAuthorization) -> Result<(), Refusal> {
    // what will not be asked is no reason for a mail, nor counts as one
    has_room(core, core.store.pool(), waiting, user).await?;
    let to = user.claim("email").filter(|_| user.is_true("email_verified"));
    let counted = match to {
        Some(to) => Some(count_mail(core, to).await?),
        None => None,
    };
    let may_mail = |counted: &Reservation| counted.decision == Decision::Allow;
    let to = to.filter(|_| counted.as_ref().is_some_and(may_mail));
    let mut tx = core.store.begin().await?;
    // requests that come at once are counted one after the other
    store::user::lock(&mut *tx, user.id).await?;
    if let Err(refusal) = has_room(core, &mut *tx, waiting, user).await {
        drop(tx);
        if let Some(counted) = counted {
            counted.withdraw(core.store.pool()).await?;
        }
        return Err(refusal);
    }
    // the quota here is one of people, not of addresses: those who ask are servers
    store::deferred_authorization::insert(&mut *tx, waiting, None).await?;
    if let Some(to) = to {
        let translator = Translator::new(user.locale.unwrap_or_default());
        let link = core.policy.issuer.at(&address(waiting.id));
        let minutes = (waiting.expires_at - waiting.created_at).whole_minutes().max(1);
        let app = client.display_name_in(translator.locale().tag());
        let letter = Letter::approve(translator, super::PRODUCT, app, &link, minutes);
        match letter.write(to) {
            Ok(mail) => {
                core.outbox.insert(&mut tx, &Message::Mail(mail), core.now()).await?;
            }
            // The account has it all the same.
            Err(error) => tracing::error!(%error, "a mail could not be written"),
        }
    }
    tx.commit().await?;
    core.outbox.wake();
    Ok(())
}

/// Whether the person may be asked one more thing, by that app.
async fn has_room(
    core: &Core,
    db: impl PgExecutor<'_>,
    waiting: &DeferredAuthorization,
    user: &User,
) -> Result<(), Refusal> {
    let open = store::deferred_authorization::list_open(db, user.id, core.now()).await?;
    let (own, others): (Vec<_>, Vec<_>) = open.iter().partition(|one| one.client_id == waiting.client_id);
    let in_the_way = match (own.len() >= MOST_OPEN_OF_ONE, open.len() >= MOST_OPEN) {
        (true, _) => own,
        (false, true) => [own, others].concat(),
        (false, false) => return Ok(()),
    };
    let first = in_the_way.iter().map(|one| one.expires_at).min();
    Err(Refusal::TooMany {
        until: first.unwrap_or(waiting.expires_at),
    })
}

async fn count_mail(core: &Core, to: &str) -> Result<Reservation, store::Error> {
    let attempt = Attempt {
        at: Target::Mail {
            purpose: MailPurpose::Approve,
            to,
        },
        address: None,
    };
    throttle::reserve(core.store.pool(), &core.policy.throttle, attempt, core.now()).await
}
