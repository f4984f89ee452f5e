//! Proofs that come with something that is worth nothing.

use super::dpop::{SECRET, code, exchange, now, prepared, token, userinfo, with_proof};
use crate::support::signing_key::SigningKey;

/// A proof is cheap to make: what comes with nothing good leaves no row behind, and a proof that was used before does not
/// use up what it came with.
#[tokio::test]
async fn a_proof_counts_as_used_once_what_it_came_with_was_good() {
    let server = prepared().await;
    let app = server.relying_party("web", SECRET).await;
    let key = SigningKey::new();
    let endpoint = |name: &str| app.endpoint(name).to_string();
    let token_proof = key.proof("POST", &endpoint("token_endpoint"), now(&server), None);
    let used = "select count(*) from used_jtis";
    for (grant_type, name) in [("authorization_code", "code"), ("refresh_token", "refresh_token")] {
        let worthless = [
            ("grant_type", grant_type),
            (name, "made-up"),
            ("redirect_uri", &app.redirect_uri),
            ("code_verifier", "made-up-made-up-made-up-made-up-made-up-made-up"),
        ];
        let refused = token(&app, Some(&token_proof), &worthless).await;
        assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    }
    let par_proof = key.proof(
        "POST",
        &endpoint("pushed_authorization_request_endpoint"),
        now(&server),
        None,
    );
    let elsewhere = [
        ("response_type", "code"),
        ("redirect_uri", "https://elsewhere.test/callback"),
    ];
    let refused = app
        .post_with(
            "pushed_authorization_request_endpoint",
            with_proof(&par_proof),
            &elsewhere,
        )
        .await;
    assert_eq!(refused.status, 400);
    let address = endpoint("userinfo_endpoint");
    let made_up = key.proof("GET", &address, now(&server), Some("made-up"));
    assert_eq!(userinfo(&app, "DPoP", "made-up", Some(&made_up)).await.status, 401);
    assert_eq!(server.count(used).await, 0);

    let (first, verifier) = code(&server, &app, &[]).await;
    exchange(&app, Some(&token_proof), &first, &verifier).await.ok();
    assert_eq!(server.count(used).await, 1);
    let (second, verifier) = code(&server, &app, &[]).await;
    let replayed = exchange(&app, Some(&token_proof), &second, &verifier).await;
    assert_eq!(replayed.error(), (400, "invalid_dpop_proof".to_owned()));
    let fresh = key.proof("POST", &endpoint("token_endpoint"), now(&server), None);
    exchange(&app, Some(&fresh), &second, &verifier).await.ok();
}
