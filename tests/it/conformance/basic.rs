//! `oidcc-basic-certification-test-plan`: code flow, `client_secret_basic`, answers in the query.

use tokio::sync::OnceCell;

use super::files;
use super::modules::basic_modules;
use super::suite::{Mode, Suite};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn suite() -> Suite {
    Suite::new(SERVER.get_or_init(files::server).await, Mode::Query).await
}

basic_modules!(suite());
