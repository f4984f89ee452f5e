//! `signet keys …`: the keys that sign, and those that others encrypt to.

use super::{KeysCommand, Outcome, Refusal, written};
use crate::{
    flow::{
        Core,
        admin::{
            By,
            keys::{self, Rotation},
        },
    },
    model::{KeyState, SigningKey},
    spec::jose::KeyAlg,
};

/// Does what the command says.
pub(super) async fn run(core: &Core, command: &KeysCommand) -> Outcome {
    match command {
        KeysCommand::List => list(core).await,
        KeysCommand::Rotate { algorithm } => rotate(core, algorithm.as_deref()).await,
    }
}

async fn list(core: &Core) -> Outcome {
    let now = core.now();
    say!("{:<12}  {:<43}  {:<8}  in use from", "alg", "kid", "state");
    for key in keys::list(core).await? {
        let state = match key.state(now) {
            KeyState::Pending => "pending",
            KeyState::Active => "active",
            KeyState::Retiring => "retiring",
            KeyState::Retired => "retired",
        };
        let SigningKey {
            alg, kid, active_at, ..
        } = &key;
        let until = key
            .retiring_at
            .map_or_else(String::new, |at| format!(" to {}", written(at)));
        say!(
            "{:<12}  {kid:<43}  {state:<8}  {}{until}",
            alg.name(),
            written(*active_at)
        );
    }
    Ok(())
}

async fn rotate(core: &Core, algorithm: Option<&str>) -> Outcome {
    let alg = algorithm
        .map(|name| {
            name.parse::<KeyAlg>().map_err(|_| {
                let known: Vec<&str> = KeyAlg::all().map(KeyAlg::name).collect();
                Refusal::WrongUse(format!("there is no algorithm {name}; there are {}", known.join(", ")))
            })
        })
        .transpose()?;
    for done in keys::rotate(core, &By::command(), alg).await? {
        match done {
            Rotation::Begun(key) => {
                say!(
                    "{}: {} is in use from {}",
                    key.alg.name(),
                    key.kid,
                    written(key.active_at)
                );
            }
            Rotation::AlreadyPending(alg) => say!("{}: a successor waits already", alg.name()),
        }
    }
    Ok(())
}
