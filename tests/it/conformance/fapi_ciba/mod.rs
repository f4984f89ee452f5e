//! `fapi-ciba-id1-test-plan`, poll and ping, by `private_key_jwt` and by certificate: clients that are held to a profile, sign
//! their requests (those that poll with ES256, those that are pinged with PS256), and whose tokens are tied to a certificate.

mod modules;
mod ping;
mod plan;

use plan::Plan;
use tokio::sync::OnceCell;

macro_rules! tests {
    ($($file:ident: $module:ident;)*) => {
        $(
            #[tokio::test]
            async fn $module() {
                super::$file::$module(plan().await).await;
            }
        )*
    };
}

/// A way through the plan: one test for each module, on a server of its own, for one person is not asked too much.
macro_rules! way {
    ($name:ident: $clients:literal; $($more:ident)*) => {
        mod $name {
            use super::*;

            static PLAN: OnceCell<Plan> = OnceCell::const_new();

            async fn plan() -> &'static Plan {
                PLAN.get_or_init(|| Plan::new($clients)).await
            }

            tests! {
                modules: discovery_end_point_verification;
                modules: fapi_ciba_id1;
                modules: user_rejects_authentication;
                modules: multiple_call_to_token_endpoint;
                modules: ensure_authorization_request_with_binding_message_succeeds;
                modules: ensure_authorization_request_with_potentially_bad_binding_message;
                modules: ensure_other_scope_order_succeeds;
                modules: ensure_requested_expiry_as_string_succeeds;
                modules: ensure_request_object_missing_aud_fails;
                modules: ensure_request_object_bad_aud_fails;
                modules: ensure_request_object_missing_iss_fails;
                modules: ensure_request_object_bad_iss_fails;
                modules: ensure_request_object_missing_exp_fails;
                modules: ensure_request_object_expired_exp_fails;
                modules: ensure_request_object_exp_is_70_minutes_in_future_fails;
                modules: ensure_request_object_missing_iat_fails;
                modules: ensure_request_object_missing_nbf_fails;
                modules: ensure_request_object_nbf_is_10_minutes_in_future_fails;
                modules: ensure_request_object_nbf_is_70_minutes_in_past_fails;
                modules: ensure_request_object_missing_jti_fails;
                modules: ensure_request_object_signature_algorithm_is_none_fails;
                modules: ensure_request_object_signature_algorithm_is_bad_fails;
                modules: ensure_request_object_signature_algorithm_is_rs256_fails;
                modules: ensure_request_object_signed_by_other_client_fails;
                modules: a_replayed_request_fails;
                modules: ensure_authorization_request_with_multiple_hints_fails;
                modules: ensure_unsigned_backchannel_authorization_request_fails;
                modules: ensure_wrong_auth_req_id_in_token_endpoint_request;
                modules: refresh_token;
                modules: ensure_mtls_holder_of_key_required;
                $(modules: $more;)*
            }
        }
    };
}

way! { poll_private_key_jwt: "ciba-poll-pkjwt";
    ensure_without_client_assertion_in_token_endpoint_request
    ensure_without_client_assertion_in_backchannel_authorization_request
    ensure_client_assertion_signature_algorithm_in_token_endpoint_request_is_rs256_fails
    ensure_client_assertion_signature_algorithm_in_backchannel_authorization_request_is_rs256_fails
    ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds
}
way! { poll_mtls: "ciba-poll-mtls";
    ensure_different_client_id_and_issuer_in_backchannel_authorization_request
    ensure_wrong_client_id_in_token_endpoint_request
    ensure_wrong_client_id_in_backchannel_authorization_request
}
way! { ping_private_key_jwt: "ciba-ping-pkjwt";
    ensure_without_client_assertion_in_token_endpoint_request
    ensure_without_client_assertion_in_backchannel_authorization_request
    ensure_client_assertion_signature_algorithm_in_token_endpoint_request_is_rs256_fails
    ensure_client_assertion_signature_algorithm_in_backchannel_authorization_request_is_rs256_fails
    ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds
}
way! { ping_mtls: "ciba-ping-mtls";
    ensure_different_client_id_and_issuer_in_backchannel_authorization_request
    ensure_wrong_client_id_in_token_endpoint_request
    ensure_wrong_client_id_in_backchannel_authorization_request
}

/// The one module that waits, with a clock that only it moves.
#[tokio::test]
async fn auth_req_id_expired() {
    modules::auth_req_id_expired(&Plan::new("ciba-poll-pkjwt").await).await;
}
