//! Names, lists of names, and numbers.

use super::{ClientMetadata, Faults, MetadataFault, REFRESH_TOKEN_SECONDS, check_localized, is_name};
use crate::{
    domain::api_resource,
    model::Localized,
    spec::{oauth::ScopeSet, oidc::claim::is_email},
};

const MAX_AGE_SECONDS: std::ops::RangeInclusive<i64> = 0..=315_360_000;
/// The longest name of a class of authentication or of a type of authorization details.
const MAX_NAME: usize = 500;

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    names(metadata, faults);
    lists(metadata, faults);
    numbers(metadata, faults);
}

fn names(metadata: &ClientMetadata, faults: &mut Faults) {
    for (field, text) in [
        ("client_name", &metadata.client_name),
        ("software_id", &metadata.software_id),
        ("software_version", &metadata.software_version),
    ] {
        if text.as_deref().is_some_and(|text| !is_name(text)) {
            faults.refuse(field, MetadataFault::Malformed);
        }
    }
    for (tagged, value) in metadata.localized.iter() {
        let field = Localized::split(tagged).map_or("localized", |(name, _)| name);
        faults.hold(field, check_localized(tagged, value));
    }
    let scope = metadata.scope.as_deref();
    if scope.is_some_and(|scope| ScopeSet::parse(scope).is_err()) {
        faults.refuse("scope", MetadataFault::Malformed);
    }
}

fn lists(metadata: &ClientMetadata, faults: &mut Faults) {
    faults.list("contacts", &metadata.contacts);
    if !metadata.contacts.iter().all(|contact| is_email(contact)) {
        faults.refuse("contacts", MetadataFault::Malformed);
    }
    for (field, words) in [
        ("default_acr_values", &metadata.default_acr_values),
        ("authorization_details_types", &metadata.authorization_details_types),
    ] {
        faults.list(field, words);
        if !words.iter().all(|word| is_word(word)) {
            faults.refuse(field, MetadataFault::Malformed);
        }
    }
    let resources = metadata.resources.as_deref().unwrap_or_default();
    faults.list("resources", resources);
    if !resources.iter().all(|one| api_resource::is_identifier(one)) {
        faults.refuse("resources", MetadataFault::Malformed);
    }
}

fn is_word(text: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    !text.is_empty() && text.len() <= MAX_NAME && !text.contains(is_odd)
}

fn numbers(metadata: &ClientMetadata, faults: &mut Faults) {
    for (field, number, bounds) in [
        ("default_max_age", metadata.default_max_age, MAX_AGE_SECONDS),
        (
            "access_token_lifetime_seconds",
            metadata.access_token_lifetime_seconds,
            api_resource::ACCESS_TOKEN_SECONDS,
        ),
        (
            "refresh_token_lifetime_seconds",
            metadata.refresh_token_lifetime_seconds,
            REFRESH_TOKEN_SECONDS,
        ),
    ] {
        faults.bounds(field, number, &bounds);
    }
}
