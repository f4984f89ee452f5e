//! The page itself: what it shows, and taking away access and sessions.

use super::*;

#[tokio::test]
async fn the_account_page_shows_what_is_known_who_says_so_and_where_one_is_signed_in() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let (_elsewhere, _) = signed_in(&world, "ada").await;
    let (_, page) = signed_in(&world, "ada").await;
    assert_eq!(page.text("h1"), "Ada Lovelace");
    assert!(page.has(".safety.good"));
    let profile = page.texts("dl.values > div").join(" | ");
    assert!(
        profile.contains("ada@example.com confirmed from an administrator"),
        "{profile}"
    );
    let sessions = page.texts("[aria-labelledby=sessions] li");
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert!(sessions[0].contains("this browser") && !sessions[1].contains("this browser"));
    assert!(page.has("#end-2") && !page.has("#end-1"));
}

#[tokio::test]
async fn nobody_sees_an_account_without_signing_in() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let (_elsewhere, _) = signed_in(&world, "ada").await;
    let (_, page) = signed_in(&world, "ada").await;
    let mut stranger = Browser::new();
    for path in [
        "/account",
        "/account/profile",
        "/account/email",
        "/account/email/verify?token=x",
        "/account/password",
        "/account/confirm",
    ] {
        let answer = stranger.get(&world.at(path)).await;
        assert_eq!(answer.status, 303, "{path}");
        assert_eq!(answer.header("location"), Some("/login?return_to=%2Faccount"), "{path}");
    }
    // Nor does a form of somebody else's page do anything.
    let form = page.form("end-others");
    let answer = stranger.send_once(&page, &form).await;
    assert!([303, 400].contains(&answer.status));
    assert_ne!(answer.header("location"), Some("/account?done=sessions"));
}

#[tokio::test]
async fn every_form_needs_the_token_of_its_own_browser() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let (_, foreign) = signed_in(&world, "ada").await;
    let token = foreign.form("end-others").field("csrf").unwrap().to_owned();
    for (path, form) in [
        ("/account", "end-others"),
        ("/account/profile", "profile"),
        ("/account/email", "email"),
        ("/account/password", "password"),
        ("/account/confirm", "confirm"),
    ] {
        let page = browser.open(&world.at(path)).await.at(200, path);
        for stolen in ["", token.as_str()] {
            let answer = browser.send_once(&page, &page.form(form).forged("csrf", stolen)).await;
            assert_eq!(answer.status, 400, "{form} with {stolen:?}");
        }
    }
    let live = store::session::list_live(world.core.store.pool(), id, world.clock.now(), Duration::days(1)).await;
    assert_eq!(live.unwrap().len(), 2);
}

#[tokio::test]
async fn an_app_loses_what_it_was_allowed_and_all_that_it_holds() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = world
        .sign_in_to_app("ada", &[("scope", "openid email offline_access")])
        .await;
    let pool = world.core.store.pool();
    let grants = store::grant::list_live(pool, id, world.clock.now()).await.unwrap();
    assert_eq!(grants.len(), 1);
    let page = browser.open(&world.at("/account")).await.at(200, "/account");
    let app = page.text("[aria-labelledby=apps] li");
    assert!(app.contains("Harbour Ledger Sees: E-mail"), "{app}");
    assert!(app.contains("also while you are away"), "{app}");
    // Another person's forged form for the same app takes nothing of Ada's away.
    make_person(&world, "bob").await;
    let (mut other, _) = signed_in(&world, "bob").await;
    let own = other.open(&world.at("/account/profile")).await;
    let csrf = own.attribute("input[name=csrf]", "value");
    let forged = page.form("withdraw-1").forged("csrf", &csrf);
    other.send(&own, &forged).await.at(200, "/account");
    assert_eq!(
        store::grant::list_live(pool, id, world.clock.now())
            .await
            .unwrap()
            .len(),
        1
    );
    let page = browser.submit(&page, "withdraw-1", &[]).await.at(200, "/account");
    assert!(page.texts("[aria-labelledby=apps] li").is_empty());
    assert_eq!(store::grant::list_live(pool, id, world.clock.now()).await.unwrap(), []);
    let consent: Option<Consent> = store::consent::find(pool, id, "app").await.unwrap();
    assert_eq!(consent, None);
    let (kind, data) = trail(&world, id).await.into_iter().next().unwrap();
    assert_eq!(
        (kind.as_str(), &data["grants_revoked"]),
        ("consent.withdrawn", &json!(1))
    );
    // The next time the app must ask again.
    browser.open(&world.ask(&[])).await.at(200, "/consent");
}

