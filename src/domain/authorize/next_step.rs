//! What a person must still do before their app gets an answer: an ordered list of reasons, the first that holds wins.
//!
//! It is asked anew at every step, with what is known then. A request is satisfied by what happened *for it*: a sign-in,
//! a choice or a consent counts only when the request itself recorded it in the session that now answers.

use time::Duration;

use crate::{
    base::{Time, id::UserId},
    domain::{
        consent::{self, Wanted},
        security_profile::Rules,
    },
    model::{AuthorizationRequest, Client, Consent, Resource, Session, User, UserStatus},
    spec::oauth::{ErrorCode, OAuthError, Prompt},
};

/// A pending request and everything that the answer depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The request.
    pub request: &'a AuthorizationRequest,
    /// Who asks.
    pub client: &'a Client,
    /// The API resources that the request names.
    pub resources: &'a [&'a Resource],
    /// Who is signed in in this browser, with a session that holds.
    pub signed_in: Option<(&'a Session, &'a User)>,
    /// What that person allowed this client before.
    pub consent: Option<&'a Consent>,
    /// What the client's security profile demands.
    pub rules: &'a Rules,
    /// The time.
    pub now: Time,
}

impl Situation<'_> {
    /// Whether something that the request recorded at `at` happened in the session that answers now.
    fn here(&self, at: Option<Time>) -> bool {
        at.is_some() && self.signed_in.map(|(session, _)| session.id) == self.request.session_id
    }

    fn prompts(&self, prompt: Prompt) -> bool {
        self.request.parameters.prompt.contains(prompt)
    }
}

/// Why somebody must sign in although the browser may know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInReason {
    /// Nobody is signed in.
    NotSignedIn,
    /// The client wants another person than the one who is.
    OtherPerson(UserId),
    /// `prompt=login`.
    Asked,
    /// The authentication is older than `max_age`.
    TooLongAgo,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Make an account (`prompt=create`).
    Register,
    /// Sign in.
    SignIn(SignInReason),
    /// Choose between the account that is signed in and another (`prompt=select_account`).
    SelectAccount,
    /// Replace a one-time password.
    NewPassword,
    /// Allow the app what it asks for and does not have yet.
    Consent(Wanted),
    /// Nothing: answer with a code.
    Finish,
    /// Answer with an error.
    Refuse(OAuthError),
}

