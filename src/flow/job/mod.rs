//! Work that nobody waits for: each job is claimed in the database, so that any number of processes may run it.

pub mod call;
pub mod listen;
pub mod mail;
pub mod outbox;
pub mod sweep;