#[tokio::test]
async fn sessions_elsewhere_are_ended_one_by_one_or_all_at_once() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(signed_in(&world, "ada").await.0);
    }
    let (mut browser, page) = signed_in(&world, "ada").await;
    let page = browser.submit(&page, "end-2", &[]).await.at(200, "/account");
    assert_eq!(page.texts("[aria-labelledby=sessions] li").len(), 3);
    let page = browser.submit(&page, "end-others", &[]).await.at(200, "/account");
    assert_eq!(page.texts("[aria-labelledby=sessions] li").len(), 1);
    for mut other in others {
        assert_eq!(other.open(&world.at("/account")).await.url.path(), "/login");
    }
    let ended = trail(&world, id)
        .await
        .into_iter()
        .filter(|(kind, _)| kind == "session.ended");
    assert_eq!(ended.count(), 3);
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    make_person(&world, "eve").await;
    let (mut ada, page) = signed_in(&world, "ada").await;
    signed_in(&world, "eve").await;
    let (mut eve, own) = signed_in(&world, "eve").await;
    let pool = world.core.store.pool();
    let user = store::user::find_by_username(pool, "ada").await.unwrap().unwrap();
    let sessions = store::session::list_live(pool, user.id, world.clock.now(), Duration::days(1)).await;
    let session = sessions.unwrap()[0].id.to_string();
    let forged = own.form("end-2").forged("session", &session);
    eve.send(&own, &forged).await.at(200, "/account");
    for nonsense in ["", "1", "00000000-0000-0000-0000-000000000000"] {
        let forged = own.form("end-2").forged("session", nonsense);
        eve.send(&own, &forged).await.at(200, "/account");
    }
    ada.open(&page.url).await.at(200, "/account");
}

#[tokio::test]
async fn a_language_that_is_chosen_here_is_kept_with_the_account() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, page) = signed_in(&world, "ada").await;
    assert_eq!(page.attribute("html", "lang"), "en");
    let page = browser.click(&page, "a[hreflang=de]").await.at(200, "/account");
    assert_eq!(page.attribute("html", "lang"), "de");
    assert_eq!(find(&world, id).await.locale.unwrap().tag(), "de");
    // A browser in which nobody chose one speaks it too, an English one though it is.
    let (_, page) = signed_in(&world, "ada").await;
    assert_eq!(page.attribute("html", "lang"), "de");
    assert_eq!(find(&world, id).await.version, 1);
}

#[tokio::test]
async fn what_was_done_is_said_from_a_closed_list() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let page = browser.open(&world.at("/account?done=%3Cb%3Ecall+us%3C%2Fb%3E")).await;
    assert!(!page.body.contains("call us"));
    assert!(!page.has("main [role=status]"));
}

#[tokio::test]
async fn a_link_on_another_site_changes_no_language() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let elsewhere = "https://evil.example/".parse().unwrap();
    for path in ["/account?ui_locales=de", "/login?ui_locales=de"] {
        let page = browser.open_from(&elsewhere, &world.at(path)).await;
        assert_eq!(page.attribute("html", "lang"), "en", "{path}");
    }
    assert_eq!(find(&world, id).await.locale, None);
    assert!(browser.cookie("signet-locale").is_none());
    let page = browser.open(&world.at("/account?ui_locales=de")).await;
    assert_eq!(page.attribute("html", "lang"), "de");
    assert!(browser.cookie("signet-locale").is_some());
}

#[tokio::test]
async fn a_letter_stands_in_for_a_picture_that_the_page_may_not_load() {
    let world = World::new().await;
    for (name, picture) in [
        ("ada", "http://pictures.example/ada.png"),
        ("bob", "https://pictures.example/bob.png"),
    ] {
        world
            .make_person(name, |user| {
                user.profile.insert("picture".to_owned(), json!(picture));
            })
            .await;
    }
    let (_, page) = signed_in(&world, "ada").await;
    assert_eq!(page.text(".hello .seal"), "A");
    assert!(!page.has(".hello img"));
    let (_, page) = signed_in(&world, "bob").await;
    assert_eq!(page.attribute(".hello img", "src"), "https://pictures.example/bob.png");

    let logo = Some("http://localhost:3000/logo.png".to_owned());
    world.register_app("local", |metadata| metadata.logo_uri = logo).await;
    let page = Browser::new()
        .open(&world.ask(&[("client_id", "local")]))
        .await
        .at(200, "/login");
    assert!(!page.has(".seal img"), "{}", page.body);
}
