//! The modules of the Basic OP plan, which the Implicit, Hybrid and Form Post OP plans repeat for their response types.
//! Each is a function under the suite's name.

pub mod answers;
pub mod requests;
pub mod sessions;
pub mod tokens;

/// One test for each module, in the order of the plan. `$suite` opens the plan.
macro_rules! basic_modules {
    ($suite:expr) => {
        $crate::conformance::modules::modules! { $suite;
            answers: oidcc_server;
            requests: oidcc_response_type_missing;
            answers: oidcc_idtoken_signature;
            answers: oidcc_idtoken_unsigned;
            answers: oidcc_userinfo_get;
            answers: oidcc_userinfo_post_header;
            answers: oidcc_userinfo_post_body;
            requests: oidcc_ensure_request_without_nonce_succeeds_for_code_flow;
            answers: oidcc_scope_profile;
            answers: oidcc_scope_email;
            answers: oidcc_scope_address;
            answers: oidcc_scope_phone;
            answers: oidcc_scope_all;
            requests: oidcc_alternate_happy_flow;
            requests: oidcc_display_page;
            requests: oidcc_display_popup;
            sessions: oidcc_prompt_login;
            sessions: oidcc_prompt_none_not_logged_in;
            sessions: oidcc_prompt_none_logged_in;
            sessions: oidcc_max_age_1;
            sessions: oidcc_max_age_10000;
            requests: oidcc_ensure_request_with_unknown_parameter_succeeds;
            sessions: oidcc_id_token_hint;
            requests: oidcc_login_hint;
            requests: oidcc_ui_locales;
            requests: oidcc_claims_locales;
            requests: oidcc_ensure_request_with_acr_values_succeeds;
            tokens: oidcc_codereuse;
            tokens: oidcc_codereuse_30seconds;
            requests: oidcc_ensure_registered_redirect_uri;
            requests: oidcc_ensure_post_request_succeeds;
            tokens: oidcc_server_client_secret_post;
            requests: oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported;
            requests: oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported;
            answers: oidcc_claims_essential;
            requests: oidcc_ensure_request_object_with_redirect_uri;
            tokens: oidcc_refresh_token;
            tokens: oidcc_ensure_request_with_valid_pkce_succeeds;
        }
    };
}

/// What the Implicit and Hybrid plans ask of every response type; `$nonce` is the module about the nonce.
macro_rules! token_modules {
    ($suite:expr, $nonce:ident; $($file:ident: $module:ident;)*) => {
        $crate::conformance::modules::modules! { $suite;
            answers: oidcc_server;
            answers: oidcc_idtoken_signature;
            requests: $nonce;
            answers: oidcc_scope_profile;
            answers: oidcc_scope_email;
            answers: oidcc_scope_address;
            answers: oidcc_scope_phone;
            answers: oidcc_scope_all;
            requests: oidcc_display_page;
            requests: oidcc_display_popup;
            sessions: oidcc_prompt_login;
            sessions: oidcc_prompt_none_not_logged_in;
            sessions: oidcc_prompt_none_logged_in;
            sessions: oidcc_max_age_1;
            sessions: oidcc_max_age_10000;
            requests: oidcc_ensure_request_with_unknown_parameter_succeeds;
            sessions: oidcc_id_token_hint;
            requests: oidcc_login_hint;
            requests: oidcc_ui_locales;
            requests: oidcc_claims_locales;
            requests: oidcc_ensure_request_with_acr_values_succeeds;
            requests: oidcc_ensure_registered_redirect_uri;
            requests: oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported;
            requests: oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported;
            answers: oidcc_claims_essential;
            requests: oidcc_ensure_request_object_with_redirect_uri;
            $($file: $module;)*
        }
    };
}

/// The modules of the Hybrid plan for `$response_type`.
macro_rules! hybrid_modules {
    ($name:ident, $mode:expr, $response_type:literal, $nonce:ident; $($file:ident: $module:ident;)*) => {
        mod $name {
            async fn suite() -> super::Suite {
                super::Suite::of(super::server().await, $mode, $response_type).await
            }

            $crate::conformance::modules::token_modules! { suite(), $nonce;
                answers: oidcc_userinfo_get;
                answers: oidcc_userinfo_post_header;
                answers: oidcc_userinfo_post_body;
                tokens: oidcc_codereuse;
                tokens: oidcc_codereuse_30seconds;
                tokens: oidcc_server_client_secret_post;
                tokens: oidcc_refresh_token;
                $($file: $module;)*
            }
        }
    };
}

/// The modules of the Implicit plan for `$response_type`.
macro_rules! implicit_modules {
    ($name:ident, $mode:expr, $response_type:literal; $($file:ident: $module:ident;)*) => {
        mod $name {
            async fn suite() -> super::Suite {
                super::Suite::of(super::server().await, $mode, $response_type).await
            }

            $crate::conformance::modules::token_modules! { suite(), oidcc_ensure_request_without_nonce_fails;
                $($file: $module;)*
            }
        }
    };
}

/// One test for each module.
macro_rules! modules {
    ($suite:expr; $($file:ident: $module:ident;)*) => {
        $(
            #[tokio::test]
            async fn $module() {
                $crate::conformance::modules::$file::$module(&$suite.await).await;
            }
        )*
    };
}

pub(super) use {basic_modules, hybrid_modules, implicit_modules, modules, token_modules};
