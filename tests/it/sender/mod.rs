//! Tokens that are tied to a key, and clients that prove themselves by one.

mod dpop;
mod mtls;
mod nonces;
mod worthless;
