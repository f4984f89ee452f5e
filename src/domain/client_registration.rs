//! What a program may register for itself (RFC 7591), and how its wishes are read. Its metadata are honoured or refused,
//! never ignored; only names that mean nothing here are passed over, as RFC 7591 §2 demands.
//!
//! Imports `base`, `spec`, `model`, and of this floor `client_metadata` and `policy`. Absent: tokens, quotas, fetching.

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    client_metadata::{self, MetadataError, check_localized},
    keys::KeyPolicy,
    policy::RegistrationPolicy,
};
use crate::{
    base::storable::is_storable_json,
    model::{ClientMetadata, Localized},
    spec::oauth::{ClientAuthMethod, ErrorCode, GrantType, OAuthError, ResponseType},
};

/// Signet's own metadata that only an operator sets. `resources` would let a stranger introspect the tokens of an API
/// by naming it, `token_exchange` lets it speak for people to other APIs; the others decide how long tokens live.
pub const OPERATORS: [&str; 5] = [
    "resources",
    "security_profile",
    "token_exchange",
    "access_token_lifetime_seconds",
    "refresh_token_lifetime_seconds",
];

/// What describes an app, and the keys that it holds: its own, whoever changed them last.
const ITS_OWN: [&str; 11] = [
    "client_name",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "localized",
    "contacts",
    "software_id",
    "software_version",
    "jwks",
    "jwks_uri",
];

/// Those of the fields, just changed by an administrator, that the client cannot set any more.
pub fn administered<'a>(changed: impl Iterator<Item = &'a String>) -> Vec<String> {
    let is_held = |name: &&String| is_metadata(name) && !ITS_OWN.contains(&name.as_str());
    changed.filter(is_held).cloned().collect()
}

/// What stays as it is when a client replaces its registration, by name; null where nothing is set.
#[derive(Debug, Default)]
pub struct Held(Map<String, Value>);

