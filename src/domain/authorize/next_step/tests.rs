//! The reasons one by one, and what holds for every order of events.

use super::*;
use crate::{
    base::{SeededRng, id::SessionId},
    domain::security_profile,
    model::{
        SecurityProfile,
        sample::{NOW, authorization_request, client, session, user},
    },
    spec::oauth::{PromptSet, ScopeSet},
};

struct World {
    request: AuthorizationRequest,
    client: Client,
    session: Session,
    user: User,
    consent: Option<Consent>,
    signed_in: bool,
    rules: &'static Rules,
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
            rules: security_profile::rules(None),
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
            rules: self.rules,
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
fn a_stranger_who_names_a_person_silently_does_not_hear_who_is_signed_in() {
    let answer = |change: fn(&mut World), is_them: bool| {
        let mut world = World::new("none");
        let other = UserId::new(NOW, &SeededRng::new(5));
        world.request.parameters.hinted_user = Some(if is_them { world.user.id } else { other });
        world.consent = None;
        change(&mut world);
        world.step()
    };
    let changes: [fn(&mut World); 3] = [
        |_| {},
        |world| world.user.password_expired_at = Some(NOW),
        |world| world.signed_in = false,
    ];
    for change in changes {
        let (them, another) = (answer(change, true), answer(change, false));
        assert_eq!(them, another, "word for word");
        assert!(matches!(them, Step::Refuse(error) if error.code == ErrorCode::LoginRequired));
    }
    // who was allowed something knows them by name, and hears what is missing
    let mut world = World::new("none");
    world.request.parameters.hinted_user = Some(world.user.id);
    world.request.parameters.scope = ScopeSet::parse("openid profile").unwrap();
    assert_eq!(world.refusal(), ErrorCode::ConsentRequired);
    // so does an app of the operator's
    world.consent = None;
    world.client.metadata.require_consent = false;
    assert_eq!(world.step(), Step::Finish);
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
    // FAPI 1.0 Baseline §5.2.2-12, also where the server came under it after the client was there
    world.rules = security_profile::rules(Some(SecurityProfile::Fapi1Advanced));
    assert!(matches!(world.step(), Step::Consent(_)));
    world.rules = security_profile::rules(Some(SecurityProfile::Fapi2Security));
    assert_eq!(world.step(), Step::Finish);
}

/// What can happen to a browser while a request is pending.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Somebody signs in on the request's own page.
    SignIn(u8),
    /// Somebody signs in in another tab, for something else.
    SignInElsewhere(u8),
    Choose,
    Allow,
    SignOut,
}

fn events() -> impl proptest::strategy::Strategy<Value = Vec<Event>> {
    use proptest::prelude::*;
    let event = prop_oneof![
        (0_u8..2).prop_map(Event::SignIn),
        (0_u8..2).prop_map(Event::SignInElsewhere),
        Just(Event::Choose),
        Just(Event::Allow),
        Just(Event::SignOut),
    ];
    proptest::collection::vec(event, 0..8)
}

impl World {
    fn begin_session(&mut self, person: u8, number: u64) {
        self.user.id = UserId::new(NOW, &SeededRng::new(100 + u64::from(person)));
        self.session.id = SessionId::new(NOW, &SeededRng::new(1000 + number));
        self.session.user_id = self.user.id;
        self.session.auth_time = self.now;
        self.signed_in = true;
    }

    /// As the store does it: whatever another session had done counts no more.
    fn bind(&mut self) {
        if self.request.session_id != Some(self.session.id) {
            self.request.authenticated_at = None;
            self.request.selected_at = None;
            self.request.consented_at = None;
        }
        self.request.session_id = Some(self.session.id);
    }

    fn happen(&mut self, event: Event, number: u64) {
        self.now += Duration::seconds(40);
        match event {
            Event::SignIn(person) => {
                self.begin_session(person, number);
                self.bind();
                self.request.authenticated_at = Some(self.now);
                self.request.selected_at = Some(self.now);
            }
            Event::SignInElsewhere(person) => self.begin_session(person, number),
            Event::Choose if self.signed_in => {
                self.bind();
                self.request.selected_at = Some(self.now);
            }
            Event::Allow if self.signed_in => {
                self.bind();
                self.request.consented_at = Some(self.now);
            }
            Event::Choose | Event::Allow => {}
            Event::SignOut => self.signed_in = false,
        }
    }
}

/// What has happened in the present session, told without the request's own marks.
#[derive(Default)]
struct Told {
    signed_in_here: bool,
    chose: bool,
    allowed: bool,
}

impl Told {
    fn hear(&mut self, event: Event, signed_in: bool) {
        match event {
            Event::SignIn(_) => {
                *self = Self {
                    signed_in_here: true,
                    chose: true,
                    allowed: false,
                };
            }
            Event::SignInElsewhere(_) | Event::SignOut => *self = Self::default(),
            Event::Choose => self.chose |= signed_in,
            Event::Allow => self.allowed |= signed_in,
        }
    }
}

proptest::proptest! {
    // Whatever happens in whatever order, nothing is answered that the request's own demands do not allow.
    #[test]
    fn no_order_of_events_gets_around_a_demand(
        events in events(),
        prompt in "(|login|consent|select_account|login consent)",
        max_age in proptest::option::of(0_i64..90),
        hinted: bool,
    ) {
        let mut world = World::new(&prompt);
        world.signed_in = false;
        world.consent = None;
        world.request.parameters.max_age = max_age;
        world.request.parameters.hinted_user = hinted.then(|| UserId::new(NOW, &SeededRng::new(100)));
        let mut told = Told::default();
        for (number, event) in events.into_iter().enumerate() {
            told.hear(event, world.signed_in);
            world.happen(event, number as u64);
            if world.step() != Step::Finish {
                continue;
            }
            proptest::prop_assert!(world.signed_in && told.allowed);
            proptest::prop_assert!(!prompt.contains("login") || told.signed_in_here);
            proptest::prop_assert!(!prompt.contains("select_account") || told.chose);
            let age = (world.now - world.session.auth_time).whole_seconds();
            let young = max_age.is_none_or(|most| told.signed_in_here || (most > 0 && age <= most));
            proptest::prop_assert!(young);
            proptest::prop_assert!(!hinted || Some(world.user.id) == world.request.parameters.hinted_user);
        }
    }

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
