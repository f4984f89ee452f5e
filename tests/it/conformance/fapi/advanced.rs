//! `fapi1-advanced-final-test-plan`: private_key_jwt or mTLS, requests by value or pushed, plain answers or JARM; each of
//! these with each other. Tokens are always tied to a certificate.

use tokio::sync::OnceCell;

use super::super::files;
use super::kit::{By, Fapi, Openid, Requests, Variant};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

type Way = (By, Requests, bool);

async fn plan((auth, requests, jarm): Way) -> Fapi {
    Fapi {
        server: SERVER.get_or_init(files::server).await,
        variant: Variant {
            profile: "fapi1",
            auth,
            sender: By::Certificate,
            jarm,
            openid: Openid::Yes,
            requests,
        },
    }
}

/// One test for each module of a way through the plan.
macro_rules! modules {
    ($($file:ident: $module:ident;)*) => {
        $(
            #[tokio::test]
            async fn $module() {
                super::super::$file::$module(&plan(WAY).await).await;
            }
        )*
    };
}

/// A way through the plan: the modules of every way, and those of what is special about it.
macro_rules! way {
    ($name:ident: $auth:ident, $requests:ident, $jarm:literal; $($group:ident)*) => {
        mod $name {
            use super::*;
            const WAY: Way = (By::$auth, Requests::$requests, $jarm);
            modules! {
                detached: discovery_end_point_verification;
                detached: fapi1_advanced_final;
                requests: user_rejects_authentication;
                signing: ensure_request_object_with_multiple_aud_succeeds;
                requests: ensure_authorization_request_without_state_success;
                detached: ensure_valid_pkce_succeeds;
                requests: ensure_other_scope_order_succeeds;
                tokens: access_token_type_header_case_sensitivity;
                detached: ensure_response_mode_query;
                requests: ensure_different_nonce_inside_and_outside_request_object;
                detached: ensure_registered_redirect_uri;
                detached: ensure_request_object_with_long_nonce;
                detached: ensure_request_object_with_64_char_nonce_success;
                detached: ensure_request_object_with_long_state;
                signing: ensure_request_object_without_exp_fails;
                signing: ensure_request_object_without_nbf_fails;
                signing: ensure_request_object_without_scope_fails;
                signing: ensure_request_object_without_nonce_fails;
                signing: ensure_request_object_without_redirect_uri_fails;
                requests: state_only_outside_request_object_not_used;
                signing: ensure_expired_request_object_fails;
                signing: ensure_request_object_with_bad_aud_fails;
                signing: ensure_request_object_with_exp_over_60_fails;
                signing: ensure_request_object_with_nbf_over_60_fails;
                signing: ensure_signed_request_object_with_rs256_fails;
                signing: ensure_request_object_signature_algorithm_is_not_none;
                signing: ensure_request_object_with_invalid_signature_fails;
                signing: ensure_matching_key_in_authorization_request;
                detached: ensure_authorization_request_without_request_object_fails;
                detached: ensure_redirect_uri_in_authorization_request;
                detached: ensure_response_type_code_fails;
                tokens: ensure_client_id_in_token_endpoint;
                tokens: ensure_holder_of_key_required;
                tokens: ensure_authorization_code_is_bound_to_client;
                detached: attempt_reuse_authorisation_code_after_one_second;
                tokens: refresh_token;
            }
            $(group! { $group })*
        }
    };
}

/// Modules of some ways.
macro_rules! group {
    (private_key_jwt) => {
        modules! {
            tokens: ensure_signed_client_assertion_with_rs256_fails;
            tokens: ensure_client_assertion_in_token_endpoint;
            tokens: ensure_client_assertion_with_exp_is_5_minutes_in_past_fails;
            tokens: ensure_client_assertion_with_wrong_aud_fails;
            tokens: ensure_client_assertion_with_no_sub_fails;
            tokens: ensure_client_assertion_with_wrong_iss_fails;
            tokens: ensure_client_assertion_with_wrong_sub_fails;
            detached: ensure_client_assertion_with_iss_aud_succeeds;
        }
    };
    (pushed) => {
        modules! {
            par: par_ensure_reused_request_uri_prior_to_auth_completion_succeeds;
            par: par_attempt_reuse_request_uri;
            par: par_attempt_to_use_request_uri_for_different_client;
            signing: par_authorization_request_containing_request_uri;
            par: par_authorization_request_containing_request_uri_form_param;
            par: par_attempt_invalid_http_method;
            detached: par_attempt_invalid_redirect_uri;
            par: par_ensure_pkce_required;
            par: par_plain_pkce_rejected;
            tokens: ensure_pkce_code_verifier_required;
            tokens: incorrect_pkce_code_verifier_rejected;
            par: par_without_duplicate_parameters;
            detached: par_pushed_authorization_url_as_audience_in_request_object;
        }
    };
    (pushed_with_private_key_jwt) => {
        modules! {
            par: par_ensure_client_assertion_with_wrong_aud_fails;
            par: par_ensure_client_assertion_with_wrong_iss_fails;
            par: par_ensure_client_assertion_with_wrong_sub_fails;
            par: par_test_pushed_authorization_url_as_audience_for_client_jwt_assertion;
            par: par_token_endpoint_url_as_audience_for_client_jwt_assertion;
            par: test_array_as_audience_for_client_jwt_assertion;
        }
    };
}

way! { private_key_jwt_by_value: Signature, ByValue, false; private_key_jwt }
way! { private_key_jwt_by_value_and_jarm: Signature, ByValue, true; private_key_jwt }
way! { private_key_jwt_pushed: Signature, Pushed, false; private_key_jwt pushed pushed_with_private_key_jwt }
way! { private_key_jwt_pushed_and_jarm: Signature, Pushed, true; private_key_jwt pushed pushed_with_private_key_jwt }
way! { mtls_by_value: Certificate, ByValue, false; }
way! { mtls_by_value_and_jarm: Certificate, ByValue, true; }
way! { mtls_pushed: Certificate, Pushed, false; pushed }
way! { mtls_pushed_and_jarm: Certificate, Pushed, true; pushed }
