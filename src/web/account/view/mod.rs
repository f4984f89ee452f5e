//! What the account centre shows: plain data, one struct per template of `templates/account/`.

mod confirm;
mod index;
mod password;
mod profile;

pub use confirm::Confirm;
pub use index::{ConnectedApp, Index, Safety};
pub use password::Password;
pub use profile::Profile;
