//! `oidcc-formpost-hybrid-certification-test-plan`: the modules of the Hybrid plan by form post.

use tokio::sync::OnceCell;

use super::files;
use super::modules::hybrid_modules;
use super::suite::{Mode, Suite};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(files::server).await
}

hybrid_modules! { code_id_token, super::Mode::FormPost, "code id_token", oidcc_ensure_request_without_nonce_fails;
    requests: oidcc_response_type_missing;
    requests: oidcc_alternate_happy_flow;
    tokens: oidcc_ensure_request_with_valid_pkce_succeeds;
}

hybrid_modules! { code_token, super::Mode::FormPost, "code token", oidcc_ensure_request_without_nonce_succeeds_for_code_flow;
}

hybrid_modules! { code_id_token_token, super::Mode::FormPost, "code id_token token", oidcc_ensure_request_without_nonce_fails;
}
