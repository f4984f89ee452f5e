//! The command line. Exit status: 0 done, 1 failed, 2 wrong use (also a wrong setting).

/// Prints a line for whoever still listens: `signet keys list | head` ends quietly, where `println!` would panic.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod apply;
mod client_secret;
mod doctor;
mod keys;
mod registration_token;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use time::format_description::well_known::Rfc3339;

use super::ground::{Ground, Purpose};
use super::settings::Settings;
use super::{server, telemetry, wiring};
use crate::{
    base::{SystemClock, SystemRng, Time},
    flow::{Core, admin, resource_file},
};

/// An OpenID Connect identity provider.
#[derive(Debug, Parser)]
#[command(name = "signet", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// Settings file [default: config/signet.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `signet` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until SIGTERM or Ctrl-C
    Serve,
    /// Make what resource files name, all of it or nothing
    Apply(ApplyArguments),
    /// Add users and reset their passwords
    #[command(subcommand)]
    User(UserCommand),
    /// Look at the signing keys and rotate them
    #[command(subcommand)]
    Keys(KeysCommand),
    /// List the secrets of an app, make another one, end one
    #[command(subcommand)]
    ClientSecret(ClientSecretCommand),
    /// Say who may register a client, where registration asks for a token
    #[command(subcommand)]
    RegistrationToken(RegistrationTokenCommand),
    /// Check configuration, database, keys, mail and clock, and say what to do about each
    Doctor,
}

/// `signet apply`
#[derive(Debug, Args)]
pub struct ApplyArguments {
    /// Resource files, in TOML
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Remove what an earlier apply made and the files no longer name
    #[arg(long)]
    pub prune: bool,
}

/// `signet user`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user, with a one-time password unless one is read from standard input
    Add(AddUserArguments),
    /// Replace a user's password by a one-time password and end the user's sessions
    ResetPassword {
        /// Username, e-mail address or id
        identifier: String,
    },
}

/// `signet user add`
#[derive(Debug, Args)]
pub struct AddUserArguments {
    /// Username; without one, the e-mail address identifies the user
    #[arg(required_unless_present = "email")]
    pub username: Option<String>,
    /// E-mail address; taken as verified
    #[arg(long)]
    pub email: Option<String>,
    /// Role to give; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Read the password from standard input instead of making a one-time password
    #[arg(long)]
    pub password_stdin: bool,
}

/// `signet registration-token`
#[derive(Debug, Subcommand)]
pub enum RegistrationTokenCommand {
    /// Make a token and print it, this once
    New {
        /// Whom it is for
        #[arg(long)]
        note: Option<String>,
        /// How many clients may be registered with it [default: any number]
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        uses: Option<u16>,
        /// How many days it is good
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=3660))]
        days: u16,
    },
    /// List the tokens that are good, without their values
    List,
    /// Take a token back; what was registered with it stays
    Revoke {
        /// Its id
        id: String,
    },
}

/// `signet client-secret`
#[derive(Debug, Subcommand)]
pub enum ClientSecretCommand {
    /// List the secrets of an app, without their values
    List {
        /// The app
        client_id: String,
    },
    /// Make another secret and print it, this once
    Add {
        /// The app
        client_id: String,
        /// What it is called in lists
        #[arg(long)]
        label: Option<String>,
        /// How many days it is good [default: until somebody ends it]
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3660))]
        days: Option<u16>,
        /// End the app's other secrets after so many days, 0: at once [default: they stay]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(0..=3660))]
        end_others: Option<u16>,
    },
    /// End a secret
    End {
        /// The app
        client_id: String,
        /// The secret's id
        id: String,
        /// After so many days
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=3660))]
        days: u16,
    },
}

/// `signet keys`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the signing keys and their states
    List,
    /// Start the rotation of the signing keys now
    Rotate {
        /// Only the ring of this algorithm (RS256, PS256, ES256, EdDSA, RSA-OAEP-256, ECDH-ES)
        #[arg(long)]
        algorithm: Option<String>,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Also prints --help and --version, which are no mistakes.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let settings = match Settings::load(arguments.config.as_deref()) {
        Ok(settings) => settings,
        Err(error) => return complain(&error, 2),
    };
    let default_filter = match arguments.command {
        Command::Serve => telemetry::SERVER,
        _ => telemetry::COMMAND,
    };
    telemetry::start(&settings.log, default_filter);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(arguments.command, settings)),
        Err(error) => complain(&error, 1),
    }
}

async fn run(command: Command, settings: Settings) -> ExitCode {
    match command {
        Command::Serve => {
            let ground = match Ground::open(settings, Purpose::Serve).await {
                Ok(ground) => ground,
                Err(error) => return complain(&error, 1),
            };
            match server::serve(ground).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&error, 1),
            }
        }
        Command::Doctor => doctor::run(settings).await,
        Command::Apply(arguments) => with_core(settings, async |core| apply::run(core, &arguments).await).await,
        Command::User(command) => with_core(settings, async |core| user::run(core, &command).await).await,
        Command::ClientSecret(command) => {
            with_core(settings, async |core| client_secret::run(core, &command).await).await
        }
        Command::RegistrationToken(command) => {
            with_core(settings, async |core| registration_token::run(core, &command).await).await
        }
        Command::Keys(command) => with_core(settings, async |core| keys::run(core, &command).await).await,
    }
}

/// How a command ends.
type Outcome = Result<(), Refusal>;

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// It was called in a way that has no meaning.
    #[error("{0}")]
    WrongUse(String),
    /// Something outside of Signet is in the way.
    #[error("{0}")]
    Outside(String),
    /// The files are wrong.
    #[error(transparent)]
    Files(#[from] resource_file::Error),
    /// The change is refused.
    #[error(transparent)]
    Change(#[from] admin::Error),
}

/// Does the work of a command on the core, also while a server runs on the same database.
async fn with_core(settings: Settings, work: impl AsyncFnOnce(&Core) -> Outcome) -> ExitCode {
    let ground = match Ground::open(settings, Purpose::Command).await {
        Ok(ground) => ground,
        Err(error) => return complain(&error, 1),
    };
    let status = match wiring::core(&ground, Arc::new(SystemClock), Arc::new(SystemRng)).await {
        Err(error) => complain(&error, 1),
        Ok(core) => match work(&core).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(refusal @ Refusal::WrongUse(_)) => complain(&refusal, 2),
            Err(refusal) => complain(&refusal, 1),
        },
    };
    ground.close().await;
    status
}

/// A moment as it is printed.
fn written(at: Time) -> String {
    at.replace_nanosecond(0)
        .unwrap_or(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// One line on standard error.
fn complain(error: &dyn std::error::Error, status: u8) -> ExitCode {
    eprintln!("signet: {error}");
    ExitCode::from(status)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_settings_file_may_be_named_before_and_after_the_command() {
        for line in [
            ["signet", "--config", "x.toml", "serve"],
            ["signet", "serve", "--config", "x.toml"],
        ] {
            assert_eq!(Arguments::parse_from(line).config, Some(PathBuf::from("x.toml")));
        }
    }
}