/// A reason to ask the person something.
type Reason = fn(&Situation<'_>) -> Option<Step>;

/// The reasons in order: who it is, then what they must put right, then what they allow.
const REASONS: &[Reason] = &[
    wants_to_register,
    is_not_signed_in,
    is_somebody_else,
    must_authenticate_again,
    authenticated_too_long_ago,
    must_choose_an_account,
    has_a_one_time_password,
    has_not_consented,
];

/// The next step of a pending request.
pub fn next_step(situation: &Situation<'_>) -> Step {
    let step = REASONS
        .iter()
        .find_map(|reason| reason(situation))
        .unwrap_or(Step::Finish);
    if !situation.prompts(Prompt::None) {
        return step;
    }
    match step {
        // Who asks "is it this person?" and was never allowed anything by them hears the same whoever is signed in.
        step if step != Step::Finish && names_somebody_as_a_stranger(situation) => {
            silently(Step::SignIn(SignInReason::NotSignedIn))
        }
        step => silently(step),
    }
}

/// Whether the request names a person who never allowed this client to know them (OIDC Core §17.3).
fn names_somebody_as_a_stranger(situation: &Situation<'_>) -> bool {
    let is_named = situation.request.parameters.hinted_user.is_some();
    is_named && situation.rules.ask_people(situation.client) && situation.consent.is_none()
}

/// What `prompt=none` answers instead of showing a page (OIDC Core §3.1.2.6).
fn silently(step: Step) -> Step {
    let (code, description) = match step {
        Step::Finish | Step::Refuse(_) => return step,
        Step::SignIn(_) => (ErrorCode::LoginRequired, "nobody whom the request accepts is signed in"),
        Step::SelectAccount => (ErrorCode::AccountSelectionRequired, "an account must be chosen"),
        Step::Consent(_) => (ErrorCode::ConsentRequired, "the person has not allowed all of this yet"),
        Step::Register | Step::NewPassword => (ErrorCode::InteractionRequired, "the person must do something first"),
    };
    Step::Refuse(OAuthError::new(code, description))
}

// Initiating User Registration 1.0 §4.1; whoever signs in instead has answered it.
fn wants_to_register(situation: &Situation<'_>) -> Option<Step> {
    let answered = situation.here(situation.request.authenticated_at);
    (situation.prompts(Prompt::Create) && !answered).then_some(Step::Register)
}

fn is_not_signed_in(situation: &Situation<'_>) -> Option<Step> {
    match situation.signed_in {
        Some((_, user)) if user.status == UserStatus::Active => None,
        _ => Some(Step::SignIn(SignInReason::NotSignedIn)),
    }
}

// OIDC Core §3.1.2.2: with an id_token_hint or a claims `sub` value nobody else may answer. Whoever signed in for this
// request and still is somebody else ends it.
fn is_somebody_else(situation: &Situation<'_>) -> Option<Step> {
    let wanted = situation.request.parameters.hinted_user?;
    let (_, user) = situation.signed_in?;
    if user.id == wanted {
        return None;
    }
    if situation.here(situation.request.authenticated_at) {
        let error = OAuthError::new(
            ErrorCode::LoginRequired,
            "somebody else signed in than the request names",
        );
        return Some(Step::Refuse(error));
    }
    Some(Step::SignIn(SignInReason::OtherPerson(wanted)))
}

// OIDC Core §3.1.2.1: `prompt=login` is satisfied only by an authentication for this request.
fn must_authenticate_again(situation: &Situation<'_>) -> Option<Step> {
    let answered = situation.here(situation.request.authenticated_at);
    (situation.prompts(Prompt::Login) && !answered).then_some(Step::SignIn(SignInReason::Asked))
}

// OIDC Core §3.1.2.1: older than max_age means sign in again. Reading the consent page slowly is no reason to ask twice.
fn authenticated_too_long_ago(situation: &Situation<'_>) -> Option<Step> {
    let max_age = situation.request.parameters.max_age?;
    let (session, _) = situation.signed_in?;
    let fresh = max_age > 0 && situation.now <= session.auth_time + Duration::seconds(max_age);
    let answered = situation.here(situation.request.authenticated_at);
    (!fresh && !answered).then_some(Step::SignIn(SignInReason::TooLongAgo))
}

// Signing in for this request was a choice too.
fn must_choose_an_account(situation: &Situation<'_>) -> Option<Step> {
    let request = situation.request;
    let answered = situation.here(request.selected_at) || situation.here(request.authenticated_at);
    (situation.prompts(Prompt::SelectAccount) && !answered).then_some(Step::SelectAccount)
}

fn has_a_one_time_password(situation: &Situation<'_>) -> Option<Step> {
    let (_, user) = situation.signed_in?;
    user.password_expired_at.map(|_| Step::NewPassword)
}

fn has_not_consented(situation: &Situation<'_>) -> Option<Step> {
    let parameters = &situation.request.parameters;
    let wanted = consent::wanted(parameters, situation.resources);
    if situation.here(situation.request.consented_at) {
        return None;
    }
    // OIDC Core §3.1.2.1: `prompt=consent` asks even where it was given, or is not needed.
    if situation.prompts(Prompt::Consent) {
        return Some(Step::Consent(wanted));
    }
    if !situation.rules.ask_people(situation.client) {
        return None;
    }
    // RFC 9396 §11.2: each such entry is a permission of its own; it is shown each time, and not remembered.
    if !parameters.authorization_details.is_empty() {
        return Some(Step::Consent(wanted));
    }
    consent::missing(&wanted, situation.consent).map(Step::Consent)
}

#[cfg(test)]
mod tests;
