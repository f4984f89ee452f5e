//! Asking for an account. Nothing is made before the address is confirmed, and nobody learns from the answer whether the
//! address has an account: its owner gets a mail that says so instead of a code.

use serde_json::{Map, Value};

use super::{PRODUCT, Visit, password, post};
use crate::{
    base::{Locale, Secret, Time, TokenHash, Translator, id::RegistrationId},
    domain::account::{
        registration::{self, CODE_DIGITS, MAX_CODE_ATTEMPTS, Problem},
        throttle::{Decision, MailPurpose},
    },
    flow::{
        Core, Failure,
        throttle::{self, Attempt, Target},
    },
    model::Registration,
    notify::mail_view::Letter,
    store::{self, Tx},
};

/// What was typed, and what else was asked for.
#[derive(Debug)]
pub struct Form {
    /// The address.
    pub email: String,
    /// The username, where one is asked for.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
    /// Claims that the waiting app needs, and what was typed for them.
    pub claims: Vec<(&'static str, String)>,
}

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// A mail is on its way; the page asks for its code.
    Sent(RegistrationId),
    /// The form must be mended.
    Problems(Vec<Problem>),
    /// Too many mails to this address, or from this one.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// People do not make accounts for themselves here.
    Closed,
}

/// A form that is in order.
struct Sound {
    email: String,
    username: Option<String>,
    profile: Map<String, Value>,
}

/// Takes a registration in.
///
/// # Errors
/// A [`Failure`].
pub async fn register(core: &Core, visit: &Visit, form: &Form) -> Result<Outcome, Failure> {
    if !core.policy.sign_up.enabled {
        return Ok(Outcome::Closed);
    }
    let sound = match check(core, form) {
        Ok(sound) => sound,
        Err(problems) => return Ok(Outcome::Problems(problems)),
    };
    if let Decision::Wait { until } = count_mail(core, visit, MailPurpose::Register, &sound.email).await? {
        return Ok(Outcome::Wait { until });
    }
    // Only what was counted learns who has a username.
    if let Some(username) = &sound.username
        && store::user::find_by_username(core.store.pool(), username)
            .await?
            .is_some()
    {
        return Ok(Outcome::Problems(vec![Problem::UsernameTaken]));
    }
    // Hashed whether or not the address is known: the time of the answer must not tell either.
    let password_hash = core.passwords.hash(&form.password).await?;
    let now = core.now();
    let id = RegistrationId::new(now, &*core.rng);
    let secrets = Secrets::new(core);
    let registration = Registration {
        id,
        email: sound.email,
        username: sound.username,
        password_hash,
        profile: sound.profile,
        locale: Some(visit.locale),
        authorization_request_id: visit.request,
        link_hash: TokenHash::of(secrets.link.expose()),
        code_hash: secrets.code_hash(id),
        attempts: 0,
        created_at: now,
        expires_at: now + core.policy.sign_up.verification,
        completed_at: None,
    };
    let mut tx = core.store.begin().await?;
    store::registration::insert(&mut *tx, &registration, &visit.browser.hash).await?;
    send(core, &mut tx, &registration, &secrets, visit.locale).await?;
    tx.commit().await?;
    core.outbox.wake();
    Ok(Outcome::Sent(id))
}

/// Looks at what was typed, and at nothing else.
fn check(core: &Core, form: &Form) -> Result<Sound, Vec<Problem>> {
    let mut problems = Vec::new();
    let email = registration::email(&form.email)
        .map_err(|problem| problems.push(problem))
        .ok();
    let mut username = None;
    if core.policy.sign_up.ask_username {
        match registration::username(&form.username) {
            Ok(name) => username = Some(name),
            Err(problem) => problems.push(problem),
        }
    }
    let asked: Vec<&'static str> = form.claims.iter().map(|(name, _)| *name).collect();
    let typed = |name: &str| {
        form.claims
            .iter()
            .find(|(claim, _)| *claim == name)
            .map(|(_, value)| value.clone())
    };
    let profile = registration::claims(&asked, typed)
        .map_err(|wrong| problems.extend(wrong))
        .ok();
    if form.password.expose().is_empty() {
        problems.push(Problem::PasswordMissing);
    } else if let Err(weakness) = password::check_for(core, &form.password, username.as_deref(), email.as_deref()) {
        problems.push(Problem::Password(weakness));
    }
    match (email, profile) {
        (Some(email), Some(profile)) if problems.is_empty() => Ok(Sound {
            email,
            username,
            profile,
        }),
        _ => Err(problems),
    }
}

