//! `signet client-secret …`: the secrets of apps.

use time::Duration;

use super::{ClientSecretCommand, Outcome, Refusal, written};
use crate::{
    domain::client_secret::Ending,
    flow::{
        Core,
        admin::{
            By, client,
            client_secret::{self, Another, Crowd},
        },
    },
};

/// Does what the command says.
pub(super) async fn run(core: &Core, command: &ClientSecretCommand) -> Outcome {
    match command {
        ClientSecretCommand::List { client_id } => list(core, client_id).await,
        ClientSecretCommand::Add {
            client_id,
            label,
            days,
            end_others,
        } => {
            let another = Another {
                label: label.clone(),
                lifetime: days.map(|days| Duration::days(i64::from(days))),
                others: end_others.map_or(Ending::AsBefore, ending),
                crowd: Crowd::Refused,
            };
            add(core, client_id, &another).await
        }
        ClientSecretCommand::End { client_id, id, days } => {
            let secret = id
                .parse()
                .map_err(|_| Refusal::WrongUse(format!("{id:?} is no id of a secret")))?;
            let client = client_secret::end(core, &By::command(), client_id, secret, ending(*days)).await?;
            let left = client.secrets.iter().find(|one| one.id == secret);
            match left.and_then(|one| one.expires_at) {
                Some(end) => say!("secret {id} ends {}", written(end)),
                None => say!("secret {id} ended"),
            }
            Ok(())
        }
    }
}

fn ending(days: u16) -> Ending {
    match days {
        0 => Ending::AtOnce,
        days => Ending::After(Duration::days(i64::from(days))),
    }
}

async fn list(core: &Core, client_id: &str) -> Outcome {
    let client = client::find(core, client_id).await?;
    let moment = |at| Option::map_or(at, String::new(), written);
    say!(
        "{:<36}  {:<20}  {:<20}  {:<20}  name",
        "id",
        "made",
        "last used",
        "good until"
    );
    for secret in &client.secrets {
        let (used, until) = (moment(secret.last_used_at), moment(secret.expires_at));
        let hint = secret.hint.as_ref().map(|hint| format!("{hint}…")).unwrap_or_default();
        let label = secret.label.as_deref().unwrap_or_default();
        let state = if secret.is_good(core.now()) { "" } else { "(expired)" };
        let name = [hint.as_str(), label, state];
        let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
        say!(
            "{}  {:<20}  {used:<20}  {until:<20}  {}",
            secret.id,
            written(secret.created_at),
            name.join(" ")
        );
    }
    Ok(())
}

async fn add(core: &Core, client_id: &str, another: &Another) -> Outcome {
    let saved = client_secret::add(core, &By::command(), client_id, another).await?;
    let Some((secret, value)) = saved.client.secrets.first().zip(saved.secret) else {
        return Ok(());
    };
    let until = secret
        .expires_at
        .map_or_else(String::new, |end| format!(", good until {}", written(end)));
    say!("secret {} of {client_id}{until}", secret.id);
    say!("{}", value.expose());
    Ok(())
}
