//! The key ring: which key signs, which are published for how long, and what must happen next.
//!
//! Everything is a pure function of the keys and the time, so that several processes on one database agree without
//! talking. The promise is that a token verifies against every JWKS that was fetched from any process within its cache
//! lifetime before the token was signed, or at any time until the token expires:
//!
//! - A new key is published for `jwks_max_age` and `propagation` before it signs. All processes have seen it after
//!   `propagation`; whoever fetched the JWKS before that fetches it again within `jwks_max_age`.
//! - A key that has a successor stays published for `propagation` and `longest_token_lifetime` after it: a process that
//!   has not heard of the successor may sign with it a little longer.
//! - A process that could not look at the database for long hands its JWKS out for shorter and shorter times, and in the
//!   end stops signing ([`policy`]): that is what makes the first two true also in an outage.

pub mod plan;
pub mod policy;
pub mod ring;

pub use plan::{Action, plan, replace, rotate};
pub use policy::KeyPolicy;
pub use ring::{published, signer};

#[cfg(test)]
mod simulation;
