//! Settings: defaults, then `config/signet.toml`, then the environment.
//!
//! Every value is checked here, once, before anything starts; what the rest of the house gets is typed and sound. A
//! wrong setting stops the start with one message that names it as it was written, the fault and an example. Only
//! `app` reads this; it hands each floor the small policy that the floor needs.
//!
//! | file | what it holds |
//! |---|---|
//! | `keys` | the names of all settings |
//! | `source` | file and environment, merged |
//! | `reader` | one typed setting at a time |
//! | `sections` | the sections, their defaults and bounds |
//! | `registration` | the section about clients that register themselves |
//! | `issuer` | the issuer |

mod issuer;
mod keys;
mod reader;
mod registration;
mod sections;
mod security;
mod source;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use issuer::Issuer;
pub(in crate::app) use sections::decode_master_key;
pub use sections::{
    Audit, Database, Keys, Limits, Log, LogFormat, Mail, Outbound, Passwords, Sessions, SignUp, Tls, Tokens,
};

pub use security::{Mtls, Security};

use crate::base::{Network, Secret};
use crate::domain::policy::RegistrationPolicy;

/// Where all of them stand, for somebody whose name is like none of them.
const ALL_SETTINGS: &str = "config/signet.toml in Signet's own folder explains them all.";

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The issuer, exactly as in `iss`.
    pub issuer: Issuer,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Embedded database, generated secrets, local mail. Absolute.
    pub data_dir: PathBuf,
    /// The key that seals secrets at rest, at least 32 bytes; `None`: generated into the data folder.
    pub master_key: Option<Secret<Vec<u8>>>,
    /// Networks whose `Forwarded` and `X-Forwarded-*` headers count.
    pub trusted_proxies: Vec<Network>,
    /// `[database]`
    pub database: Database,
    /// `[mail]`
    pub mail: Mail,
    /// `[tls]`; `None`: plain http.
    pub tls: Option<Tls>,
    /// `[mtls]`
    pub mtls: Mtls,
    /// `[security]`
    pub security: Security,
    /// `[outbound]`
    pub outbound: Outbound,
    /// `[testing]`: whether a program may decide for people what apps ask them behind the scenes.
    pub ciba_approval: bool,
    /// `[log]`
    pub log: Log,
    /// `[tokens]`
    pub tokens: Tokens,
    /// `[keys]`
    pub keys: Keys,
    /// `[sessions]`
    pub sessions: Sessions,
    /// `[passwords]`
    pub passwords: Passwords,
    /// `[sign_up]`
    pub sign_up: SignUp,
    /// `[registration]`
    pub registration: RegistrationPolicy,
    /// `[audit]`
    pub audit: Audit,
    /// `[limits]`
    pub limits: Limits,
    /// Whether the demo resources are applied at the first start: by default only with the embedded database and an
    /// issuer on this machine, because their passwords are public.
    pub demo: bool,
}

/// What is wrong with the settings. The message is all that the operator sees.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("the settings file {} cannot be read: {fault}; name it with --config or SIGNET_CONFIG", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The operating system's words.
        fault: String,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {fault}; a setting looks like this: issuer = \"https://id.example.com\"", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The parser's words, without the line's text.
        fault: String,
    },
    /// A name that no setting has.
    #[error("{setting} is no setting; {}", nearest.as_ref().map_or_else(|| ALL_SETTINGS.to_owned(), |name| format!("did you mean {name}?")) + &format!(" For example: {example}"))]
    Unknown {
        /// As it was written.
        setting: String,
        /// The known name of which it is probably a slip.
        nearest: Option<String>,
        /// What would be right, in the form of the place where it was written.
        example: String,
    },
    /// One setting by two variables.
    #[error("{second} and {first} set the same thing; keep one of the two, for example {first}")]
    Twice {
        /// The one variable.
        first: String,
        /// The other.
        second: String,
    },
    /// A value that the setting cannot have.
    #[error("{setting}: {fault}; for example: {example}")]
    Wrong {
        /// As it was written.
        setting: String,
        /// What is wrong with the value.
        fault: String,
        /// What would be right, in the form of the place where the setting was written.
        example: String,
    },
}

impl Settings {
    /// Reads the file (of `--config`, else `SIGNET_CONFIG`, else `config/signet.toml` if it exists) and the process's
    /// environment.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn load(config: Option<&Path>) -> Result<Self, SettingsError> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .collect();
        Self::from_sources(config, &environment)
    }

    /// Reads the file and the given environment.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_sources(config: Option<&Path>, environment: &[(String, String)]) -> Result<Self, SettingsError> {
        sections::read(&source::Sources::read(config, environment)?)
    }

    /// Whether Signet runs its own database.
    pub fn has_embedded_database(&self) -> bool {
        self.database.url.is_none()
    }
}
