//! `oidcc-formpost-basic-certification-test-plan`: the modules of the Basic plan with answers, errors too, by form post.

use tokio::sync::OnceCell;

use super::files;
use super::modules::basic_modules;
use super::suite::{Mode, Suite};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn suite() -> Suite {
    Suite::new(SERVER.get_or_init(files::server).await, Mode::FormPost).await
}

basic_modules!(suite());
