//! What the account centre shows: plain data, one struct per template of `templates/account/`.

mod confirm;
mod email;
mod email_sent;
mod email_verify;
mod index;
mod password;
mod profile;

pub use confirm::Confirm;
pub use email::Email;
pub use email_sent::EmailSent;
pub use email_verify::EmailVerify;
pub use index::{AppRequest, ConnectedApp, Index, Safety};
pub use password::Password;
pub use profile::Profile;
