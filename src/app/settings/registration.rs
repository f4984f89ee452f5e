//! `[registration]`: clients that register themselves (RFC 7591).

use time::Duration;

use super::{SettingsError, reader::Reader};
use crate::{
    domain::{
        departure,
        policy::{Admission, Origins, RegistrationPolicy},
    },
    spec::oauth::{GrantType, ResponseType, ScopeSet},
};

/// What `registration.policy` may be.
const ADMISSIONS: [(&str, Admission); 3] = [
    ("off", Admission::Off),
    ("token", Admission::Token),
    ("open", Admission::Open),
];

/// Reads the section.
///
/// # Errors
/// The first setting that is wrong.
pub(super) fn read(reader: &Reader<'_>) -> Result<RegistrationPolicy, SettingsError> {
    let default = RegistrationPolicy::default();
    let grant_types = reader.list("registration.grant_types", |text| {
        GrantType::parse(text).ok_or_else(|| "is no grant type".to_owned())
    })?;
    let response_types = reader.list("registration.response_types", |text| {
        ResponseType::parse(text).ok_or_else(|| "is no response type".to_owned())
    })?;
    let scopes = reader.list("registration.scopes", |text| match ScopeSet::parse(text) {
        Ok(_) if !text.contains(' ') => Ok(text.to_owned()),
        _ => Err("is no scope".to_owned()),
    })?;
    let per_address = reader.small("registration.clients_per_address", 20, 0..=1_000_000)?;
    let secret_days = reader.small("registration.client_secret_days", 0, 0..=3_660)?;
    let grace_hours = reader.small("registration.client_secret_grace_hours", 24, 0..=8_784)?;
    Ok(RegistrationPolicy {
        admission: reader.choice("registration.policy", default.admission, &ADMISSIONS)?,
        grant_types: grant_types.unwrap_or(default.grant_types),
        response_types: response_types.unwrap_or(default.response_types),
        scopes,
        per_address: Some(per_address).filter(|most| *most > 0),
        most: reader.small("registration.most_clients", default.most, 1..=1_000_000)?,
        client_id_documents: reader.flag("registration.client_id_documents", default.client_id_documents)?,
        unused: Duration::days(i64::from(reader.small("registration.unused_days", 30, 1..=3_660)?)),
        secret_lifetime: Some(Duration::days(i64::from(secret_days))).filter(|lifetime| lifetime.is_positive()),
        secret_grace: Duration::hours(i64::from(grace_hours)),
        origins: origins(reader)?,
        redirect_at_once: reader.flag("registration.redirect_at_once", default.redirect_at_once)?,
        plain_http: reader.flag("outbound.allow_private", default.plain_http)?,
    })
}

/// The pages that may register apps: `*` alone, or origins.
fn origins(reader: &Reader<'_>) -> Result<Origins, SettingsError> {
    let path = "registration.origins";
    let listed = reader.list(path, |text| match (text, departure::origin(text)) {
        ("*", _) => Ok(text.to_owned()),
        (_, Some(origin)) if origin == text => Ok(origin),
        _ => Err("is no origin, as https://app.example".to_owned()),
    })?;
    let listed = listed.unwrap_or_default();
    match listed.iter().any(|one| one == "*") {
        true if listed.len() > 1 => Err(reader.wrong(path, "takes * alone, or origins")),
        true => Ok(Origins::Any),
        false => Ok(Origins::Listed(listed)),
    }
}
