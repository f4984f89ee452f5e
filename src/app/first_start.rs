//! What a server that has nobody to look after it makes by itself: the first administrator, and the demo where it is
//! wanted.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    base::Secret,
    flow::{
        Core,
        admin::{
            self, By, Fault,
            user::{Edit, NewPassword},
        },
        resource_file::{self, Options, Source},
    },
    model::user::ADMIN_ROLE,
    store,
};

use super::settings::Settings;

const USERNAME: &str = "admin";
const DEMO: &str = include_str!("../../config/demo.toml");
const DEMO_MARK: &str = "demo_applied";
const ATTEMPTS: usize = 3;

/// The first administrator, to be shown once.
pub struct Administrator {
    /// The username.
    pub username: String,
    /// Works once; a new one is asked for then.
    pub password: Secret<String>,
}

/// Why the first start failed.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The administrator.
    #[error("the first administrator cannot be made: {0}")]
    Administrator(#[from] admin::Error),
    /// The demo.
    #[error("the demo cannot be applied: {0}")]
    Demo(#[from] resource_file::Error),
}

/// Makes what is missing. Several processes may do so at once: one of them makes the administrator.
///
/// # Errors
/// See [`FirstStartError`].
pub async fn run(settings: &Settings, core: &Core) -> Result<Option<Administrator>, FirstStartError> {
    let administrator = administrator(core).await?;
    if settings.demo {
        demo(core).await?;
    }
    Ok(administrator)
}

/// The demo, once: what the operator changes or removes afterwards stays so. Of several processes that make it at once
/// one is refused by a constraint; when it looks again, everything is there.
async fn demo(core: &Core) -> Result<(), FirstStartError> {
    for _ in 0..ATTEMPTS {
        match make_demo(core).await {
            Err(FirstStartError::Demo(resource_file::Error::Flow(error))) => {
                tracing::info!(%error, "another process seems to make the demo; looking again");
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
            other => return other,
        }
    }
    make_demo(core).await
}

async fn make_demo(core: &Core) -> Result<(), FirstStartError> {
    if store::setting::find(core.store.pool(), DEMO_MARK).await?.is_some() {
        return Ok(());
    }
    let source = Source {
        name: "config/demo.toml".to_owned(),
        text: DEMO.to_owned(),
        folder: PathBuf::from("config"),
    };
    let options = Options {
        origin: "demo".to_owned(),
        ..Options::default()
    };
    resource_file::apply(core, &[source], &options).await?;
    store::setting::update(core.store.pool(), DEMO_MARK, &json!(true), core.now()).await?;
    tracing::info!("the demo was made: config/demo.toml says what it is; SIGNET_DEMO__ENABLED=false starts without it");
    Ok(())
}

/// An administrator, if nobody holds the role. Also the way back in when the last one is lost: restart the server.
async fn administrator(core: &Core) -> Result<Option<Administrator>, FirstStartError> {
    if store::role::is_held(core.store.pool(), ADMIN_ROLE).await? {
        return Ok(None);
    }
    let edit = Edit {
        username: Some(Some(USERNAME.to_owned())),
        roles: Some(vec![ADMIN_ROLE.to_owned()]),
        ..Edit::default()
    };
    match admin::user::create(core, &By::system(), &edit, Some(&NewPassword::OneTime)).await {
        Ok(created) => Ok(created.one_time_password.map(|password| Administrator {
            username: USERNAME.to_owned(),
            password,
        })),
        // another process was faster, or somebody of that name is no administrator and stays so
        Err(admin::Error::Invalid(faults)) if faults.iter().all(|one| one.fault == Fault::Taken) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