/// How a request for another mail went.
#[derive(Debug)]
pub enum Resent {
    /// Another mail is on its way; the code and the link of the last one are dead.
    Sent,
    /// Too many mails.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// The registration is over, or belongs to another browser.
    Over,
}

/// Sends the mail again, with a new code and a new link.
///
/// # Errors
/// A [`Failure`].
pub async fn resend(core: &Core, visit: &Visit, id: RegistrationId) -> Result<Resent, Failure> {
    // Another mail brings no new tries, so that whoever has used them up begins again.
    let found = open(core, visit, id).await?;
    let Some(registration) = found.filter(|one| one.attempts < MAX_CODE_ATTEMPTS) else {
        return Ok(Resent::Over);
    };
    if let Decision::Wait { until } = count_mail(core, visit, MailPurpose::Register, &registration.email).await? {
        return Ok(Resent::Wait { until });
    }
    let secrets = Secrets::new(core);
    let link_hash = TokenHash::of(secrets.link.expose());
    let expires_at = core.now() + core.policy.sign_up.verification;
    let mut tx = core.store.begin().await?;
    let replaced =
        store::registration::replace_secrets(&mut *tx, id, &link_hash, &secrets.code_hash(id), expires_at).await?;
    if !replaced {
        return Ok(Resent::Over);
    }
    send(core, &mut tx, &registration, &secrets, visit.locale).await?;
    tx.commit().await?;
    core.outbox.wake();
    Ok(Resent::Sent)
}

/// The registration of that id, if it is still open and belongs to this browser.
///
/// # Errors
/// The store's.
pub async fn open(core: &Core, visit: &Visit, id: RegistrationId) -> Result<Option<Registration>, store::Error> {
    let found = store::registration::find(core.store.pool(), id, &visit.browser.hash).await?;
    Ok(found.filter(|one| one.completed_at.is_none() && one.expires_at > core.now()))
}

/// Mails to one address are slowed down like attempts on one account, whoever asks for them; those for one purpose take
/// nothing from another.
pub(in crate::flow) async fn count_mail(
    core: &Core,
    visit: &Visit,
    purpose: MailPurpose,
    to: &str,
) -> Result<Decision, store::Error> {
    let attempt = Attempt {
        at: Target::Mail { purpose, to },
        address: visit.address,
    };
    let reservation = throttle::reserve(core.store.pool(), &core.policy.throttle, attempt, core.now()).await?;
    Ok(reservation.decision)
}

/// What the mail carries.
struct Secrets {
    link: Secret<String>,
    code: Secret<String>,
}

impl Secrets {
    fn new(core: &Core) -> Self {
        let number = core.rng.below(1_000_000);
        Self {
            link: core.rng.token(),
            code: Secret::new(format!("{number:0CODE_DIGITS$}")),
        }
    }

    fn code_hash(&self, id: RegistrationId) -> TokenHash {
        code_hash(id, self.code.expose())
    }
}

/// The hash under which a code is kept. A million values are no secret once the hash is out; the five tries are what
/// guards it.
pub(super) fn code_hash(id: RegistrationId, code: &str) -> TokenHash {
    TokenHash::of(&format!("{id}:{code}"))
}

async fn send(
    core: &Core,
    tx: &mut Tx,
    registration: &Registration,
    secrets: &Secrets,
    locale: Locale,
) -> Result<(), Failure> {
    let email = &registration.email;
    let issuer = &core.policy.issuer;
    let known = store::user::find_by_verified_email(&mut **tx, email).await?.is_some();
    let words = Translator::new(locale);
    let letter = if known {
        Letter::already_registered(words, PRODUCT, &issuer.at("/login"))
    } else {
        let link = issuer.at(&format!("/register/verify?token={}", secrets.link.expose()));
        let minutes = core.policy.sign_up.verification.whole_minutes();
        Letter::verify_email(words, PRODUCT, secrets.code.expose(), &link, minutes)
    };
    post(core, tx, &letter, email).await
}
