//! An app's page.

use askama::Template;

use super::{AppKind, Choice, secret_row::SecretRow};
use crate::web::{FieldErrors, Layout, Tone, When};

/// `/console/apps/ID`.
///
/// Forms: `form#app` to `/console/apps/ID` (`version` and the fields of [`AppForm`] by their names, checkboxes with
/// the value `true`, for machines `roles` repeated); `form#app-secret` to `…/secret` (`label`, `days`, `others`: days,
/// or `stay`) and `form#secret-end-N` to `…/secret/end` (`secret`, `when`: days); `form#app-status` to `…/status` (`version`, `decision=disable`
/// or `decision=enable`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/app.html")]
pub struct App {
    /// What every page needs.
    pub page: Layout,
    /// `client_id`.
    pub client_id: String,
    /// Its name as it is kept.
    pub name: String,
    /// What it is.
    pub kind: AppKind,
    /// The record's version that the forms change.
    pub version: i64,
    /// Whether it may not be used.
    pub is_disabled: bool,
    /// Whether it proves itself by a secret.
    pub has_secret: bool,
    /// Its secrets, the newest first.
    pub secrets: Vec<SecretRow>,
    /// What may become of a secret.
    pub ends: Vec<Choice>,
    /// What may become of the others when another one is made.
    pub others: Vec<Choice>,
    /// How long that one may last.
    pub lifetimes: Vec<Choice>,
    /// The file that it comes from; the next `signet apply` writes it again.
    pub origin: Option<String>,
    /// What the form shows: the record, or what was typed.
    pub metadata: AppForm,
    /// Every role, its own chosen; empty where it is no machine that could hold any.
    pub roles: Vec<Choice>,
    /// What is wrong with the form.
    pub errors: FieldErrors,
    /// When it was registered.
    pub created: When,
    /// When it was last changed.
    pub updated: When,
}

/// The metadata of an app as a form holds them.
#[derive(Debug, Clone)]
pub struct AppForm {
    /// `client_name`.
    pub client_name: String,
    /// `client_uri`.
    pub client_uri: String,
    /// `logo_uri`.
    pub logo_uri: String,
    /// `policy_uri`.
    pub policy_uri: String,
    /// `tos_uri`.
    pub tos_uri: String,
    /// `redirect_uris`, one per line.
    pub redirect_uris: String,
    /// `post_logout_redirect_uris`, one per line.
    pub post_logout_redirect_uris: String,
    /// `grant_types`.
    pub grant_types: Vec<Choice>,
    /// `response_types`.
    pub response_types: Vec<Choice>,
    /// `security_profile`.
    pub security_profiles: Vec<Choice>,
    /// `token_endpoint_auth_method`.
    pub auth_methods: Vec<Choice>,
    /// `jwks_uri`, for private_key_jwt.
    pub jwks_uri: String,
    /// `scope`: what it may ask for; empty for all.
    pub scope: String,
    /// `id_token_signed_response_alg`.
    pub id_token_algs: Vec<Choice>,
    /// `access_token_format`.
    pub access_token_formats: Vec<Choice>,
    /// `access_token_signing_alg`.
    pub access_token_algs: Vec<Choice>,
    /// `require_consent`.
    pub requires_consent: bool,
    /// `require_pkce`.
    pub requires_pkce: bool,
}

#[cfg(test)]
impl AppForm {
    fn sample() -> Self {
        use crate::base::Text;
        use crate::spec::oauth::{ClientAuthMethod, GrantType, ResponseType};
        Self {
            client_name: "Harbour Ledger".to_owned(),
            client_uri: "https://ledger.example".to_owned(),
            logo_uri: String::new(),
            policy_uri: String::new(),
            tos_uri: String::new(),
            redirect_uris: "https://ledger.example/callback\nhttp://localhost:3000/callback".to_owned(),
            post_logout_redirect_uris: "https://ledger.example/".to_owned(),
            grant_types: Choice::grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]),
            response_types: Choice::response_types(&[ResponseType::Code]),
            security_profiles: Choice::security_profiles(None),
            auth_methods: Choice::auth_methods(ClientAuthMethod::ClientSecretBasic),
            jwks_uri: String::new(),
            scope: String::new(),
            id_token_algs: Choice::signing_algs(&crate::spec::jose::SigningAlg::ALL, None),
            access_token_formats: vec![
                Choice::new("jwt", Text::new("format-jwt"), true),
                Choice::new("opaque", Text::new("format-opaque"), false),
            ],
            access_token_algs: Choice::signing_algs(&crate::spec::jose::SigningAlg::ALL, Some("ES256")),
            requires_consent: true,
            requires_pkce: true,
        }
    }
}

#[cfg(test)]
impl App {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use super::secret_row::{ends_choices, lifetime_choices, others_choices};
        use crate::base::Text;
        let page = page.clone().with_person("Ada Lovelace", true);
        let plain = Self {
            client_id: "ledger".to_owned(),
            name: "Harbour Ledger".to_owned(),
            kind: AppKind::Web,
            version: 2,
            is_disabled: false,
            has_secret: true,
            secrets: vec![
                SecretRow {
                    id: "1".to_owned(),
                    label: "Spring".to_owned(),
                    hint: "N2Jx".to_owned(),
                    made: When::sample(&page, 50),
                    used: None,
                    ends: None,
                    is_expired: false,
                },
                SecretRow {
                    id: "2".to_owned(),
                    label: String::new(),
                    hint: "k9-_".to_owned(),
                    made: When::sample(&page, 90_000),
                    used: Some(When::sample(&page, 60)),
                    ends: Some(When::sample(&page, -9_000)),
                    is_expired: false,
                },
                SecretRow {
                    id: "3".to_owned(),
                    label: crate::web::layout::HOSTILE.to_owned(),
                    hint: String::new(),
                    made: When::sample(&page, 900_000),
                    used: Some(When::sample(&page, 80_000)),
                    ends: Some(When::sample(&page, 70_000)),
                    is_expired: true,
                },
            ],
            ends: ends_choices(),
            others: others_choices(),
            lifetimes: lifetime_choices(),
            origin: None,
            metadata: AppForm::sample(),
            roles: Vec::new(),
            errors: FieldErrors::none(),
            created: When::sample(&page, 90_000),
            updated: When::sample(&page, 50),
            page: page.clone(),
        };
        let mut errors = FieldErrors::form(Text::new("error-conflict"));
        errors.add("redirect_uris", Text::new("error-redirect-uri"));
        errors.add("grant_types", Text::new("error-required"));
        errors.add("roles", Text::new("error-value"));
        let hostile = Self {
            name: crate::web::layout::HOSTILE.to_owned(),
            is_disabled: true,
            has_secret: false,
            secrets: Vec::new(),
            origin: Some("config/demo.toml".to_owned()),
            roles: vec![
                Choice {
                    help: Some(Text::new("role-admin-help")),
                    ..Choice::new("admin", Text::verbatim("admin"), true)
                },
                Choice::new(
                    crate::web::layout::HOSTILE,
                    Text::verbatim(crate::web::layout::HOSTILE),
                    false,
                ),
            ],
            errors,
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}
