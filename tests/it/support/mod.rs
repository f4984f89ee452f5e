//! What the tests stand on.

pub mod api;
#[allow(dead_code)]
pub mod app_server;
pub mod apps;
#[allow(dead_code)] // a kit: a journey takes what it needs
pub mod browser;
pub mod clock;
pub mod cluster;
pub mod core;
pub mod database;
pub mod fleet;
pub mod mailbox;
pub mod people;
pub mod process;
pub mod recipient;
#[allow(dead_code)]
pub mod registrar;
#[allow(dead_code)]
pub mod relying_party;
#[allow(dead_code)]
pub mod server;
#[allow(dead_code)]
pub mod signing_key;
#[allow(dead_code)]
pub mod site;
