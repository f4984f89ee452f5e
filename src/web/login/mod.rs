//! The sign-in wing: everything between an app's request and its answer that a person sees.

pub mod view;
