//! The account centre: what people see and change of their own.

pub mod view;
