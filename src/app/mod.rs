//! The composition root: settings, the embedded database, wiring, the server and the command line.
//!
//! Imports every floor; nothing imports it but `main`. No rules live here.

pub mod application;
pub mod cli;
pub mod database;
pub mod first_start;
pub mod ground;
pub mod reload;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod tls;
pub mod wiring;
pub mod worker;

pub use application::Application;
pub use ground::{Ground, GroundError, Purpose};
pub use settings::{Settings, SettingsError};
