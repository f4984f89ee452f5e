//! Registration and recovery by mail.

use signet::base::Rng;
use signet::store;
use time::Duration;

use super::world::{PASSWORD, World, parameter};
use crate::support::browser::{Browser, Page};

async fn register(world: &World, browser: &mut Browser, email: &str) -> Page {
    let page = browser
        .open(&world.ask(&[("prompt", "create")]))
        .await
        .at(200, "/register");
    browser
        .submit(&page, "register", &[("email", email), ("password", PASSWORD)])
        .await
}

#[tokio::test]
async fn somebody_registers_by_code_and_goes_on_to_the_app() {
    let world = World::new().await;
    let mut browser = Browser::new();
    let page = register(&world, &mut browser, " New@Example.com ")
        .await
        .at(200, "/register/verify");
    let pool = world.core.store.pool();
    // Nobody exists before the address is confirmed.
    assert!(
        store::user::find_for_sign_in(pool, "new@example.com")
            .await
            .unwrap()
            .is_none()
    );
    let mail = world.mailbox.mail("new@example.com", 1).await;
    let wrong = browser.submit(&page, "verify", &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    let page = browser
        .submit(&wrong, "verify", &[("code", &mail.code(6))])
        .await
        .at(200, "/consent");
    assert!(page.body.contains("new@example.com"));
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    assert!(parameter(&answer.location().unwrap(), "code").is_some());
    let (user, _) = store::user::find_for_sign_in(pool, "new@example.com")
        .await
        .unwrap()
        .unwrap();
    assert!(user.is_true("email_verified"));
    assert_eq!(store::fact::list_current(pool, user.id).await.unwrap().len(), 1);
    let mut elsewhere = Browser::new();
    let page = elsewhere.open(&world.at("/login")).await;
    let form = page
        .form("sign-in")
        .filled(&[("identifier", "new@example.com"), ("password", PASSWORD)]);
    assert_eq!(elsewhere.send_once(&page, &form).await.status, 303);
}

#[tokio::test]
async fn the_link_asks_first_and_counts_in_its_own_browser_only() {
    let world = World::new().await;
    let mut browser = Browser::new();
    register(&world, &mut browser, "new@example.com").await;
    let link = world.mailbox.mail("new@example.com", 1).await.link("/register/verify");
    // Whoever else opens it (a scanner, a stranger whom somebody registered) confirms nothing.
    let mut other = Browser::new();
    assert_eq!(other.open(&link).await.status, 400);
    let page = browser.open(&link).await.at(200, "/register/verify");
    let pool = world.core.store.pool();
    assert!(
        store::user::find_for_sign_in(pool, "new@example.com")
            .await
            .unwrap()
            .is_none()
    );
    browser.submit(&page, "verify-link", &[]).await.at(200, "/consent");
    // Good once.
    assert_eq!(browser.submit(&page, "verify-link", &[]).await.status, 400);
}

#[tokio::test]
async fn a_known_address_gets_the_same_page_and_another_mail() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut first, mut second) = (Browser::new(), Browser::new());
    let known = register(&world, &mut first, "ada@example.com")
        .await
        .at(200, "/register/verify");
    let unknown = register(&world, &mut second, "bob@example.com")
        .await
        .at(200, "/register/verify");
    assert_eq!(known.texts("h1, label, button"), unknown.texts("h1, label, button"));
    let mail = world.mailbox.mail("ada@example.com", 1).await;
    assert!(mail.subject.contains("already"));
    assert!(!mail.text.contains("/register/verify"));
    // Trying codes ends after five, known or not.
    for page in [known, unknown] {
        let browser = if page.body.contains("ada@example.com") {
            &mut first
        } else {
            &mut second
        };
        let mut last = page;
        for code in 0..6 {
            last = browser
                .submit(&last, "verify", &[("code", &format!("{code:06}"))])
                .await;
            assert_eq!(last.status, 422);
        }
        assert!(last.body.contains("too many wrong codes"), "{}", last.body);
    }
}

#[tokio::test]
async fn a_second_mail_kills_the_first_code() {
    let world = World::new().await;
    let mut browser = Browser::new();
    let page = register(&world, &mut browser, "new@example.com").await;
    let first = world.mailbox.mail("new@example.com", 1).await.code(6);
    let page = browser.submit(&page, "resend", &[]).await.at(200, "/register/verify");
    let second = world.mailbox.mail("new@example.com", 2).await.code(6);
    if first != second {
        assert_eq!(browser.submit(&page, "verify", &[("code", &first)]).await.status, 422);
    }
    browser
        .submit(&page, "verify", &[("code", &second)])
        .await
        .at(200, "/consent");
}

