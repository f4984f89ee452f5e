//! The composition root: settings, the embedded database, wiring, the server and the command line.
//!
//! Imports every floor; nothing imports it but `main`. No rules live here.

pub mod settings;

pub use settings::{Settings, SettingsError};
