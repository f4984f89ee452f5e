//! The FAPI plans, on a server that is made of the files in `config/conformance/` alone.

mod advanced;
mod detached;
pub mod kit;
mod machines;
mod par;
mod plain_oauth;
mod proofs;
mod requests;
mod resource;
mod security;
mod signing;
mod tokens;
mod variant;
mod whole_server;
