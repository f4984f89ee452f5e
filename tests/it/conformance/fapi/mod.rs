//! The FAPI plans, on a server that is made of the files in `config/conformance/` alone.

mod advanced;
pub mod kit;
mod par;
mod proofs;
mod requests;
mod security;
mod signing;
mod tokens;
