//! The metadata document, serialised once per change.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use serde_json::{Map, Value, json};

use super::{Core, Refusal, cache::Catalog};
use crate::{
    base::Locale,
    domain::{
        authorize::{ACR_VALUES_SUPPORTED, RESPONSE_TYPES},
        claims, client_auth,
        client_metadata::sector::SUBJECT_TYPES,
        grant::GRANTS,
        policy::Admission,
        security_profile::{self, Jarm, Rules},
    },
    model::SubjectType,
    spec::{
        jose::{JweAlg, JweEnc, JwsAlg},
        oauth::{ClientAuthMethod, GrantType, Prompt, ResponseMode, ResponseType, response_mode::Carrier},
        oidc::discovery::{Metadata, Offer, path},
    },
};

/// What clients that have no profile of their own are held to: the document promises nothing else.
fn rules(core: &Core) -> &'static Rules {
    security_profile::rules(core.policy.security.profile)
}

/// What clients may sign with that have no profile of their own.
pub fn client_algs(core: &Core) -> Vec<&'static str> {
    rules(core).client_algs.iter().map(|alg| alg.name()).collect()
}

/// What Signet signs with.
fn signing_algs(core: &Core) -> Vec<&'static str> {
    let usable = rules(core).usable_algs(&core.keys.policy().algs);
    usable.map(|alg| alg.name()).collect()
}

