//! A floor of the house; see the crate root.
