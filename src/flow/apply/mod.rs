//! Writes what the domain decided. No choices are made here.

pub mod grant;