/// What an extension adds to the document.
type Members = Vec<(&'static str, Value)>;

/// Every extension that has something to add, each about members that nobody else names.
const EXTENSIONS: &[fn(&Core) -> Members] = &[
    registration,
    request_objects,
    encrypted_request_objects,
    signed_responses,
    device_authorization,
    ciba,
    proofs,
    pushed_requests,
    certificates,
    protected_answers,
    logout,
];

// RFC 8414 §2
fn registration(core: &Core) -> Members {
    let policy = &core.policy.registration;
    let mut members = Vec::new();
    if policy.admission != Admission::Off {
        let address = core.policy.issuer.at(path::REGISTRATION);
        members.push(("registration_endpoint", json!(address)));
    }
    // draft-ietf-oauth-client-id-metadata-document §5
    if policy.client_id_documents {
        members.push(("client_id_metadata_document_supported", json!(true)));
    }
    members
}

// RFC 9126 §5
fn pushed_requests(core: &Core) -> Members {
    let required = rules(core).requests.must_be_pushed();
    vec![("require_pushed_authorization_requests", json!(required))]
}

// RFC 9449 §5.1
fn proofs(core: &Core) -> Members {
    vec![("dpop_signing_alg_values_supported", json!(client_algs(core)))]
}

// RFC 8705 §3.3, §5
fn certificates(core: &Core) -> Members {
    let mtls = &core.policy.mtls;
    let bound = ("tls_client_certificate_bound_access_tokens", json!(mtls.enabled));
    let Some(base) = mtls.base.as_ref().filter(|_| mtls.enabled) else {
        return vec![bound];
    };
    let aliases: Map<String, Value> = MTLS_ENDPOINTS
        .iter()
        .map(|(name, path)| ((*name).to_owned(), json!(base.at(path))))
        .collect();
    vec![bound, ("mtls_endpoint_aliases", Value::Object(aliases))]
}

/// The endpoints that programs call directly (RFC 8705 §5).
const MTLS_ENDPOINTS: &[(&str, &str)] = &[
    ("token_endpoint", path::TOKEN),
    ("userinfo_endpoint", path::USERINFO),
    ("introspection_endpoint", path::INTROSPECT),
    ("revocation_endpoint", path::REVOKE),
    ("pushed_authorization_request_endpoint", path::PAR),
    ("device_authorization_endpoint", path::DEVICE_AUTHORIZATION),
    ("backchannel_authentication_endpoint", path::BACKCHANNEL_AUTHENTICATION),
];

// OIDC Discovery §3, RFC 9101 §10.5
fn request_objects(core: &Core) -> Members {
    let requests = rules(core).requests;
    // what a browser refers to was not pushed (FAPI 2.0 Security Profile §5.3.2.2)
    let may_be_fetched = !requests.must_be_pushed();
    vec![
        ("require_signed_request_object", json!(requests.must_be_signed())),
        ("request_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(may_be_fetched)),
        ("require_request_uri_registration", json!(true)),
        ("request_object_signing_alg_values_supported", json!(client_algs(core))),
    ]
}

// OIDC Discovery §3
fn encrypted_request_objects(core: &Core) -> Members {
    let algs: Vec<&str> = core.keys.policy().encryption_algs().map(JweAlg::name).collect();
    if algs.is_empty() {
        return Vec::new();
    }
    let encs = JweEnc::ALL.map(JweEnc::name);
    vec![
        ("request_object_encryption_alg_values_supported", json!(algs)),
        ("request_object_encryption_enc_values_supported", json!(encs)),
    ]
}

// JARM §4
fn signed_responses(core: &Core) -> Members {
    vec![
        ("authorization_signing_alg_values_supported", json!(signing_algs(core))),
        (
            "authorization_encryption_alg_values_supported",
            json!(JweAlg::ALL.map(JweAlg::name)),
        ),
        (
            "authorization_encryption_enc_values_supported",
            json!(JweEnc::ALL.map(JweEnc::name)),
        ),
    ]
}

// RFC 8628 §4
fn device_authorization(core: &Core) -> Members {
    let endpoint = core.policy.issuer.at(path::DEVICE_AUTHORIZATION);
    vec![("device_authorization_endpoint", json!(endpoint))]
}

// OIDC Discovery §3, RFC 9701 §7
fn protected_answers(core: &Core) -> Members {
    let signing = signing_algs(core);
    let (algs, encs) = (JweAlg::ALL.map(JweAlg::name), JweEnc::ALL.map(JweEnc::name));
    vec![
        ("id_token_encryption_alg_values_supported", json!(algs)),
        ("id_token_encryption_enc_values_supported", json!(encs)),
        ("userinfo_signing_alg_values_supported", json!(signing)),
        ("userinfo_encryption_alg_values_supported", json!(algs)),
        ("userinfo_encryption_enc_values_supported", json!(encs)),
        ("introspection_signing_alg_values_supported", json!(signing)),
        ("introspection_encryption_alg_values_supported", json!(algs)),
        ("introspection_encryption_enc_values_supported", json!(encs)),
    ]
}

// Back-Channel Logout §2.1, Front-Channel Logout §3, Session Management §3.3
fn logout(core: &Core) -> Members {
    vec![
        (
            "check_session_iframe",
            json!(core.policy.issuer.at(path::CHECK_SESSION)),
        ),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
        ("frontchannel_logout_supported", json!(true)),
        ("frontchannel_logout_session_supported", json!(true)),
    ]
}

// CIBA Core §4; the modes of FAPI-CIBA §5.2.2
fn ciba(core: &Core) -> Members {
    vec![
        (
            "backchannel_authentication_endpoint",
            json!(core.policy.issuer.at(path::BACKCHANNEL_AUTHENTICATION)),
        ),
        ("backchannel_token_delivery_modes_supported", json!(["poll", "ping"])),
        (
            "backchannel_authentication_request_signing_alg_values_supported",
            json!(client_algs(core)),
        ),
        ("backchannel_user_code_parameter_supported", json!(false)),
    ]
}

/// The grant types that a client may have: those of the token endpoint, and `implicit` for response types with tokens.
pub fn grant_types() -> Vec<GrantType> {
    grant_types_of(&response_types())
}

fn grant_types_of(response_types: &[ResponseType]) -> Vec<GrantType> {
    let implicit = response_types
        .iter()
        .copied()
        .flat_map(ResponseType::grant_types)
        .find(|grant| *grant == GrantType::Implicit);
    GRANTS.iter().map(|grant| grant.grant_type()).chain(implicit).collect()
}

/// The response types that a client may have.
pub fn response_types() -> Vec<ResponseType> {
    RESPONSE_TYPES.to_vec()
}

/// Those of them that are answered to clients without a profile of their own.
fn offered_response_types(core: &Core) -> Vec<ResponseType> {
    let is_allowed = |one: &ResponseType| rules(core).responses.allow(*one, Jarm::Yes);
    response_types().into_iter().filter(is_allowed).collect()
}

/// The modes in which some of those may be answered.
fn offered_response_modes(core: &Core) -> Vec<&'static str> {
    let serves = |mode: ResponseMode| {
        let jarm = if mode.is_signed() { Jarm::Yes } else { Jarm::No };
        // tokens never travel in a query (Multiple Response Types §3, §5)
        let travels =
            |one: &ResponseType| mode.carrier() != Carrier::Query || one.default_mode().carrier() == Carrier::Query;
        let types = offered_response_types(core).into_iter().filter(travels);
        types.into_iter().any(|one| rules(core).responses.allow(one, jarm))
    };
    ResponseMode::names()
        .filter(|name| ResponseMode::parse(name, ResponseMode::Query).is_some_and(serves))
        .collect()
}

/// What a person may be asked by `prompt`: to register only where people may (Initiating User Registration 1.0 §4.2).
fn prompts(core: &Core) -> Vec<Prompt> {
    let is_heeded = |prompt: &Prompt| *prompt != Prompt::Create || core.policy.sign_up.enabled;
    Prompt::ALL.into_iter().filter(is_heeded).collect()
}

/// What assertions that authenticate clients may be signed with.
fn assertion_algs(core: &Core) -> Vec<&'static str> {
    let by_secret = offered_auth_methods(core).contains(&ClientAuthMethod::ClientSecretJwt);
    let macs = JwsAlg::MACS.iter().filter(|_| by_secret).map(|alg| alg.name());
    client_algs(core).into_iter().chain(macs).collect()
}