#[tokio::test]
async fn a_registration_form_says_what_is_wrong_beside_each_field() {
    let world = World::with(|policy| policy.sign_up.ask_username = true).await;
    world.make_person("ada", |_| {}).await;
    let claims = r#"{"userinfo":{"given_name":{"essential":true}}}"#;
    let mut browser = Browser::new();
    let page = browser
        .open(&world.ask(&[("prompt", "create"), ("claims", claims)]))
        .await
        .at(200, "/register");
    let bad = [
        ("email", "nonsense"),
        ("username", "a b"),
        ("password", "short"),
        ("given_name", " "),
    ];
    let page = browser.submit(&page, "register", &bad).await;
    assert_eq!(page.status, 422);
    for field in ["email", "username", "password", "given_name"] {
        assert!(page.has(&format!("#register-{field}-error")), "{field}");
    }
    // Who has a name is told only when all else is in order, and then it is counted.
    let taken = [
        ("email", "eve@example.com"),
        ("username", "ADA"),
        ("password", PASSWORD),
        ("given_name", "Eve"),
    ];
    let page = browser.submit(&page, "register", &taken).await;
    assert_eq!(page.status, 422);
    assert!(page.has("#register-username-error"));
    let good = [
        ("email", "eve@example.com"),
        ("username", "eve"),
        ("password", PASSWORD),
        ("given_name", "Eve"),
    ];
    let page = browser
        .submit(&page, "register", &good)
        .await
        .at(200, "/register/verify");
    let code = world.mailbox.mail("eve@example.com", 1).await.code(6);
    browser
        .submit(&page, "verify", &[("code", &code)])
        .await
        .at(200, "/consent");
    let (eve, _) = store::user::find_for_sign_in(world.core.store.pool(), "eve")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(eve.claim("given_name"), Some("Eve"));
}

#[tokio::test]
async fn where_registration_is_closed_there_is_no_page_and_no_prompt() {
    let world = World::with(|policy| policy.sign_up.enabled = false).await;
    let mut browser = Browser::new();
    assert_eq!(browser.open(&world.at("/register")).await.status, 404);
    let refused = browser.get(&world.ask(&[("prompt", "create")])).await;
    assert_eq!(super::world::refusal(&refused), "invalid_request");
    let page = browser.open(&world.at("/login")).await;
    assert!(!page.body.contains("/register"));
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_is_good_once() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut elsewhere, _) = world.sign_in_to_app("ada", &[]).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[])).await;
    let page = browser.click(&page, "a[href^='/recover']").await.at(200, "/recover");
    browser
        .submit(&page, "recover", &[("identifier", "ada")])
        .await
        .at(200, "/recover");
    let link = world.mailbox.mail("ada@example.com", 1).await.link("/recover/reset");
    let page = browser.open(&link).await.at(200, "/recover/reset");
    let weak = browser.submit(&page, "reset", &[("password", "12345678")]).await;
    assert_eq!(weak.status, 422);
    let next = browser
        .submit(&weak, "reset", &[("password", "seven grey herons")])
        .await;
    // The app was allowed before; the answer is on its way.
    assert!(parameter(&next.location().unwrap(), "code").is_some());
    assert_eq!(
        browser
            .submit(&page, "reset", &[("password", "eight grey herons")])
            .await
            .status,
        400
    );
    let silent = elsewhere.get(&world.ask(&[("prompt", "none")])).await;
    assert_eq!(super::world::refusal(&silent), "login_required");
    let told = world.mailbox.mail("ada@example.com", 2).await;
    assert!(told.subject.contains("changed"), "{}", told.subject);
}

#[tokio::test]
async fn nobody_learns_from_recovery_who_has_an_account() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    world
        .make_person("bob", |user| {
            user.profile.insert("email_verified".to_owned(), false.into());
        })
        .await;
    let mut bodies = Vec::new();
    for name in ["ada", "bob", "nobody", "!!"] {
        let mut browser = Browser::new();
        let page = browser.open(&world.at("/recover")).await;
        let answer = browser
            .submit(&page, "recover", &[("identifier", name)])
            .await
            .at(200, "/recover");
        bodies.push(answer.text("main").replace(name, "NAME"));
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    world.mailbox.mail("ada@example.com", 1).await;
    // An address that was merely claimed gets no link.
    assert!(world.mailbox.mails("bob@example.com").is_empty());
}

#[tokio::test]
async fn links_die_with_time() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/recover")).await;
    browser.submit(&page, "recover", &[("identifier", "ada")]).await;
    let link = world.mailbox.mail("ada@example.com", 1).await.link("/recover/reset");
    let registered = register(&world, &mut browser, "new@example.com").await;
    let code = world.mailbox.mail("new@example.com", 1).await.code(6);
    world.clock.advance(Duration::hours(2));
    assert_eq!(browser.open(&link).await.status, 400);
    assert_eq!(
        browser.submit(&registered, "verify", &[("code", &code)]).await.status,
        400
    );
    let forged = world.at(&format!(
        "/recover/reset?token={}",
        signet::base::SystemRng.token().expose()
    ));
    assert_eq!(browser.open(&forged).await.status, 400);
}
