//! What the console shows: plain data, one struct per template of `templates/console/`.

mod apis;
mod app;
mod app_delete;
mod app_new;
mod app_secret;
mod apps;
mod audit;
mod choice;
mod event;
mod keys;
mod overview;
mod registration;
pub mod secret_row;
mod user;
mod user_delete;
mod user_new;
mod user_password;
mod users;

pub use apis::{ApiRow, Apis};
pub use app::{App, AppForm};
pub use app_delete::AppDelete;
pub use app_new::{AppKind, AppNew};
pub use app_secret::AppSecret;
pub use apps::{AppRow, Apps};
pub use audit::Audit;
pub use choice::Choice;
pub use event::{EventRow, event_text};
pub use keys::{KeyRow, Keys, Ring};
pub use overview::{Attention, Figure, Overview};
pub use registration::Registration;
pub use user::{FactRow, GrantRow, User};
pub use user_delete::UserDelete;
pub use user_new::UserNew;
pub use user_password::UserPassword;
pub use users::{UserRow, Users};
