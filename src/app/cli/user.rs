//! `signet user …`: people, from the command line.

use std::io::BufRead;

use serde_json::Value;

use super::{AddUserArguments, Outcome, Refusal, UserCommand};
use crate::{
    base::Secret,
    domain::profile::Patch,
    flow::{
        Core,
        admin::{
            By,
            user::{self, Edit, NewPassword},
        },
    },
};

/// Does what the command says, and prints what must be passed on.
pub(super) async fn run(core: &Core, command: &UserCommand) -> Outcome {
    match command {
        UserCommand::Add(arguments) => add(core, arguments).await,
        UserCommand::ResetPassword { identifier } => reset_password(core, identifier).await,
    }
}

async fn add(core: &Core, arguments: &AddUserArguments) -> Outcome {
    let mut patch = Patch::default();
    if let Some(email) = &arguments.email {
        patch.profile.insert("email".to_owned(), Value::from(email.as_str()));
        patch.profile.insert("email_verified".to_owned(), Value::Bool(true));
    }
    let edit = Edit {
        username: arguments.username.clone().map(Some),
        roles: Some(arguments.roles.clone()),
        patch,
        ..Edit::default()
    };
    let password = match arguments.password_stdin {
        true => NewPassword::Chosen(read_password()?),
        false => NewPassword::OneTime,
    };
    let created = user::create(core, &By::command(), &edit, Some(&password)).await?;
    say!("user {} added, id {}", created.user.display_name(), created.user.id);
    tell(created.one_time_password);
    Ok(())
}

async fn reset_password(core: &Core, identifier: &str) -> Outcome {
    let found = user::find_by_identifier(core, identifier).await?;
    let password = user::set_password(core, &By::command(), found.id, &NewPassword::OneTime).await?;
    say!("user {}: every session has ended", found.display_name());
    tell(password);
    Ok(())
}

/// The one place where a one-time password is shown.
fn tell(password: Option<Secret<String>>) {
    if let Some(password) = password {
        say!("one-time password: {}", password.expose());
    }
}

fn read_password() -> Result<Secret<String>, Refusal> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Refusal::Outside(format!("the password cannot be read from standard input: {error}")))?;
    let line = Secret::new(line);
    let password = line.expose().trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Refusal::WrongUse("there is no password on standard input".to_owned()));
    }
    Ok(Secret::new(password.to_owned()))
}
