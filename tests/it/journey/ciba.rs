//! What an app that asks people behind the scenes can make of it.

use super::world::{WEB_SECRET, prepare, refused};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;

const GRANT: &str = "urn:openid:params:grant-type:ciba";

async fn server() -> TestServer {
    let client = |id: &str| {
        format!(
            "[[clients]]\nclient_id = \"{id}\"\nclient_secret = \"{WEB_SECRET}\"\ngrant_types = [\"{GRANT}\"]\n\
             response_types = []\nbackchannel_token_delivery_mode = \"poll\"\n"
        )
    };
    let clients = ["asks-1", "asks-2", "asks-3"].map(client);
    prepare(TestServer::start().await)
        .await
        .holding(&clients.concat())
        .await
}

async fn ask(app: &RelyingParty, login_hint: &str) -> Answer {
    let parameters = [("scope", "openid"), ("login_hint", login_hint)];
    app.post("backchannel_authentication_endpoint", &parameters).await
}

/// `unknown_user_id` tells who has an account (CIBA Core §13). So whoever asks for very many that are not there has to wait,
/// also for those that are; and nobody else has to.
#[tokio::test]
async fn who_asks_for_many_that_are_not_there_has_to_wait() {
    let server = server().await;
    let app = server.relying_party("asks-1", WEB_SECRET).await;
    let mut told = 0;
    loop {
        let answer = ask(&app, &format!("nobody-{told}")).await;
        if answer.status == 429 {
            break;
        }
        assert_eq!(answer.error(), refused(400, "unknown_user_id"));
        told += 1;
        assert!(told < 200);
    }
    assert!(told >= 50, "{told}");
    assert_eq!(ask(&app, "ada").await.status, 429);
    let other = server.relying_party("asks-2", WEB_SECRET).await;
    ask(&other, "ada").await.ok();
    server.clock.advance(time::Duration::hours(1));
    // who is found costs nothing
    for _ in 0..5 {
        ask(&app, "ada").await.ok();
    }
    assert_eq!(ask(&app, "nobody").await.error(), refused(400, "unknown_user_id"));
}

#[tokio::test]
async fn one_app_cannot_take_the_places_of_all() {
    let server = server().await;
    for (id, most) in [("asks-1", 12), ("asks-2", 8)] {
        let app = server.relying_party(id, WEB_SECRET).await;
        for _ in 0..most {
            ask(&app, "ada").await.ok();
        }
        let answer = ask(&app, "ada").await;
        assert_eq!(answer.status, 429, "{}", answer.body);
        assert!(answer.header("retry-after").is_some());
        // another person's places are others
        ask(&app, "bob").await.ok();
    }
    let third = server.relying_party("asks-3", WEB_SECRET).await;
    assert_eq!(
        ask(&third, "ada").await.status,
        429,
        "a person is asked so much at most"
    );
    server.clock.advance(time::Duration::minutes(11));
    ask(&third, "ada").await.ok();
}

/// Whoever sends them all at once gets no more of them through.
#[tokio::test]
async fn places_are_counted_one_after_the_other() {
    let server = server().await;
    let asks = |app: &'static str, count: usize| {
        let server = &server;
        async move {
            let app = server.relying_party(app, WEB_SECRET).await;
            let answers = futures_util::future::join_all((0..count).map(|_| ask(&app, "ada"))).await;
            // who was told that the server is busy asks again
            let mut asked = answers.iter().filter(|answer| answer.status == 200).count();
            loop {
                match ask(&app, "ada").await.status {
                    429 => return asked,
                    status => asked += usize::from(status == 200),
                }
            }
        }
    };
    assert_eq!(asks("asks-1", 30).await, 12);
    let (second, third) = tokio::join!(asks("asks-2", 15), asks("asks-3", 15));
    assert_eq!(second + third, 8);
}
