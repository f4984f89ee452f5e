//! Apps and people of resource files.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    Error, Work,
    document::FileError,
    plan::Action,
    wanted::{Places, WantedClient, WantedPassword, WantedUser},
};
use crate::{
    base::{Secret, TokenHash, id::UserId},
    domain::account::password_hash::StoredHash,
    flow::{
        Core,
        admin::{self, client, client_secret::NewSecret, user},
        password::Verdict,
    },
    model::User,
    store::{self, user::StoredPassword},
};

/// The password that a person of a file is to get, if they have another one now.
pub(super) struct NewPassword {
    hash: Secret<String>,
    /// Fingerprint of a hash that stood in the file: the stored one may be renewed at a sign-in, this one tells whether
    /// the file still says the same.
    fingerprint: Option<String>,
}

/// Compares passwords and hashes new ones, for each person in the order of the files.
///
/// # Errors
/// A hash that this server cannot use, and the failures of the machinery.
pub(super) async fn prepare(core: &Core, users: &[WantedUser]) -> Result<Vec<Option<NewPassword>>, Error> {
    let mut prepared = Vec::with_capacity(users.len());
    for wanted in users {
        prepared.push(match &wanted.password {
            None => None,
            Some(WantedPassword::Plain(plain)) => plain_password(core, wanted, plain).await?,
            Some(WantedPassword::Hash(hash)) => hashed_password(core, wanted, hash).await?,
        });
    }
    Ok(prepared)
}

async fn plain_password(
    core: &Core,
    wanted: &WantedUser,
    plain: &Secret<String>,
) -> Result<Option<NewPassword>, Error> {
    if plain.expose().chars().count() > crate::domain::account::password_policy::MAX_LENGTH {
        return Err(refuse(&wanted.places, "password", "password: is too long"));
    }
    let mut connection = core.store.acquire().await?;
    if let Some(id) = find(&mut connection, wanted).await?
        && let Some(stored) = store::user::find_password(&mut *connection, id).await?
    {
        drop(connection);
        let verdict = core
            .passwords
            .verify(stored.hash.expose(), plain)
            .await
            .map_err(admin::Error::from)?;
        if matches!(verdict, Verdict::Match { .. }) {
            return Ok(None);
        }
    }
    let hash = core.passwords.hash(plain).await.map_err(admin::Error::from)?;
    Ok(Some(NewPassword {
        hash: Secret::new(hash),
        fingerprint: None,
    }))
}

async fn hashed_password(
    core: &Core,
    wanted: &WantedUser,
    hash: &Secret<String>,
) -> Result<Option<NewPassword>, Error> {
    if let Err(fault) = StoredHash::parse(hash.expose()) {
        return Err(refuse(
            &wanted.places,
            "password_hash",
            format!("password_hash: {fault}"),
        ));
    }
    let fingerprint = URL_SAFE_NO_PAD.encode(TokenHash::of(hash.expose()).as_bytes());
    let mut connection = core.store.acquire().await?;
    if let Some(id) = find(&mut connection, wanted).await? {
        let known = store::setting::find(&mut *connection, &fingerprint_key(id)).await?;
        if known == Some(Value::from(fingerprint.clone())) {
            return Ok(None);
        }
    }
    Ok(Some(NewPassword {
        hash: hash.clone(),
        fingerprint: Some(fingerprint),
    }))
}

fn fingerprint_key(id: UserId) -> String {
    format!("apply.password_hash.{id}")
}

/// The person whom an entry means, if they exist.
async fn find(connection: &mut store::Connection, wanted: &WantedUser) -> Result<Option<UserId>, Error> {
    let found = match &wanted.username {
        Some(username) => store::user::find_by_username(&mut **connection, username).await?,
        None => by_email(
            store::user::find_for_sign_in(&mut **connection, &wanted.name).await?,
            &wanted.name,
        ),
    };
    Ok(found.map(|user| user.id))
}

fn by_email(found: Option<(User, Option<StoredPassword>)>, email: &str) -> Option<User> {
    let user = found?.0;
    user.claim("email")
        .is_some_and(|own| own.eq_ignore_ascii_case(email))
        .then_some(user)
}

fn refuse(places: &Places, field: &str, message: impl Into<String>) -> Error {
    Error::Files(vec![places.of_field(field).error(message)])
}

/// Gives each refused field its line.
fn located(error: admin::Error, places: &Places) -> Error {
    match error {
        admin::Error::Invalid(fields) => {
            let located = |one: admin::Invalid| -> FileError { places.of_field(&one.field).error(one.to_string()) };
            Error::Files(fields.into_iter().map(located).collect())
        }
        other => Error::Flow(other),
    }
}

