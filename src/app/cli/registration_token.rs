//! `signet registration-token …`: who may register a client.

use time::Duration;

use super::{Outcome, Refusal, RegistrationTokenCommand, written};
use crate::flow::{
    Core,
    client_registration::initial_token::{self, New},
};

/// Does what the command says.
pub(super) async fn run(core: &Core, command: &RegistrationTokenCommand) -> Outcome {
    match command {
        RegistrationTokenCommand::New { note, uses, days } => create(core, note.clone(), *uses, *days).await,
        RegistrationTokenCommand::List => list(core).await,
        RegistrationTokenCommand::Revoke { id } => {
            let id = id
                .parse()
                .map_err(|_| Refusal::WrongUse(format!("{id:?} is no id of a registration token")))?;
            initial_token::revoke(core, id).await?;
            say!("registration token {id} revoked");
            Ok(())
        }
    }
}

async fn create(core: &Core, note: Option<String>, uses: Option<u16>, days: u16) -> Outcome {
    let new = New {
        note,
        uses: uses.map(i32::from),
        lifetime: Duration::days(i64::from(days)),
    };
    let (token, value) = initial_token::create(core, &new).await?;
    say!(
        "registration token {}, good until {}",
        token.id,
        written(token.expires_at)
    );
    say!("{}", value.expose());
    Ok(())
}

async fn list(core: &Core) -> Outcome {
    say!("{:<36}  {:<20}  {:<9}  note", "id", "good until", "uses left");
    for token in initial_token::list(core).await? {
        let uses = token
            .uses_left
            .map_or_else(|| "any".to_owned(), |uses| uses.to_string());
        let (until, note) = (written(token.expires_at), token.note.unwrap_or_default());
        say!("{}  {until:<20}  {uses:<9}  {note}", token.id);
    }
    Ok(())
}
