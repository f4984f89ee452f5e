//! `fapi2-security-profile-final-test-plan`: private_key_jwt or mTLS, tokens tied by DPoP or mTLS, with OpenID or without;
//! and `fapi2-message-signing-final-test-plan`, which repeats it with signed requests and with answers plain or in JWTs.

use tokio::sync::OnceCell;

use super::super::files;
use super::kit::{By, Fapi, Openid, Requests, Variant};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

type Way = (&'static str, bool, By, By, Openid);

async fn plan((profile, jarm, auth, sender, openid): Way) -> Fapi {
    Fapi {
        server: SERVER.get_or_init(files::server).await,
        variant: Variant {
            profile,
            auth,
            sender,
            jarm,
            openid,
            requests: Requests::Pushed,
        },
    }
}

/// One test for each module of a way through the plan.
macro_rules! modules {
    ($way:expr; $($file:ident: $module:ident;)*) => {
        $(
            #[tokio::test]
            async fn $module() {
                super::super::$file::$module(&plan($way).await).await;
            }
        )*
    };
}

/// A way through the plan: the modules of every way, and those of what is special about it.
macro_rules! way {
    ($name:ident: $profile:literal, $jarm:expr, $auth:ident, $sender:ident, $openid:ident; $($group:ident)*) => {
        mod $name {
            use super::*;
            const WAY: Way = ($profile, $jarm, By::$auth, By::$sender, Openid::$openid);
            modules! { WAY;
                requests: discovery_end_point_verification;
                requests: user_rejects_authentication;
                requests: ensure_authorization_request_without_state_success;
                requests: ensure_authorization_request_with_long_state;
                requests: ensure_request_object_without_redirect_uri_fails;
                requests: plain_fapi_tolerate_unregistered_redirect_uri;
                requests: ensure_redirect_uri_in_authorization_request;
                requests: ensure_different_state_inside_and_outside_request_object;
                requests: state_only_outside_request_object_not_used;
                requests: ensure_unsigned_authorization_request_without_using_par_fails;
                requests: ensure_response_type_code_idtoken_fails;
                requests: ensure_response_type_token_fails;
                tokens: ensure_client_id_in_token_endpoint;
                tokens: ensure_authorization_code_is_bound_to_client;
                par: par_ensure_reused_request_uri_prior_to_auth_completion_succeeds;
                par: par_attempt_reuse_request_uri;
                par: par_attempt_to_use_request_uri_for_different_client;
                par: par_authorization_request_containing_request_uri_form_param;
                par: par_attempt_invalid_http_method;
                par: par_without_duplicate_parameters;
                par: par_ensure_pkce_required;
                par: par_plain_pkce_rejected;
                tokens: ensure_pkce_code_verifier_required;
                tokens: incorrect_pkce_code_verifier_rejected;
            }
            $(group! { $group })*
        }
    };
}

/// Modules of some ways.
macro_rules! group {
    (openid) => {
        modules! { WAY;
            requests: ensure_authorization_request_without_nonce_success;
            requests: ensure_authorization_request_with_64_char_nonce_success;
            requests: ensure_authorization_request_with_long_nonce;
            requests: test_claims_parameter_identity_claims;
            requests: ensure_different_nonce_inside_and_outside_request_object;
            requests: ensure_other_scope_order_succeeds;
            tokens: happy_flow;
            tokens: access_token_type_header_case_sensitivity;
            tokens: ensure_holder_of_key_required;
            tokens: attempt_reuse_authorization_code_after_one_second;
            tokens: refresh_token;
        }
    };
    (details) => {
        modules! { WAY;
            requests: ensure_authorization_request_without_nonce_success;
            requests: ensure_authorization_request_with_64_char_nonce_success;
            requests: ensure_authorization_request_with_long_nonce;
            requests: ensure_different_nonce_inside_and_outside_request_object;
            requests: ensure_other_scope_order_succeeds;
            tokens: happy_flow;
            tokens: access_token_type_header_case_sensitivity;
            tokens: ensure_holder_of_key_required;
            tokens: attempt_reuse_authorization_code_after_one_second;
            tokens: refresh_token;
        }
    };
    (dpop) => {
        modules! { WAY;
            proofs: check_dpop_proof_nbf_exp;
            proofs: ensure_dpopproof_with_iat_10seconds_before_succeeds;
            proofs: ensure_dpopproof_with_iat_10seconds_after_succeeds;
            proofs: ensure_mismatched_dpop_jkt_fails;
            proofs: ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt;
            proofs: ensure_token_endpoint_fails_with_mismatched_dpop_jkt;
            proofs: ensure_dpopproof_at_par_endpoint_binding_success;
            proofs: ensure_dpop_auth_code_binding_success;
        }
    };
    (dpop_at_the_resource) => {
        modules! { WAY;
            proofs: dpop_negative_tests;
        }
    };
    (private_key_jwt) => {
        modules! { WAY;
            tokens: ensure_signed_client_assertion_with_rs256_fails;
            tokens: ensure_client_assertion_in_token_endpoint;
            tokens: ensure_client_assertion_with_exp_is_5_minutes_in_past_fails;
            tokens: ensure_client_assertion_with_wrong_aud_fails;
            tokens: ensure_client_assertion_with_no_sub_fails;
            par: par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted;
            par: par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails;
            par: par_test_array_as_audience_fails;
            par: par_test_par_endpoint_url_as_audience_fails;
            par: par_test_token_endpoint_url_as_audience_fails;
        }
    };
    (signing) => {
        modules! { WAY;
            signing: ensure_request_object_with_multiple_aud_succeeds;
            signing: ensure_request_object_without_exp_fails;
            signing: ensure_request_object_without_nbf_fails;
            signing: ensure_expired_request_object_fails;
            signing: ensure_request_object_with_bad_aud_fails;
            signing: ensure_request_object_with_exp_over_60_fails;
            signing: ensure_request_object_with_nbf_over_60_fails;
            signing: ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted;
            signing: ensure_signed_request_object_with_rs256_fails;
            signing: ensure_request_object_signature_algorithm_is_not_none;
            signing: ensure_request_object_with_invalid_signature_fails;
            signing: ensure_matching_key_in_authorization_request;
            signing: ensure_unsigned_request_at_par_endpoint_fails;
            signing: par_authorization_request_containing_request_uri;
        }
    };
    (plain_oauth) => {
        modules! { WAY;
            plain_oauth: discovery_of_oauth;
            plain_oauth: a_token_without_openid_is_for_the_api_that_its_scope_means;
            requests: ensure_other_scope_order_succeeds;
            tokens: happy_flow;
            tokens: access_token_type_header_case_sensitivity;
            tokens: ensure_holder_of_key_required;
            tokens: attempt_reuse_authorization_code_after_one_second;
            tokens: refresh_token;
        }
    };
}

// Security Profile, with OpenID Connect.
way! { private_key_jwt_and_dpop: "fapi2", false, Signature, Proof, Yes; openid dpop dpop_at_the_resource private_key_jwt }
way! { private_key_jwt_and_mtls: "fapi2", false, Signature, Certificate, Yes; openid private_key_jwt }
way! { mtls_and_dpop: "fapi2", false, Certificate, Proof, Yes; openid dpop dpop_at_the_resource }
way! { mtls_and_mtls: "fapi2", false, Certificate, Certificate, Yes; openid }

// The same without.
way! { plain_oauth_private_key_jwt_and_dpop: "fapi2", false, Signature, Proof, No; plain_oauth dpop dpop_at_the_resource private_key_jwt }
way! { plain_oauth_private_key_jwt_and_mtls: "fapi2", false, Signature, Certificate, No; plain_oauth private_key_jwt }
way! { plain_oauth_mtls_and_dpop: "fapi2", false, Certificate, Proof, No; plain_oauth dpop dpop_at_the_resource }
way! { plain_oauth_mtls_and_mtls: "fapi2", false, Certificate, Certificate, No; plain_oauth }

// Message Signing without it.
way! { plain_oauth_signed_private_key_jwt_and_dpop: "signing", true, Signature, Proof, No; plain_oauth dpop dpop_at_the_resource private_key_jwt signing }
way! { plain_oauth_signed_mtls_and_mtls: "signing", true, Certificate, Certificate, No; plain_oauth signing }

// With authorization_details.
way! { details_private_key_jwt_and_dpop: "fapi2", false, Signature, Proof, WithDetails; details dpop dpop_at_the_resource private_key_jwt }
way! { details_mtls_and_mtls: "fapi2", false, Certificate, Certificate, WithDetails; details }

// Message Signing: signed requests.
way! { signed_requests_private_key_jwt_and_dpop: "signing", false, Signature, Proof, Yes; openid dpop dpop_at_the_resource private_key_jwt signing }
way! { signed_requests_private_key_jwt_and_mtls: "signing", false, Signature, Certificate, Yes; openid private_key_jwt signing }
way! { signed_requests_mtls_and_dpop: "signing", false, Certificate, Proof, Yes; openid dpop dpop_at_the_resource signing }
way! { signed_requests_mtls_and_mtls: "signing", false, Certificate, Certificate, Yes; openid signing }

// Signed requests and signed answers.
way! { signed_requests_and_answers_private_key_jwt_and_dpop: "signing", true, Signature, Proof, Yes; openid dpop dpop_at_the_resource private_key_jwt signing }
way! { signed_requests_and_answers_private_key_jwt_and_mtls: "signing", true, Signature, Certificate, Yes; openid private_key_jwt signing }
way! { signed_requests_and_answers_mtls_and_dpop: "signing", true, Certificate, Proof, Yes; openid dpop dpop_at_the_resource signing }
way! { signed_requests_and_answers_mtls_and_mtls: "signing", true, Certificate, Certificate, Yes; openid signing }

// Signed answers alone.
way! { signed_answers_private_key_jwt_and_dpop: "fapi2", true, Signature, Proof, Yes; openid dpop dpop_at_the_resource private_key_jwt }
way! { signed_answers_private_key_jwt_and_mtls: "fapi2", true, Signature, Certificate, Yes; openid private_key_jwt }
way! { signed_answers_mtls_and_dpop: "fapi2", true, Certificate, Proof, Yes; openid dpop dpop_at_the_resource }
way! { signed_answers_mtls_and_mtls: "fapi2", true, Certificate, Certificate, Yes; openid }

/// The modules that wait, on a server whose clock only they move.
#[tokio::test]
async fn ensure_token_endpoint_fails_with_expired_auth_code_and_par_with_an_expired_request_uri() {
    let server: &'static TestServer = Box::leak(Box::new(files::server().await));
    for (profile, auth, sender) in [
        ("fapi2", By::Signature, By::Proof),
        ("fapi2", By::Certificate, By::Certificate),
        ("fapi1", By::Signature, By::Certificate),
    ] {
        let variant = Variant {
            profile,
            auth,
            sender,
            jarm: false,
            openid: Openid::Yes,
            requests: Requests::Pushed,
        };
        let plan = Fapi { server, variant };
        super::tokens::ensure_token_endpoint_fails_with_expired_auth_code(&plan).await;
        super::par::par_attempt_to_use_expired_request_uri(&plan).await;
    }
}