impl Work<'_> {
    pub(super) async fn clients(&mut self, clients: &[WantedClient]) -> Result<(), Error> {
        for wanted in clients {
            let existing = store::client::find(&mut *self.tx, &wanted.client_id).await?;
            let needs_secret = wanted.metadata.token_endpoint_auth_method.uses_secret();
            let has_secret = existing.as_ref().is_some_and(|client| !client.secrets.is_empty());
            if let Some(given) = wanted.secrets.as_ref().filter(|_| needs_secret) {
                let now = self.core.now();
                if given.iter().all(|one| one.expires_at.is_some_and(|end| end <= now)) {
                    let message = "no secret is left that has not expired: add one that is good";
                    return Err(refuse(&wanted.places, "client_secrets", message));
                }
            }
            if needs_secret && !has_secret && wanted.secrets.is_none() {
                let message = "client_secret is missing: give one, or token_endpoint_auth_method = \"none\" for an app \
                               that cannot keep a secret";
                return Err(refuse(&wanted.places, "client_id", message));
            }
            self.client(wanted, existing)
                .await
                .map_err(|error| located(error, &wanted.places))?;
        }
        Ok(())
    }

    async fn client(
        &mut self,
        wanted: &WantedClient,
        existing: Option<crate::model::Client>,
    ) -> Result<(), admin::Error> {
        let edit = client::Edit {
            metadata: wanted.metadata.clone(),
            roles: wanted.roles.clone(),
            status: wanted.status,
        };
        let secret = match &wanted.secrets {
            Some(given) => NewSecret::Only(given.clone()),
            None => NewSecret::Keep(None),
        };
        let (core, by, tx) = (self.core, &self.by, &mut self.tx);
        match existing {
            None => {
                let origin = Some(self.origin);
                client::create_in(core, tx, by, &wanted.client_id, &edit, &secret, origin).await?;
                self.plan.add(Action::Create, "client", &wanted.client_id);
            }
            Some(before) => {
                let (_, difference) = client::edit_in(core, tx, by, before, &edit, &secret).await?;
                self.plan.changed(difference.fields(), "client", &wanted.client_id);
            }
        }
        Ok(())
    }

    pub(super) async fn users(&mut self, users: &[WantedUser], passwords: &[Option<NewPassword>]) -> Result<(), Error> {
        for (wanted, password) in users.iter().zip(passwords) {
            self.user(wanted, password.as_ref())
                .await
                .map_err(|error| located(error, &wanted.places))?;
        }
        Ok(())
    }

    async fn user(&mut self, wanted: &WantedUser, password: Option<&NewPassword>) -> Result<(), admin::Error> {
        let found = match &wanted.username {
            Some(username) => store::user::find_by_username(&mut *self.tx, username).await?,
            None => by_email(
                store::user::find_for_sign_in(&mut *self.tx, &wanted.name).await?,
                &wanted.name,
            ),
        };
        let locked = match found {
            Some(user) => store::user::lock(&mut *self.tx, user.id).await?,
            None => None,
        };
        let edit = user::Edit {
            username: wanted.username.clone().map(Some),
            status: wanted.status,
            locale: wanted.locale.map(Some),
            roles: wanted.roles.clone(),
            patch: wanted.patch.clone(),
        };
        let hashed = password.map(|new| user::Hashed {
            hash: new.hash.clone(),
            one_time: None,
        });
        let (core, by) = (self.core, &self.by);
        let id = match locked {
            None => {
                let origin = Some(self.origin);
                let made = user::create_in(core, &mut self.tx, by, &edit, hashed.as_ref(), origin).await?;
                self.plan.add(Action::Create, "user", &wanted.name);
                made.id
            }
            Some(before) => {
                let (after, difference) = user::edit_in(core, &mut self.tx, by, before, &edit).await?;
                let mut fields = difference.fields();
                if let Some(hashed) = &hashed {
                    user::set_password_in(core, &mut self.tx, by, after.id, hashed).await?;
                    fields.push("password".to_owned());
                }
                self.plan.changed(fields, "user", &wanted.name);
                after.id
            }
        };
        if let Some(fingerprint) = password.and_then(|new| new.fingerprint.clone()) {
            let value = Value::from(fingerprint);
            store::setting::update(&mut *self.tx, &fingerprint_key(id), &value, core.now()).await?;
        }
        Ok(())
    }
}
