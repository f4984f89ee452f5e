//! What holds for an account before anyone looks into the database: what may be typed as a name, what may be a
//! password, how a password is kept, and how fast it may be guessed; and what of an account apps may see.

pub mod access;
pub mod device;
pub mod identifier;
pub mod password_hash;
pub mod password_policy;
pub mod registration;
pub mod throttle;