/// The ways in which a client may authenticate.
pub fn auth_methods() -> Vec<ClientAuthMethod> {
    client_auth::METHODS.iter().map(|method| method.name()).collect()
}

/// Those by which some client can be let in on this server.
fn offered_auth_methods(core: &Core) -> Vec<ClientAuthMethod> {
    let is_offered = |method: &ClientAuthMethod| match method {
        ClientAuthMethod::TlsClientAuth => core.policy.mtls.enabled && core.client_authorities.are_known(),
        ClientAuthMethod::SelfSignedTlsClientAuth => core.policy.mtls.enabled,
        _ => true,
    };
    let known = auth_methods().into_iter();
    known
        .filter(|method| rules(core).client_auth.contains(method) && is_offered(method))
        .collect()
}

/// The document as it is sent.
#[derive(Debug, Clone)]
pub struct Document {
    /// JSON.
    pub body: Arc<str>,
    /// Strong entity tag, with its quotes.
    pub etag: Arc<str>,
}

/// What was serialised last, and for which catalog.
#[derive(Debug, Default)]
pub struct Discovery(RwLock<Option<(Arc<Catalog>, Document)>>);

/// The metadata of this server (OIDC Discovery §4.2, RFC 8414 §3.2).
///
/// # Errors
/// The store's.
pub async fn document(core: &Core) -> Result<Document, Refusal> {
    let catalog = core.catalog().await?;
    if let Some(known) = core.discovery.known(&catalog) {
        return Ok(known);
    }
    let body = serde_json::to_string(&metadata(core, &catalog))?;
    let digest = digest::digest(&digest::SHA256, body.as_bytes());
    let document = Document {
        etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest)).into(),
        body: body.into(),
    };
    let mut kept = core.discovery.0.write().unwrap_or_else(PoisonError::into_inner);
    *kept = Some((catalog, document.clone()));
    Ok(document)
}

/// The members of the document, for those who register.
///
/// # Errors
/// The store's.
pub async fn members(core: &Core) -> Result<Map<String, Value>, Refusal> {
    let catalog = core.catalog().await?;
    match serde_json::to_value(metadata(core, &catalog))? {
        Value::Object(members) => Ok(members),
        _ => Ok(Map::new()),
    }
}

fn metadata(core: &Core, catalog: &Catalog) -> Metadata {
    Metadata::new(Offer {
        issuer: core.policy.issuer.as_str().to_owned(),
        claims: claims::supported(&catalog.rules),
        grant_types: grant_types_of(&offered_response_types(core)),
        response_types: offered_response_types(core),
        response_modes: offered_response_modes(core),
        auth_methods: offered_auth_methods(core),
        signing_algs: signing_algs(core),
        assertion_algs: assertion_algs(core),
        subject_types: SUBJECT_TYPES.map(SubjectType::as_str).to_vec(),
        extensions: extensions(core, catalog),
        prompts: prompts(core),
        acr_values: ACR_VALUES_SUPPORTED.map(str::to_owned).to_vec(),
        ui_locales: Locale::ALL.map(|locale| locale.tag().to_owned()).to_vec(),
    })
}

fn extensions(core: &Core, catalog: &Catalog) -> Map<String, Value> {
    let members = EXTENSIONS.iter().flat_map(|extension| extension(core));
    let members = members.chain(authorization_details(catalog));
    members.map(|(name, value)| (name.to_owned(), value)).collect()
}

// RFC 9396 §10
fn authorization_details(catalog: &Catalog) -> Option<(&'static str, Value)> {
    let all = catalog
        .resources
        .values()
        .flat_map(|api| &api.authorization_details_types);
    let mut types: Vec<&str> = all.map(|one| one.name.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    (!types.is_empty()).then(|| ("authorization_details_types_supported", json!(types)))
}

impl Discovery {
    fn known(&self, catalog: &Arc<Catalog>) -> Option<Document> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (of, document) = kept.as_ref()?;
        Arc::ptr_eq(of, catalog).then(|| document.clone())
    }
}