impl Held {
    /// Of what is registered: the fields that only operators set, and those that an administrator set.
    pub fn of(before: &ClientMetadata, administered: &[String]) -> Self {
        let before = serde_json::to_value(before).unwrap_or_default();
        let administered = administered.iter().map(String::as_str);
        let names = OPERATORS.into_iter().chain(["require_consent"]).chain(administered);
        let held = names.map(|name| (name.to_owned(), before.get(name).cloned().unwrap_or_default()));
        Self(held.collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the wish is one for what is there. Who reads, changes and sends back what is registered sends that too.
    fn is_same(&self, name: &str, wish: &Value) -> bool {
        self.0.get(name) == Some(wish)
    }
}

/// Metadata that need a feature, and the member of the server's own metadata that says what of it there is. The values of
/// a field must be in a list; or else the member must say that there is such a thing.
const ADVERTISED: &[(&str, &str)] = &[
    ("grant_types", "grant_types_supported"),
    ("response_types", "response_types_supported"),
    ("response_modes", "response_modes_supported"),
    ("token_endpoint_auth_method", "token_endpoint_auth_methods_supported"),
    (
        "token_endpoint_auth_signing_alg",
        "token_endpoint_auth_signing_alg_values_supported",
    ),
    ("subject_type", "subject_types_supported"),
    ("id_token_signed_response_alg", "id_token_signing_alg_values_supported"),
    // there is no member for access tokens: the same keys sign them
    ("access_token_signing_alg", "id_token_signing_alg_values_supported"),
    (
        "id_token_encrypted_response_alg",
        "id_token_encryption_alg_values_supported",
    ),
    (
        "id_token_encrypted_response_enc",
        "id_token_encryption_enc_values_supported",
    ),
    ("userinfo_signed_response_alg", "userinfo_signing_alg_values_supported"),
    (
        "userinfo_encrypted_response_alg",
        "userinfo_encryption_alg_values_supported",
    ),
    (
        "userinfo_encrypted_response_enc",
        "userinfo_encryption_enc_values_supported",
    ),
    (
        "introspection_signed_response_alg",
        "introspection_signing_alg_values_supported",
    ),
    (
        "introspection_encrypted_response_alg",
        "introspection_encryption_alg_values_supported",
    ),
    (
        "introspection_encrypted_response_enc",
        "introspection_encryption_enc_values_supported",
    ),
    (
        "authorization_signed_response_alg",
        "authorization_signing_alg_values_supported",
    ),
    (
        "authorization_encrypted_response_alg",
        "authorization_encryption_alg_values_supported",
    ),
    (
        "authorization_encrypted_response_enc",
        "authorization_encryption_enc_values_supported",
    ),
    (
        "request_object_signing_alg",
        "request_object_signing_alg_values_supported",
    ),
    (
        "request_object_encryption_alg",
        "request_object_encryption_alg_values_supported",
    ),
    (
        "request_object_encryption_enc",
        "request_object_encryption_enc_values_supported",
    ),
    ("request_uris", "request_uri_parameter_supported"),
    ("require_signed_request_object", "request_parameter_supported"),
    (
        "require_pushed_authorization_requests",
        "pushed_authorization_request_endpoint",
    ),
    ("authorization_details_types", "authorization_details_types_supported"),
    ("dpop_bound_access_tokens", "dpop_signing_alg_values_supported"),
    (
        "tls_client_certificate_bound_access_tokens",
        "tls_client_certificate_bound_access_tokens",
    ),
    ("use_mtls_endpoint_aliases", "mtls_endpoint_aliases"),
    ("backchannel_logout_uri", "backchannel_logout_supported"),
    (
        "backchannel_logout_session_required",
        "backchannel_logout_session_supported",
    ),
    ("frontchannel_logout_uri", "frontchannel_logout_supported"),
    (
        "frontchannel_logout_session_required",
        "frontchannel_logout_session_supported",
    ),
    (
        "backchannel_token_delivery_mode",
        "backchannel_token_delivery_modes_supported",
    ),
    (
        "backchannel_authentication_request_signing_alg",
        "backchannel_authentication_request_signing_alg_values_supported",
    ),
];

/// Reads what a program wants to register, and completes it. `server` is the server's own metadata and the keys that it
/// has; what is `held` stays,
/// also where the program does not name it (RFC 7592 §2.2 lets the server decide).
///
/// # Errors
/// The codes of RFC 7591 §3.2.2, with the field that is wrong.
pub fn read(
    wanted: &Map<String, Value>,
    policy: &RegistrationPolicy,
    (server, keys): (&Map<String, Value>, &KeyPolicy),
    held: &Held,
) -> Result<ClientMetadata, OAuthError> {
    if wanted.contains_key("software_statement") {
        // RFC 7591 §3.1.1: nobody is trusted to vouch for software here
        return Err(OAuthError::new(
            ErrorCode::UnapprovedSoftwareStatement,
            "this server approves of no software statement; leave it out",
        ));
    }
    let mut metadata = parse(wanted, held)?;
    client_metadata::normalise(&mut metadata);
    name_of_a_stranger(&metadata)?;
    permit(&mut metadata, policy, held)?;
    // what the server's own profile leaves is in its metadata: see `offered`
    client_metadata::check(&metadata, keys, None).map_err(|errors| refuse(&errors))?;
    within_reach(&metadata, policy, held)?;
    offered(&metadata, server, held)?;
    Ok(metadata)
}

/// Nobody has looked at what it calls itself, so that may not read as the address of somebody whom people know.
fn name_of_a_stranger(metadata: &ClientMetadata) -> Result<(), OAuthError> {
    let tagged = metadata.localized.iter();
    let tagged = tagged.filter(|(name, _)| Localized::split(name).is_some_and(|(field, _)| field == "client_name"));
    let mut names = tagged.map(|(_, value)| value).chain(metadata.client_name.as_deref());
    if names.any(poses_as_address) {
        return Err(invalid("client_name: must be a name, and not read as an address"));
    }
    Ok(())
}

/// What this server fetches or calls for a stranger, and where it sends people for one, is at an https address (OIDC
/// Registration §2, CIBA Core §4): this machine is no stranger's, and who was let register one would wait there in vain.
fn within_reach(metadata: &ClientMetadata, policy: &RegistrationPolicy, held: &Held) -> Result<(), OAuthError> {
    let is_plain = |address: &String| Url::parse(address).is_ok_and(|url| url.scheme() != "https");
    let called: [(&str, &[String]); 4] = [
        ("jwks_uri", metadata.jwks_uri.as_slice()),
        ("request_uris", &metadata.request_uris),
        ("backchannel_logout_uri", metadata.backchannel_logout_uri.as_slice()),
        (
            "backchannel_client_notification_endpoint",
            metadata.backchannel_client_notification_endpoint.as_slice(),
        ),
    ];
    let called = called.into_iter().filter(|_| !policy.plain_http);
    let visited = [("initiate_login_uri", metadata.initiate_login_uri.as_slice())];
    let mut own = called.chain(visited).filter(|(field, _)| !held.has(field));
    match own.find(|(_, addresses)| addresses.iter().any(is_plain)) {
        Some((field, _)) => Err(invalid(&format!("{field}: must be an https address"))),
        None => Ok(()),
    }
}

fn poses_as_address(name: &str) -> bool {
    // whole names alone: words with a dot in them are common
    let host = name.trim().split(['/', ':', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let is_host = host.rsplit_once('.').is_some_and(|(before, last)| {
        let is_label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
        !before.is_empty() && before.chars().all(is_label) && last.len() > 1 && last.chars().all(char::is_alphabetic)
    });
    let is_named = |word: &str| word.to_ascii_lowercase().starts_with("www.");
    is_host || name.contains("://") || name.split_whitespace().any(is_named)
}

/// Reads the document that a client is named by (draft-ietf-oauth-client-id-metadata-document §4). One document speaks to
/// every server: of its grant types, response types and scopes those count that may be had here.
///
/// # Errors
/// `invalid_client_metadata`, with the field that is wrong.
pub fn read_document(
    document: &Map<String, Value>,
    client_id: &str,
    policy: &RegistrationPolicy,
    server: (&Map<String, Value>, &KeyPolicy),
    held: &Held,
) -> Result<ClientMetadata, OAuthError> {
    // "MUST match the URL of the document using simple string comparison"
    if document.get("client_id").and_then(Value::as_str) != Some(client_id) {
        return Err(invalid("client_id: is not the address of its document"));
    }
    // There is nobody with whom a secret could be shared; and one document causes one fetch, not two.
    for name in ["client_secret", "client_secret_expires_at", "sector_identifier_uri"] {
        if document.contains_key(name) {
            return Err(invalid(&format!("{name}: does not belong into a document")));
        }
    }
    let mut wanted = document.clone();
    // nobody is there to hear that an administrator has set it otherwise
    wanted.retain(|name, _| OPERATORS.contains(&name.as_str()) || !held.has(name));
    let grants: Vec<&str> = policy.grant_types.iter().map(|one| one.as_str()).collect();
    let types: Vec<&str> = policy.response_types.iter().map(|one| one.as_str()).collect();
    for (name, allowed) in [("grant_types", grants), ("response_types", types)] {
        if let Some(Value::Array(values)) = wanted.get_mut(name) {
            values.retain(|value| value.as_str().is_none_or(|one| allowed.contains(&one)));
        }
    }
    if let (Some(Value::String(scope)), Some(allowed)) = (wanted.get_mut("scope"), &policy.scopes) {
        let kept: Vec<&str> = scope
            .split(' ')
            .filter(|one| allowed.iter().any(|scope| scope == one))
            .collect();
        *scope = kept.join(" ");
    }
    let method = wanted.entry("token_endpoint_auth_method");
    method.or_insert_with(|| ClientAuthMethod::None.as_str().into());
    let metadata = read(&wanted, policy, server, held)?;
    match metadata.token_endpoint_auth_method {
        ClientAuthMethod::None | ClientAuthMethod::PrivateKeyJwt => Ok(metadata),
        _ => Err(invalid(
            "token_endpoint_auth_method: with a document it is none or private_key_jwt",
        )),
    }
}

fn parse(wanted: &Map<String, Value>, held: &Held) -> Result<ClientMetadata, OAuthError> {
    let (mut members, mut localized) = (Map::new(), Localized::default());
    // RFC 7592 §2.2: null is the same as nothing
    for (name, value) in wanted.iter().filter(|(_, value)| !value.is_null()) {
        if Localized::split(name).is_some() {
            let text = value.as_str().unwrap_or("\0").trim();
            check_localized(name, text).map_err(|fault| invalid(&format!("{name}: {fault}")))?;
            localized.insert(name.clone(), text.to_owned());
        } else if is_metadata(name) && !held.is_same(name, value) {
            check_member(name, value)?;
            if held.has(name) {
                return Err(invalid(&format!("{name}: an administrator of this server has set it")));
            }
            members.insert(name.clone(), value.clone());
        }
    }
    let stays = held.0.iter().filter(|(_, value)| !value.is_null());
    members.extend(stays.map(|(name, value)| (name.clone(), value.clone())));
    complete(&mut members);
    let mut metadata: ClientMetadata =
        serde_json::from_value(Value::Object(members)).map_err(|error| invalid(&error.to_string()))?;
    metadata.localized = localized;
    Ok(metadata)
}

fn is_metadata(name: &str) -> bool {
    name != "localized" && ClientMetadata::NAMES.contains(&name)
}

/// One member by itself, so that the refusal names it.
fn check_member(name: &str, value: &Value) -> Result<(), OAuthError> {
    if OPERATORS.contains(&name) || (name == "require_consent" && *value != Value::Bool(true)) {
        return Err(invalid(&format!(
            "{name}: only an administrator of this server may set it"
        )));
    }
    if !is_storable_json(value) {
        return Err(invalid(&format!("{name}: has characters that are not allowed")));
    }
    let alone = json!({ name: value });
    match serde_json::from_value::<ClientMetadata>(alone) {
        Ok(_) => Ok(()),
        Err(error) => Err(invalid(&format!("{name}: {error}"))),
    }
}

/// Grant types that nobody named are those that the response types need (RFC 7591 §2.1: both must go together).
fn complete(members: &mut Map<String, Value>) {
    if members.contains_key("grant_types") {
        return;
    }
    let types = members.get("response_types").cloned().unwrap_or_default();
    let types: Vec<ResponseType> = serde_json::from_value(types).unwrap_or_default();
    let mut grants: Vec<GrantType> = Vec::new();
    for grant in types.into_iter().flat_map(ResponseType::grant_types) {
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    if !grants.is_empty() {
        members.insert("grant_types".to_owned(), json!(grants));
    }
}

/// Holds the wishes against what the operator lets strangers have.
fn permit(metadata: &mut ClientMetadata, policy: &RegistrationPolicy, held: &Held) -> Result<(), OAuthError> {
    let refuse = |field: &str, value: &str| Err(invalid(&format!("{field}: {value} may not be registered here")));
    if let Some(grant) = metadata
        .grant_types
        .iter()
        .find(|one| !policy.grant_types.contains(one) && !held.has("grant_types"))
    {
        return refuse("grant_types", grant.as_str());
    }
    if let Some(one) = metadata
        .response_types
        .iter()
        .find(|one| !policy.response_types.contains(one) && !held.has("response_types"))
    {
        return refuse("response_types", one.as_str());
    }
    if held.has("scope") {
        return Ok(());
    }
    let Some(scopes) = &policy.scopes else {
        // the scopes of a machine are its permissions, and nobody gives them to himself
        if !held.has("grant_types") && metadata.grant_types.contains(&GrantType::ClientCredentials) {
            return refuse("grant_types", "client_credentials without registration.scopes");
        }
        return Ok(());
    };
    match &metadata.scope {
        None => metadata.scope = Some(scopes.join(" ")),
        Some(wanted) => {
            if let Some(other) = wanted.split(' ').find(|one| !scopes.iter().any(|scope| scope == one)) {
                return refuse("scope", other);
            }
        }
    }
    Ok(())
}

/// Holds the wishes against what this server says it does.
fn offered(metadata: &ClientMetadata, server: &Map<String, Value>, held: &Held) -> Result<(), OAuthError> {
    let Ok(Value::Object(wanted)) = serde_json::to_value(metadata) else {
        return Err(invalid("the metadata cannot be read"));
    };
    for (field, member) in ADVERTISED.iter().filter(|(field, _)| !held.has(field)) {
        let is_offered = match wanted.get(*field) {
            None | Some(Value::Null | Value::Bool(false)) => true,
            Some(Value::Array(values)) => values.is_empty() || has(server.get(*member), values),
            Some(value) => has(server.get(*member), std::slice::from_ref(value)),
        };
        if !is_offered {
            return Err(invalid(&format!("{field}: is not supported; see {member}")));
        }
    }
    Ok(())
}

fn has(said: Option<&Value>, wanted: &[Value]) -> bool {
    match said {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(list)) => wanted.iter().all(|one| *one == Value::Bool(true) || list.contains(one)),
        Some(_) => true,
    }
}

/// All that is wrong, in one sentence; the code is that of the first fault.
fn refuse(errors: &[MetadataError]) -> OAuthError {
    let code = match errors.first() {
        Some(error) if error.field == "redirect_uris" => ErrorCode::InvalidRedirectUri,
        _ => ErrorCode::InvalidClientMetadata,
    };
    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
    OAuthError::named(code, &all.join("; "))
}

fn invalid(why: &str) -> OAuthError {
    OAuthError::named(ErrorCode::InvalidClientMetadata, why)
}

#[cfg(test)]
mod tests;
