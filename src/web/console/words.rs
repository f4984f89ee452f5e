//! What the rules say, in words for administrators.

use crate::{
    base::Text,
    domain::{api_resource::ResourceFault, client_metadata::MetadataFault, profile::FieldFault},
    flow::{
        admin::{Fault, Invalid},
        sector::Unproven,
    },
    spec::oidc::claim::{ClaimFault, ClaimType, find},
    web::FieldErrors,
};

/// What is wrong, beside the fields of a form.
pub fn invalid(faults: &[Invalid]) -> FieldErrors {
    let mut errors = FieldErrors::none();
    for one in faults {
        errors.add(field(&one.field), text(&one.field, &one.fault));
    }
    errors
}

/// The input that an error stands beside.
fn field(name: &str) -> &str {
    match name {
        "address" => "address.street_address",
        // the page has no such field; what it changes is what the document must list
        "sector_identifier_uri" => "redirect_uris",
        custom if custom.starts_with("custom_data") => "custom_data",
        other => other,
    }
}

fn text(field: &str, fault: &Fault) -> Text {
    match fault {
        Fault::Profile(fault) => profile(field, *fault),
        Fault::Metadata(fault) => metadata(fault),
        Fault::Username => Text::new("error-username-format"),
        Fault::NoIdentifier => Text::new("error-no-identifier"),
        Fault::Taken if field == "username" => Text::new("error-username-taken"),
        Fault::Taken if field == "email" => Text::new("error-email-taken"),
        Fault::Resource(fault) => resource(fault),
        Fault::Sector(Unproven::NotListed) => Text::new("error-sector"),
        Fault::Sector(_) => Text::new("error-sector-fetch"),
        Fault::ClientId | Fault::UnknownRole(_) | Fault::Password(_) | Fault::Taken => Text::new("error-value"),
    }
}

fn resource(fault: &ResourceFault) -> Text {
    Text::new(match fault {
        ResourceFault::Identifier(_) => "error-api-identifier",
        ResourceFault::Scope(_) | ResourceFault::TooManyScopes => "error-scopes",
        ResourceFault::ReservedScope(_) => "error-scope-reserved",
        ResourceFault::Lifetime => "error-lifetime",
        _ => "error-value",
    })
}

fn profile(field: &str, fault: FieldFault) -> Text {
    match fault {
        FieldFault::Claim(ClaimFault::TooLong) => Text::new("error-value-long").count("n", 1000),
        FieldFault::NothingToVerify => Text::new("error-required"),
        _ => Text::new(match find(field).map(|claim| claim.kind) {
            Some(ClaimType::Email) => "error-email-format",
            Some(ClaimType::Phone) => "error-phone-format",
            Some(ClaimType::Birthdate) => "error-birthdate-format",
            Some(ClaimType::Url) => "error-url",
            _ => "error-value",
        }),
    }
}

fn metadata(fault: &MetadataFault) -> Text {
    match fault {
        MetadataFault::RedirectUri { .. } => Text::new("error-redirect-uri"),
        MetadataFault::Missing | MetadataFault::NoSector => Text::new("error-required"),
        MetadataFault::Address => Text::new("error-https"),
        MetadataFault::Repeated => Text::new("error-repeated"),
        MetadataFault::PublicClientCredentials => Text::new("error-public-credentials"),
        MetadataFault::RefreshWithoutCode => Text::new("error-refresh-without-code"),
        MetadataFault::TwoKeySets | MetadataFault::NoUsableKey => Text::new("error-keys"),
        MetadataFault::NeedsGrant(_, grant) => Text::new("error-needs-grant").with("grant", *grant),
        MetadataFault::ImplicitAddress
        | MetadataFault::Needs(_)
        | MetadataFault::OneCertificateName
        | MetadataFault::OtherOrigin
        | MetadataFault::Unsupported
        | MetadataFault::Malformed
        | MetadataFault::Algorithm(_)
        | MetadataFault::OutOfBounds(..)
        | MetadataFault::TooShort(_)
        | MetadataFault::NoSigner(_) => Text::new("error-value"),
    }
}
