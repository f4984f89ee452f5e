//! What a person must still do before their app gets an answer: an ordered list of reasons, the first that holds wins.
//!
//! It is asked anew at every step, with what is known then. A request is satisfied by what happened *for it*: a sign-in,
//! a choice or a consent counts only when the request itself recorded it in the session that now answers.

use time::Duration;

use crate::{
    base::{Time, id::UserId},
    domain::consent::{self, Wanted},
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
    if situation.prompts(Prompt::None) {
        silently(step)
    } else {
        step
    }
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
    if !situation.client.metadata.require_consent {
        return None;
    }
    consent::missing(&wanted, situation.consent).map(Step::Consent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::{SeededRng, id::SessionId},
        model::sample::{NOW, authorization_request, client, session, user},
        spec::oauth::{PromptSet, ScopeSet},
    };

    struct World {
        request: AuthorizationRequest,
        client: Client,
        session: Session,
        user: User,
        consent: Option<Consent>,
        signed_in: bool,
        now: Time,
    }

    impl World {
        fn new(prompt: &str) -> Self {
            let mut request = authorization_request();
            request.parameters.prompt = PromptSet::parse(prompt).unwrap();
            request.parameters.scope = ScopeSet::parse("openid email").unwrap();
            Self {
                request,
                client: client(),
                session: session(),
                user: user(),
                consent: Some(Consent {
                    user_id: user().id,
                    client_id: "app".to_owned(),
                    scopes: vec!["openid".to_owned(), "email".to_owned()],
                    resource_scopes: vec![],
                    claims: vec![],
                    granted_at: NOW,
                    updated_at: NOW,
                }),
                signed_in: true,
                now: NOW,
            }
        }

        fn step(&self) -> Step {
            next_step(&Situation {
                request: &self.request,
                client: &self.client,
                resources: &[],
                signed_in: self.signed_in.then_some((&self.session, &self.user)),
                consent: self.consent.as_ref(),
                now: self.now,
            })
        }

        fn authenticate(&mut self) {
            self.request.authenticated_at = Some(self.now);
            self.request.session_id = Some(self.session.id);
            self.session.auth_time = self.now;
        }

        fn refusal(&self) -> ErrorCode {
            match self.step() {
                Step::Refuse(error) => error.code,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn somebody_signed_in_who_allowed_it_before_is_asked_nothing() {
        assert_eq!(World::new("").step(), Step::Finish);
        assert_eq!(World::new("none").step(), Step::Finish);
    }

    #[test]
    fn nobody_signed_in_means_sign_in_and_login_required_when_silent() {
        let mut world = World::new("");
        world.signed_in = false;
        assert_eq!(world.step(), Step::SignIn(SignInReason::NotSignedIn));
        let mut silent = World::new("none");
        silent.signed_in = false;
        assert_eq!(silent.refusal(), ErrorCode::LoginRequired);
    }

    #[test]
    fn a_suspended_person_counts_as_nobody() {
        let mut world = World::new("none");
        world.user.status = UserStatus::Suspended;
        assert_eq!(world.refusal(), ErrorCode::LoginRequired);
    }

    #[test]
    fn prompt_login_is_satisfied_only_by_an_authentication_for_this_request() {
        let mut world = World::new("login");
        assert_eq!(world.step(), Step::SignIn(SignInReason::Asked));
        world.authenticate();
        assert_eq!(world.step(), Step::Finish);
        // Another session took over the browser since.
        world.session.id = SessionId::new(NOW, &SeededRng::new(9));
        assert_eq!(world.step(), Step::SignIn(SignInReason::Asked));
    }

    #[test]
    fn max_age_counts_from_the_authentication() {
        let mut world = World::new("");
        world.request.parameters.max_age = Some(60);
        world.now = NOW + Duration::seconds(60);
        assert_eq!(world.step(), Step::Finish);
        world.now = NOW + Duration::seconds(61);
        assert_eq!(world.step(), Step::SignIn(SignInReason::TooLongAgo));
        world.authenticate();
        world.now += Duration::minutes(5);
        assert_eq!(world.step(), Step::Finish);
    }

    #[test]
    fn max_age_zero_asks_like_prompt_login() {
        let mut world = World::new("");
        world.request.parameters.max_age = Some(0);
        assert_eq!(world.step(), Step::SignIn(SignInReason::TooLongAgo));
        world.authenticate();
        assert_eq!(world.step(), Step::Finish);
    }

    #[test]
    fn another_person_than_hinted_may_sign_in_again_once_and_is_then_refused() {
        let mut world = World::new("");
        let wanted = UserId::new(NOW, &SeededRng::new(5));
        world.request.parameters.hinted_user = Some(wanted);
        assert_eq!(world.step(), Step::SignIn(SignInReason::OtherPerson(wanted)));
        world.authenticate();
        assert_eq!(world.refusal(), ErrorCode::LoginRequired);
        let mut silent = World::new("none");
        silent.request.parameters.hinted_user = Some(wanted);
        assert_eq!(silent.refusal(), ErrorCode::LoginRequired);
        silent.request.parameters.hinted_user = Some(silent.user.id);
        assert_eq!(silent.step(), Step::Finish);
    }

    #[test]
    fn an_account_is_chosen_once() {
        let mut world = World::new("select_account");
        assert_eq!(world.step(), Step::SelectAccount);
        world.request.selected_at = Some(NOW);
        world.request.session_id = Some(world.session.id);
        assert_eq!(world.step(), Step::Finish);
    }

    #[test]
    fn prompt_create_offers_registration_until_somebody_authenticated() {
        let mut world = World::new("create");
        assert_eq!(world.step(), Step::Register);
        world.authenticate();
        assert_eq!(world.step(), Step::Finish);
    }

    #[test]
    fn a_one_time_password_is_replaced_before_anything_is_allowed() {
        let mut world = World::new("");
        world.user.password_expired_at = Some(NOW);
        world.consent = None;
        assert_eq!(world.step(), Step::NewPassword);
        let mut silent = World::new("none");
        silent.user.password_expired_at = Some(NOW);
        assert_eq!(silent.refusal(), ErrorCode::InteractionRequired);
    }

    #[test]
    fn consent_is_asked_for_what_is_new_only() {
        let mut world = World::new("");
        world.request.parameters.scope = ScopeSet::parse("openid email phone").unwrap();
        let Step::Consent(wanted) = world.step() else { panic!() };
        assert_eq!(wanted.scopes, ["phone"]);
        world.request.consented_at = Some(NOW);
        world.request.session_id = Some(world.session.id);
        assert_eq!(world.step(), Step::Finish);
        let mut silent = World::new("none");
        silent.consent = None;
        assert_eq!(silent.refusal(), ErrorCode::ConsentRequired);
    }

    #[test]
    fn a_first_party_client_asks_only_when_the_request_says_so() {
        let mut world = World::new("");
        world.consent = None;
        world.client.metadata.require_consent = false;
        assert_eq!(world.step(), Step::Finish);
        let mut asked = World::new("consent");
        asked.client.metadata.require_consent = false;
        let Step::Consent(wanted) = asked.step() else { panic!() };
        assert_eq!(wanted.scopes, ["openid", "email"]);
    }

    proptest::proptest! {
        // Whatever is missing, a silent request is never answered by a page.
        #[test]
        fn a_silent_request_never_shows_a_page(signed_in: bool, consented: bool, expired: bool, age in -10_i64..10, hinted: bool) {
            let mut world = World::new("none");
            world.signed_in = signed_in;
            world.consent = world.consent.filter(|_| consented);
            world.user.password_expired_at = expired.then_some(NOW);
            world.request.parameters.max_age = (age >= 0).then_some(age);
            world.now = NOW + Duration::seconds(5);
            if hinted {
                world.request.parameters.hinted_user = Some(UserId::new(NOW, &SeededRng::new(5)));
            }
            proptest::prop_assert!(matches!(world.step(), Step::Finish | Step::Refuse(_)));
        }
    }
}
