//! Editing the profile.

use super::*;

#[tokio::test]
async fn a_profile_is_edited_claim_by_claim_and_its_values_are_from_the_person_then() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, page) = signed_in(&world, "ada").await;
    let form = browser
        .click(&page, "a[href='/account/profile']")
        .await
        .at(200, "/account/profile");
    assert_eq!(form.form("profile").field("name"), Some("Ada Lovelace"));
    assert_eq!(form.form("profile").field("email"), None);
    let edits = [
        ("nickname", " Countess "),
        ("phone_number", "+44 20 7946 0000"),
        ("address.locality", "London"),
        ("address.country", "GB"),
    ];
    let page = browser.submit(&form, "profile", &edits).await.at(200, "/account");
    assert!(page.text(".notice.good[role=status]").contains("saved"));
    let profile = page.texts("dl.values > div").join(" | ");
    assert!(profile.contains("Countess from you"), "{profile}");
    assert!(profile.contains("London, GB from you"), "{profile}");
    assert!(profile.contains("+442079460000 not confirmed from you"), "{profile}");
    assert!(profile.contains("Ada Lovelace from an administrator"), "{profile}");
    let user = find(&world, id).await;
    assert_eq!(
        Value::Object(user.profile.clone()),
        json!({
            "name": "Ada Lovelace", "nickname": "Countess", "email": "ada@example.com", "email_verified": true,
            "phone_number": "+442079460000", "phone_number_verified": false,
            "address": {"locality": "London", "country": "GB"},
        })
    );
    let facts = store::fact::list_current(world.core.store.pool(), id).await.unwrap();
    let own: Vec<_> = facts.iter().filter(|fact| fact.source == FactSource::User).collect();
    assert_eq!(own.len(), 3);
    assert!(own.iter().all(|fact| fact.actor == Some(Actor::User(id).to_string())));
    let (kind, data) = trail(&world, id).await.into_iter().next().unwrap();
    assert_eq!(kind, "user.updated");
    assert_eq!(
        data["changed"],
        json!(["profile.address", "profile.nickname", "profile.phone_number"])
    );
}

#[tokio::test]
async fn wrong_values_are_told_beside_their_fields_and_nothing_is_written() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let page = browser.open(&world.at("/account/profile")).await;
    let edits = [
        ("nickname", "<script>alert(1)</script>"),
        ("birthdate", "yesterday"),
        ("website", "javascript:alert(1)"),
        ("phone_number", "020 7946"),
    ];
    let page = browser
        .submit(&page, "profile", &edits)
        .await
        .at(422, "/account/profile");
    for field in ["birthdate", "website", "phone_number"] {
        assert!(page.has(&format!("#profile-{field}-error")), "{field}");
    }
    assert!(!page.body.contains("<script>alert"));
    assert_eq!(page.form("profile").field("birthdate"), Some("yesterday"));
    assert_eq!(find(&world, id).await.version, 1);
}

#[tokio::test]
async fn fields_that_the_form_does_not_have_change_nothing() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let page = browser.open(&world.at("/account/profile")).await;
    let forged = page
        .form("profile")
        .forged("email", "eve@evil.example")
        .forged("email_verified", "true")
        .forged("phone_number_verified", "true")
        .forged("sub", "x")
        .forged("roles", "admin")
        .filled(&[("nickname", "A")]);
    browser.send(&page, &forged).await.at(200, "/account");
    let user = find(&world, id).await;
    assert_eq!(user.claim("email"), Some("ada@example.com"));
    assert_eq!(user.claim("nickname"), Some("A"));
    assert!(user.roles.is_empty());
}

#[tokio::test]
async fn of_two_edits_of_the_same_state_the_second_is_shown_what_stands_there_now() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let first = browser.open(&world.at("/account/profile")).await;
    let second = browser.open(&world.at("/account/profile")).await;
    browser
        .submit(&first, "profile", &[("name", "Ada King")])
        .await
        .at(200, "/account");
    let stale = browser
        .submit(&second, "profile", &[("nickname", "Countess")])
        .await
        .at(409, "/account/profile");
    assert_eq!(stale.form("profile").field("name"), Some("Ada King"));
    assert_eq!(find(&world, id).await.claim("nickname"), None);
    browser
        .submit(&stale, "profile", &[("nickname", "Countess")])
        .await
        .at(200, "/account");
    assert_eq!(find(&world, id).await.claim("nickname"), Some("Countess"));
}
