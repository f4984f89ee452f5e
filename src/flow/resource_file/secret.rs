//! Secrets in resource files: the value itself, the name of an environment variable, or the path of a file.

use std::fs;

use super::document::{FileError, Item};
use crate::base::Secret;

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
