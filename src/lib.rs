//! Signet, an OpenID Connect identity provider.
//!
//! The crate is a house of floors; a floor imports only floors below it, and `tests/it/architecture.rs` holds that:
//!
//! ```text
//! 7 app        composition root: settings, wiring, server, worker, command line
//! 6 web        HTTP in and out: routes, extractors, pages, JSON
//! 5 flow       use cases: load, decide, apply; one transaction each
//! 4 store │ upstream │ notify   the three ways out
//! 3 domain     decisions: pure functions over values
//! 2 model      entities and their legal transitions
//! 1 spec       the standards' vocabulary and their own algorithms
//! 0 base       ids, Clock, Rng, Secret, sealing, token hashing, Page, Locale
//! ```
//!
//! `docs/architecture.md` is the map in words.

pub mod app;
pub mod base;
pub mod domain;
pub mod flow;
pub mod model;
pub mod notify;
pub mod spec;
pub mod store;
pub mod upstream;
pub mod web;
