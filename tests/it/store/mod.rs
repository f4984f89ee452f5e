//! The store on a real database: what constraints and conditional updates hold when several work at once, and that every
//! statement a request runs finds its rows by an index.

mod authorization;
mod catalogue;
mod commit;
mod connection;
mod errors;
mod fixture;
mod grant;
mod hot_path;
mod listen;
mod single_use;
mod sweep;
mod user;
mod user_list;
