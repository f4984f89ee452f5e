//! `oidcc-formpost-implicit-certification-test-plan`: the modules of the Implicit plan by form post.

use tokio::sync::OnceCell;

use super::files;
use super::modules::implicit_modules;
use super::suite::{Mode, Suite};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(files::server).await
}

implicit_modules! { id_token, super::Mode::FormPost, "id_token";
    requests: oidcc_response_type_missing;
    requests: oidcc_alternate_happy_flow;
}

implicit_modules! { id_token_token, super::Mode::FormPost, "id_token token";
    answers: oidcc_userinfo_get;
    answers: oidcc_userinfo_post_header;
    answers: oidcc_userinfo_post_body;
}
