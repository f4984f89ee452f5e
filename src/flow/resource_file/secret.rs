//! Secrets in resource files: the value itself, the name of an environment variable, or the path of a file.

use std::fs;

use time::format_description::well_known::Rfc3339;

use super::document::{FileError, Item, Table};
use crate::{
    base::{Secret, Time, TokenHash},
    flow::admin::client_secret::GivenSecret,
};

/// Longest secret file, in bytes.
const MAX_SECRET_FILE: u64 = 64 * 1024;

/// Reads a secret. Messages name where it comes from, never what it is.
///
/// # Errors
/// Where it cannot be read, or is empty.
pub(super) fn read(item: &Item<'_, '_>) -> Result<Secret<String>, FileError> {
    let value = match item.text() {
        Ok(text) => Secret::new(text),
        Err(_) => by_reference(item)?,
    };
    if value.expose().is_empty() {
        return Err(item.place().error(format!("{} is empty", item.name())));
    }
    Ok(value)
}

fn by_reference(item: &Item<'_, '_>) -> Result<Secret<String>, FileError> {
    let table = item
        .table()
        .map_err(|_| item.mismatch("a string, { env = \"NAME\" } or { file = \"PATH\" }"))?;
    table.only(&["env", "file"])?;
    match (table.text("env")?, table.text("file")?) {
        (Some(name), None) => std::env::var(&name).map(Secret::new).map_err(|_| {
            let message = format!("{}: the environment variable {name} is not set", item.name());
            item.place().error(message)
        }),
        (None, Some(path)) => {
            let path = table.source().folder.join(path);
            let fault = |why: String| {
                item.place()
                    .error(format!("{}: {}: {why}", item.name(), path.display()))
            };
            let size = fs::metadata(&path).map_err(|error| fault(error.to_string()))?.len();
            if size > MAX_SECRET_FILE {
                return Err(fault("is larger than 64 KiB".to_owned()));
            }
            let text = Secret::new(fs::read_to_string(&path).map_err(|error| fault(error.to_string()))?);
            Ok(Secret::new(text.expose().trim_end_matches(['\r', '\n']).to_owned()))
        }
        _ => Err(item.mismatch("a string, { env = \"NAME\" } or { file = \"PATH\" }")),
    }
}

/// The secrets of a client: one as `client_secret`, or several as `[[clients.client_secrets]]`, each with its end.
///
/// # Errors
/// Both at once, the same secret twice, and what one alone may be refused for.
pub(super) fn of_client(table: &Table<'_, '_>) -> Result<Option<Vec<GivenSecret>>, FileError> {
    let (one, several) = (table.get("client_secret"), table.get("client_secrets"));
    match (one, several) {
        (Some(_), Some(several)) => {
            let why = "give either client_secret or client_secrets, not both";
            Err(several.place().error(why))
        }
        (Some(one), None) => Ok(Some(vec![GivenSecret {
            value: read(&one)?,
            label: None,
            expires_at: None,
        }])),
        (None, Some(_)) => {
            let mut given: Vec<GivenSecret> = Vec::new();
            for entry in table.tables("client_secrets")? {
                let secret = of_entry(&entry)?;
                let hash = |one: &GivenSecret| TokenHash::of(one.value.expose());
                if given.iter().any(|other| hash(other) == hash(&secret)) {
                    return Err(entry.place().error("this secret is named twice"));
                }
                given.push(secret);
            }
            Ok(Some(given))
        }
        (None, None) => Ok(None),
    }
}

fn of_entry(entry: &Table<'_, '_>) -> Result<GivenSecret, FileError> {
    entry.only(&["value", "label", "expires_at"])?;
    let expires_at = match entry.get("expires_at") {
        None => None,
        Some(item) => {
            let text = item.json()?.as_str().map(|text| text.replacen(' ', "T", 1));
            let end = text.and_then(|text| Time::parse(&text, &Rfc3339).ok());
            // what the database keeps, so that the same file is no change
            let end = end.and_then(|end| end.replace_nanosecond(0).ok());
            Some(end.ok_or_else(|| {
                item.place()
                    .error("expires_at must be a time with its zone, as 2027-01-31T00:00:00Z")
            })?)
        }
    };
    Ok(GivenSecret {
        value: read(&entry.need("value")?)?,
        label: entry.text("label")?,
        expires_at,
    })
}
