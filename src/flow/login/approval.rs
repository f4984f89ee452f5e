//! A person hears that an app asks them something behind the scenes (CIBA Core §7): the request stands in their account,
//! and a mail leads to it. The mail says nothing that the app wrote but its name, and decides nothing by itself.

use crate::{
    base::{Translator, id::DeferredAuthorizationId},
    domain::account::throttle::{Decision, MailPurpose},
    flow::{
        Core, Refusal,
        outbox::Message,
        throttle::{self, Attempt, Target},
    },
    model::{Client, DeferredAuthorization, User},
    notify::mail_view::Letter,
    spec::oidc::discovery::path,
    store,
};

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
    let to = user.claim("email").filter(|_| user.is_true("email_verified"));
    let to = match to {
        Some(to) if may_mail(core, to).await? => Some(to),
        _ => None,
    };
    let mut tx = core.store.begin().await?;
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

async fn may_mail(core: &Core, to: &str) -> Result<bool, store::Error> {
    let attempt = Attempt {
        at: Target::Mail {
            purpose: MailPurpose::Approve,
            to,
        },
        address: None,
    };
    let counted = throttle::reserve(core.store.pool(), &core.policy.throttle, attempt, core.now()).await?;
    Ok(counted.decision == Decision::Allow)
}
