//! The console: where administrators manage people, apps and keys.

pub mod view;
