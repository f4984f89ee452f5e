//! `fapi_profile=fapi_client_credentials_grant`: a token about nobody, for whoever proves itself and holds a key.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::super::files;
use super::super::suite::check_error;
use super::kit::{By, Changed, Fapi, FapiClient, Openid, Requests, Variant};
use super::proofs;
use crate::support::relying_party::Answer;
use crate::support::server::TestServer;
use crate::support::signing_key::{SigningKey, proof_claims};

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

const GRANT: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "accounts")];

/// How the client proves itself and what its tokens are tied to.
async fn ways() -> Vec<Fapi> {
    let server = SERVER.get_or_init(files::server).await;
    let pairs = [
        (By::Signature, By::Proof),
        (By::Signature, By::Certificate),
        (By::Certificate, By::Proof),
        (By::Certificate, By::Certificate),
    ];
    let ways = pairs.map(|(auth, sender)| Fapi {
        server,
        variant: Variant {
            profile: "machine",
            auth,
            sender,
            jarm: false,
            openid: Openid::No,
            requests: Requests::Pushed,
        },
    });
    ways.into()
}

async fn ask(client: &FapiClient, changed: Changed) -> Answer {
    client.post("token_endpoint", &GRANT, true, changed).await
}

#[tokio::test]
async fn happy_flow_of_two_clients() {
    for plan in ways().await {
        for number in [1, 2] {
            let client = plan.client(number).await;
            let answer = ask(&client, Changed::default()).await;
            let tokens = answer.ok();
            assert!(answer.header("cache-control").unwrap().contains("no-store"));
            let kind = if plan.variant.sender == By::Proof {
                "DPoP"
            } else {
                "Bearer"
            };
            assert_eq!(
                (&tokens["token_type"], &tokens["scope"]),
                (&json!(kind), &json!("accounts"))
            );
            assert!(tokens["expires_in"].is_u64() && tokens["refresh_token"].is_null());
            let known = client.check_known(&tokens).await;
            assert_eq!(known["aud"], json!(["https://localhost:8445"]));
            assert_eq!(known["sub"], client.app.client_id.as_str());
            client.check_good(&tokens).await;
        }
    }
}

/// `access-token-type-header-case-sensitivity`, `dpop-negative-tests`, and what `happy-flow` does with the key of the other.
#[tokio::test]
async fn the_resource_takes_the_token_from_its_holder_alone() {
    for plan in ways().await {
        let client = plan.client(1).await;
        let tokens = ask(&client, Changed::default()).await.ok();
        let access_token = tokens["access_token"].as_str().unwrap();
        let stolen = plan.client(2).await.resource(access_token).await;
        assert_eq!(stolen.error(), (401, "invalid_token".to_owned()));
        if plan.variant.sender == By::Proof {
            client.resource_by("dpop", access_token).await.ok();
            proofs::at_the_resource(&client, access_token).await;
        } else {
            client.resource_by("BEARER", access_token).await.ok();
        }
    }
}

#[tokio::test]
async fn ensure_holder_of_key_required() {
    for plan in ways().await {
        let client = plan.client(1).await;
        let answer = match plan.variant.sender {
            By::Proof => {
                let proof = Some(String::new());
                ask(
                    &client,
                    Changed {
                        proof,
                        ..Changed::default()
                    },
                )
                .await
            }
            _ => {
                let bare = plan.client_with(&client.app.client_id, 1, None).await;
                ask(&bare, Changed::default()).await
            }
        };
        assert!((400..500).contains(&answer.status), "{}", answer.body);
    }
}

#[tokio::test]
async fn check_dpop_proofs() {
    for plan in ways().await.into_iter().filter(|plan| plan.variant.sender == By::Proof) {
        let client = plan.client(1).await;
        for seconds in [-10, 10] {
            let proof = client.proof_with("POST", "token_endpoint", |claims| {
                claims["iat"] = json!(claims["iat"].as_i64().unwrap() + seconds);
                claims["exp"] = json!(claims["iat"].as_i64().unwrap() + 60);
            });
            let proof = Some(proof);
            ask(
                &client,
                Changed {
                    proof,
                    ..Changed::default()
                },
            )
            .await
            .ok();
        }
        let rsa = SigningKey::from_pem(&files::pem("rsa-1.key"));
        let address = client.endpoint("token_endpoint");
        for (alg, is_strong) in [("RS256", false), ("PS256", true)] {
            let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": rsa.jwk });
            let proof = Some(rsa.sign(&header, &proof_claims("POST", address.as_str(), client.now(), None)));
            let changed = Changed {
                proof,
                ..Changed::default()
            };
            let answer = ask(&client, changed).await;
            if is_strong {
                answer.ok();
            } else {
                check_error(&answer, 400, "invalid_dpop_proof");
            }
        }
        for (name, wrong) in [
            ("htm", json!("GET")),
            ("iat", json!(client.now() - 3600)),
            ("jti", Value::Null),
        ] {
            let proof = client.proof_with("POST", "token_endpoint", |claims| claims[name] = wrong);
            let proof = Some(proof);
            let answer = ask(
                &client,
                Changed {
                    proof,
                    ..Changed::default()
                },
            )
            .await;
            check_error(&answer, 400, "invalid_dpop_proof");
        }
    }
}

#[tokio::test]
async fn ensure_client_assertions_are_sound() {
    for plan in ways()
        .await
        .into_iter()
        .filter(|plan| plan.variant.auth == By::Signature)
    {
        let client = plan.client(1).await;
        let claims = |change: &dyn Fn(&mut Value)| {
            let mut claims = client.assertion_claims();
            change(&mut claims);
            claims
        };
        let now = client.now();
        let signed = |claims: &Value| client.assertion(claims);
        let issuer = &client.app.issuer;
        for (module, assertion) in [
            (
                "signed-client-assertion-with-RS256",
                client.sign_by_rsa("RS256", &claims(&|_| {})),
            ),
            ("client-assertion-in-token-endpoint", String::new()),
            (
                "exp-is-5-minutes-in-past",
                signed(&claims(&|it| it["exp"] = json!(now - 300))),
            ),
            (
                "wrong-aud",
                signed(&claims(&|it| it["aud"] = json!("https://elsewhere.example"))),
            ),
            ("array-as-audience", signed(&claims(&|it| it["aud"] = json!([issuer])))),
            (
                "no-sub",
                signed(&claims(&|it| drop(it.as_object_mut().unwrap().remove("sub")))),
            ),
            (
                "another key",
                SigningKey::new().sign(&json!({ "alg": "ES256", "kid": client.kid }), &claims(&|_| {})),
            ),
        ] {
            let client_id = assertion.is_empty().then(|| client.app.client_id.clone());
            let assertion = Some(assertion);
            let answer = ask(
                &client,
                Changed {
                    assertion,
                    client_id,
                    ..Changed::default()
                },
            )
            .await;
            assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{module}");
        }
        let assertion = Some(client.sign_by_rsa("PS256", &claims(&|_| {})));
        let changed = Changed {
            assertion,
            ..Changed::default()
        };
        ask(&client, changed).await.ok();
    }
}

#[tokio::test]
async fn ensure_client_id_in_token_endpoint() {
    for plan in ways().await {
        let client = plan.client(1).await;
        let client_id = Some(plan.client(2).await.app.client_id);
        let answer = ask(
            &client,
            Changed {
                client_id,
                ..Changed::default()
            },
        )
        .await;
        check_error(&answer, 401, "invalid_client");
    }
}
