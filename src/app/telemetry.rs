//! The log: to standard error, as lines for people or as JSON for machines.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::settings::{Log, LogFormat};

/// What a server logs unless the settings say otherwise.
pub const SERVER: &str = "info,actix_server=warn,sqlx::postgres::notice=warn";
/// What a command logs unless the settings say otherwise: it has its own words for the person at the terminal.
pub const COMMAND: &str = "warn";

/// Sends every event of this process to the log. Only the first call in a process counts.
pub fn start(log: &Log, default_filter: &str) {
    // The settings have checked the filter.
    let filter = EnvFilter::builder().parse_lossy(log.filter.as_deref().unwrap_or(default_filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let outcome = match log.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "the log was started before");
    }
}
