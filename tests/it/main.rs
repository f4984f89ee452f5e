//! All integration tests, in one binary.

// Clippy's allowance for tests reaches only functions marked as tests, not what they stand on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account;
mod admin;
mod answers;
mod architecture;
mod back_channel;
mod command_line;
mod conformance;
mod console;
mod custom_claim;
mod embedded;
mod front_channel;
mod https;
mod journey;
mod keys;
mod logout;
mod outage;
mod resource_file;
mod sender;
mod soak;
mod standards;
mod store;
mod store_outbox;
mod store_throttle;
mod support;
mod test_browser;
mod test_database;
mod two_processes;
