//! Two real servers on one database behave as one: whatever happens at the one holds at the other, at once or within a
//! second, and what may happen only once happens once whichever of them is asked.

use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use signet::base::{Rng, SystemRng};
use signet::domain::client_secret::Ending;
use signet::flow::admin::{
    self, By,
    client_secret::{self, Another, Crowd},
};
use signet::model::{ClientStatus, UserStatus};
use sqlx::{PgPool, query_scalar};

use crate::support::database::TestDatabase;
use crate::support::fleet::{
    API, APP, Fleet, ISSUER, MACHINE, OPAQUE_API, PASSWORD, at, browser, client_of, code, environment, relying_party,
    serve, sign_in, tokens,
};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::signing_key::SigningKey;

/// By then a change at one process holds at every other.
const SOON: Duration = Duration::from_secs(1);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks until the answer is as wanted.
async fn soon<T>(what: &str, mut ask: impl AsyncFnMut() -> T, is_wanted: impl Fn(&T) -> bool) -> T
where
    T: std::fmt::Debug,
{
    let began = Instant::now();
    loop {
        // The question may take its time on a busy machine; what counts is when it was asked.
        let asked = began.elapsed();
        let answer = ask().await;
        if is_wanted(&answer) {
            return answer;
        }
        assert!(asked < SOON, "{what}: still {answer:?} after {asked:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn invalid_grant(answer: &Answer) -> bool {
    answer.status == 400 && answer.json()["error"] == "invalid_grant"
}

async fn is_active(app: &RelyingParty, token: &str) -> bool {
    app.introspect(token).await["active"] == true
}

/// Has a process remember what stands behind a token, as every process does that has seen it lately.
async fn warm(app: &RelyingParty, token: &str) {
    for _ in 0..2 {
        assert!(is_active(app, token).await);
        assert_eq!(app.userinfo(token).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_wanders_between_processes_and_its_code_is_redeemed_at_the_other() {
    let fleet = Fleet::start(&[]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    let mut person = browser(&fleet.a);
    let ask = app_a.ask(&[("scope", "openid email offline_access"), ("prompt", "consent")]);
    // The page comes from A, the form goes to B, the next page comes from A again.
    let page = person.open(&ask.url).await.at(200, "/login");
    person.go_through(client_of(fleet.b.address()));
    let form = page
        .form("sign-in")
        .filled(&[("identifier", "ada"), ("password", PASSWORD)]);
    let answer = person.send_once(&page, &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    person.go_through(client_of(fleet.a.address()));
    let page = person.follow(answer).await.at(200, "/consent");
    person.go_through(client_of(fleet.b.address()));
    let answer = person.press(&page, "consent", "consent-allow", &[]).await;
    let code = app_b.code(&ask, &answer.location().unwrap()).unwrap();

    let tokens = app_a.exchange(&ask, &code).await.ok();
    let access_token = text(&tokens, "access_token");
    // Each process knows the tokens of the other, and its keys.
    for app in [&app_a, &app_b] {
        app.verify_id_token(text(&tokens, "id_token"), Some(&ask.nonce), Some(access_token))
            .await;
        app.verify_access_token(access_token, ISSUER).await;
        assert_eq!(app.userinfo(access_token).await.ok()["email"], "ada@example.com");
        assert!(is_active(app, text(&tokens, "refresh_token")).await);
    }
    let refreshed = app_b.refresh(text(&tokens, "refresh_token")).await.ok();
    assert!(is_active(&app_a, text(&refreshed, "access_token")).await);
    assert!(!is_active(&app_a, text(&tokens, "refresh_token")).await);

    // The session is everybody's: signed out at B, signed out at A.
    let account = person.open(&at("/account")).await;
    assert_eq!(account.url.path(), "/account");
    let page = person.open(&at("/logout")).await.at(200, "/logout");
    person.press(&page, "sign-out", "sign-out-confirm", &[]).await;
    person.go_through(client_of(fleet.a.address()));
    person.open(&at("/account")).await.at(200, "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_redemptions_at_once_one_wins_and_its_tokens_die() {
    let fleet = Fleet::start(&[]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    for round in 0..6 {
        let process = if round % 2 == 0 { &fleet.a } else { &fleet.b };
        let (_, ask, code) = code(process, &app_a, &[("scope", "openid offline_access")]).await;
        let (at_a, at_b) = tokio::join!(app_a.exchange(&ask, &code), app_b.exchange(&ask, &code));
        let (winner, loser) = match (at_a.status, at_b.status) {
            (200, 400) => (at_a, at_b),
            (400, 200) => (at_b, at_a),
            _ => panic!("not one winner: {at_a:?} {at_b:?}"),
        };
        assert!(invalid_grant(&loser), "{}", loser.body);
        // RFC 6749 §4.1.2
        let tokens = winner.ok();
        for app in [&app_a, &app_b] {
            let access_token = text(&tokens, "access_token");
            soon(
                "the access token dies",
                || is_active(app, access_token),
                |active| !active,
            )
            .await;
            soon(
                "userinfo refuses it",
                || app.userinfo(access_token),
                |answer| answer.status == 401,
            )
            .await;
            assert!(invalid_grant(&app.refresh(text(&tokens, "refresh_token")).await));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_used_at_both_at_once_has_one_successor() {
    let fleet = Fleet::start(&[("SIGNET_TOKENS__REFRESH_GRACE_SECONDS", "30")]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    let first = tokens(&fleet.a, &app_a, &[("scope", "openid offline_access")]).await;
    let mut token = text(&first, "refresh_token").to_owned();
    let mut used = Vec::new();
    for _ in 0..8 {
        let (at_a, at_b) = tokio::join!(app_a.refresh(&token), app_b.refresh(&token));
        let (at_a, at_b) = (at_a.ok(), at_b.ok());
        assert_eq!(at_a["refresh_token"], at_b["refresh_token"]);
        assert_ne!(at_a["access_token"], at_b["access_token"]);
        used.push(std::mem::replace(&mut token, text(&at_a, "refresh_token").to_owned()));
    }
    let last = app_a.refresh(&token).await.ok();
    warm(&app_b, text(&last, "access_token")).await;
    // Long used: somebody holds a copy, and the family dies at both.
    assert!(invalid_grant(&app_b.refresh(&used[0]).await));
    for app in [&app_a, &app_b] {
        assert!(invalid_grant(&app.refresh(text(&last, "refresh_token")).await));
        let access_token = text(&last, "access_token");
        soon(
            "the access token dies",
            || is_active(app, access_token),
            |active| !active,
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_revokes_is_dead_at_the_other() {
    let fleet = Fleet::start(&[]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    // A JWT for userinfo, alone.
    let first = tokens(&fleet.a, &app_a, &[("scope", "openid offline_access")]).await;
    let jwt = text(&first, "access_token");
    warm(&app_b, jwt).await;
    app_a.revoke(jwt).await;
    soon("introspection tells", || is_active(&app_b, jwt), |active| !active).await;
    assert_eq!(app_b.userinfo(jwt).await.status, 401);
    // Its refresh token is good still (RFC 7009 §2.1: may be).
    let second = app_b.refresh(text(&first, "refresh_token")).await.ok();

    // An opaque one.
    let asked = [("scope", "openid look"), ("resource", OPAQUE_API)];
    let opaque = tokens(&fleet.b, &app_b, &asked).await;
    let opaque = text(&opaque, "access_token");
    assert!(!opaque.contains('.'));
    assert!(is_active(&app_a, opaque).await);
    app_b.revoke(opaque).await;
    soon("introspection tells", || is_active(&app_a, opaque), |active| !active).await;

    // A refresh token, and with it everything of its grant.
    let jwt = text(&second, "access_token");
    warm(&app_b, jwt).await;
    app_a.revoke(text(&second, "refresh_token")).await;
    soon(
        "the grant's access token dies",
        || is_active(&app_b, jwt),
        |active| !active,
    )
    .await;
    assert_eq!(app_b.userinfo(jwt).await.status, 401);
    assert!(invalid_grant(&app_b.refresh(text(&second, "refresh_token")).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_changed_or_disabled_is_so_at_every_process() {
    let fleet = Fleet::start(&[]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    let (machine_a, machine_b) = fleet.relying_parties(MACHINE).await;
    let grant = [
        ("grant_type", "client_credentials"),
        ("resource", API),
        ("scope", "read"),
    ];
    for machine in [&machine_a, &machine_b] {
        assert_eq!(machine.token(&grant).await.ok()["scope"], "read");
    }
    let held = tokens(&fleet.a, &app_a, &[("scope", "openid offline_access")]).await;
    warm(&app_b, text(&held, "access_token")).await;

    // Another lifetime.
    edit(&fleet, "machine", |edit| {
        edit.metadata.access_token_lifetime_seconds = Some(77)
    })
    .await;
    for machine in [&machine_a, &machine_b] {
        let is_new = |answer: &Answer| answer.ok()["expires_in"] == 77;
        soon("the new lifetime holds", || machine.token(&grant), is_new).await;
    }
    // Another secret.
    let another = Another {
        label: None,
        lifetime: None,
        others: Ending::AtOnce,
        crowd: Crowd::Refused,
    };
    let saved = client_secret::add(&fleet.operator, &By::command(), "machine", &another).await;
    let secret = saved.unwrap().secret.unwrap();
    let machine = relying_party(&fleet.b, ("machine", secret.expose())).await;
    soon(
        "the new secret opens",
        || machine.token(&grant),
        |answer| answer.status == 200,
    )
    .await;
    for machine in [&machine_a, &machine_b] {
        soon(
            "the old secret does not",
            || machine.token(&grant),
            |answer| answer.status == 401,
        )
        .await;
    }
    // No longer.
    edit(&fleet, "app", |edit| edit.status = ClientStatus::Disabled).await;
    for app in [&app_a, &app_b] {
        let refresh_token = text(&held, "refresh_token");
        soon(
            "it is let in no more",
            || app.refresh(refresh_token),
            |answer| answer.status == 401,
        )
        .await;
        let access_token = text(&held, "access_token");
        soon(
            "its tokens are dead",
            || app.userinfo(access_token),
            |answer| answer.status == 401,
        )
        .await;
        let mut person = browser(&fleet.b);
        let page = person.open(&app.ask(&[]).url).await;
        assert_eq!(page.status, 400, "{}", page.body);
    }
}

async fn edit(fleet: &Fleet, client_id: &str, change: impl FnOnce(&mut admin::client::Edit)) {
    let client = admin::client::find(&fleet.operator, client_id).await.unwrap();
    let mut edit = admin::client::Edit {
        metadata: client.metadata,
        roles: client.roles,
        status: client.status,
    };
    change(&mut edit);
    admin::client::edit(&fleet.operator, &By::command(), client_id, client.version, &edit)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_suspended_is_out_everywhere() {
    let fleet = Fleet::start(&[]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    let (mut person, ask, code) = code(&fleet.a, &app_a, &[("scope", "openid offline_access")]).await;
    let held = app_a.exchange(&ask, &code).await.ok();
    let access_token = text(&held, "access_token");
    warm(&app_a, access_token).await;
    warm(&app_b, access_token).await;

    let core = &fleet.operator;
    let user = admin::user::find_by_identifier(core, "ada").await.unwrap();
    let edit = admin::user::Edit {
        status: Some(UserStatus::Suspended),
        ..admin::user::Edit::default()
    };
    admin::user::edit(core, &By::command(), user.id, user.version, &edit)
        .await
        .unwrap();
    for app in [&app_a, &app_b] {
        soon(
            "userinfo refuses",
            || app.userinfo(access_token),
            |answer| answer.status == 401,
        )
        .await;
        soon("introspection tells", || is_active(app, access_token), |active| !active).await;
        assert!(invalid_grant(&app.refresh(text(&held, "refresh_token")).await));
    }
    // The browser is signed out, and the right password does not help.
    person.go_through(client_of(fleet.b.address()));
    let page = person.open(&at("/account")).await.at(200, "/login");
    let answer = sign_in(&mut person, &page).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_assertion_is_good_once_whichever_process_sees_it() {
    let fleet = Fleet::start(&[]).await;
    let (a, b) = fleet.relying_parties(("signer", "")).await;
    for round in 0..6 {
        let assertion = assertion();
        let [at_a, at_b] = both(round, present(&a, &assertion), present(&b, &assertion)).await;
        let mut statuses = [at_a.status, at_b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{at_a:?} {at_b:?}");
        let refused = if at_a.status == 401 { at_a } else { at_b };
        assert_eq!(refused.error(), (401, "invalid_client".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dpop_proof_is_good_once_whichever_process_sees_it() {
    let fleet = Fleet::start(&[]).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    let (machine_a, machine_b) = fleet.relying_parties(MACHINE).await;
    let key = SigningKey::new();
    let proof = |method: &str, endpoint: &str, token: Option<&str>| {
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        let proof = key.proof(method, app_a.endpoint(endpoint).as_str(), now, token);
        HeaderMap::from_iter([(HeaderName::from_static("dpop"), proof.parse().unwrap())])
    };
    let (_, ask, code) = code(&fleet.a, &app_a, &[]).await;
    let redeems = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app_a.redirect_uri),
        ("code_verifier", &ask.code_verifier),
    ];
    let tied = app_a.post_with("token_endpoint", proof("POST", "token_endpoint", None), &redeems);
    let tied = tied.await.ok();
    let access_token = text(&tied, "access_token");
    let grant = [("grant_type", "client_credentials"), ("resource", API)];
    for round in 0..6 {
        let proof_of_use = proof("POST", "token_endpoint", None);
        let asks = |at| RelyingParty::post_with(at, "token_endpoint", proof_of_use.clone(), &grant);
        let answers = both(round, asks(&machine_a), asks(&machine_b)).await;
        once(answers, 400);
        // at the resource too (RFC 9449 §11.1)
        let mut headers = proof("GET", "userinfo_endpoint", Some(access_token));
        headers.insert("authorization", format!("DPoP {access_token}").parse().unwrap());
        let looks = |at| RelyingParty::get(at, "userinfo_endpoint", headers.clone());
        once(both(round, looks(&app_a), looks(&app_b)).await, 401);
    }
}

/// One after the other, the other way round, then at the same time.
async fn both<T>(round: usize, at_a: impl Future<Output = T>, at_b: impl Future<Output = T>) -> [T; 2] {
    match round {
        0 => [at_a.await, at_b.await],
        1 => {
            let at_b = at_b.await;
            [at_a.await, at_b]
        }
        _ => tokio::join!(at_a, at_b).into(),
    }
}

/// One of the two was taken; the other was told that its proof will not do.
fn once(mut answers: [Answer; 2], refusal: u16) {
    answers.sort_unstable_by_key(|answer| answer.status);
    let [taken, refused] = answers;
    assert_eq!(taken.ok()["token_type"].as_str().unwrap_or("DPoP"), "DPoP");
    assert_eq!(refused.error(), (refusal, "invalid_dpop_proof".to_owned()));
}

fn assertion() -> String {
    let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
    let claims = json!({
        "iss": "signer", "sub": "signer", "aud": ISSUER, "iat": now, "exp": now + 60,
        "jti": SystemRng.token().expose().clone(),
    });
    let key = EncodingKey::from_secret(b"00112233445566778899aabbccddeeff");
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}

async fn present(client: &RelyingParty, assertion: &str) -> Answer {
    let parameters = [
        ("grant_type", "client_credentials"),
        ("resource", API),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    client.post_raw("token_endpoint", HeaderMap::new(), &parameters).await
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_together() {
    let fleet = Fleet::start(&[]).await;
    let mut browsers = [browser(&fleet.a), browser(&fleet.b)];
    let mut statuses = Vec::new();
    for attempt in 0..8 {
        let guesser = &mut browsers[attempt % 2];
        let page = guesser.open(&at("/login")).await.at(200, "/login");
        let password = format!("wrong password {attempt}");
        let fields = [("identifier", "ada"), ("password", password.as_str())];
        statuses.push(guesser.submit(&page, "sign-in", &fields).await.status);
    }
    // Neither process alone has seen more than four; five are free.
    assert_eq!(statuses[..5], [422; 5], "{statuses:?}");
    assert!(statuses[5..].contains(&429), "{statuses:?}");
    assert_eq!(statuses[7], 429, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_starts_at_once_make_one_server() {
    let database = TestDatabase::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let more = [
        ("SIGNET_DEMO__ENABLED", "true"),
        ("SIGNET_KEYS__ALGORITHMS", "RS256,PS256,ES256,EdDSA"),
    ];
    let environment = environment(database.url(), &more);
    let (a, b, c) = tokio::join!(
        serve(&folder, environment.clone()),
        serve(&folder, environment.clone()),
        serve(&folder, environment.clone()),
    );
    let processes = [&a, &b, &c];
    let told: Vec<String> = processes.iter().map(|process| process.output()).collect();
    assert_eq!(told.concat().matches("one-time password").count(), 1, "{told:?}");
    let pool = database.pool();
    assert_eq!(
        count(pool, "select count(*) from users where username = 'admin'").await,
        1
    );
    assert_eq!(count(pool, "select count(*) from users").await, 3);
    // four to sign with, two to encrypt to
    assert_eq!(count(pool, "select count(*) from signing_keys").await, 6);
    let mut published = Vec::new();
    for process in processes {
        let machine = relying_party(process, ("demo-machine", "demo-machine-secret-for-this-machine-only")).await;
        let grant = [
            ("grant_type", "client_credentials"),
            ("resource", "http://localhost:3000/api"),
        ];
        assert_eq!(machine.token(&grant).await.status, 200);
        published.push(machine.jwks().await);
    }
    assert_eq!(published[0].keys.len(), 6);
    assert!(published.iter().all(|jwks| *jwks == published[0]), "{published:?}");
    // The one-time password is good at every process.
    let password = told.concat();
    let password = password
        .split("one-time password")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .trim();
    for process in processes {
        let mut person = browser(process);
        let page = person.open(&at("/login")).await;
        let fields = [("identifier", "admin"), ("password", password)];
        let page = person.submit(&page, "sign-in", &fields).await;
        assert_eq!(page.url.path(), "/login/new-password", "{}", page.body);
    }
}

async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    query_scalar(statement).fetch_one(pool).await.unwrap()
}
