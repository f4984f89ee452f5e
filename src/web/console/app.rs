//! `/console/apps/ID`: one app.

use actix_web::{HttpResponse, http::StatusCode, web::Path};
use time::Duration;

use super::{
    admin::{Admin, AdminForm, FreshAdmin},
    apps::{credentials, kind},
    done::Done,
    profile_form::role_choices,
    rows::path_of,
    view::{
        App, AppDelete, AppForm, Choice,
        secret_row::{SecretRow, ends_choices, lifetime_choices, others_choices},
    },
    words,
};
use crate::{
    base::Text,
    domain::client_secret::Ending,
    flow::{
        admin::{
            Error,
            client::{self, Edit},
            client_secret::{self, Another, Crowd, Refused},
            user,
        },
        discovery,
    },
    model::{Client, ClientMetadata, ClientSecret, ClientStatus, SecurityProfile, TokenFormat},
    spec::{
        jose::SigningAlg,
        oauth::{GrantType, ResponseType},
    },
    web::{FieldErrors, error::page, view::ErrorKind},
};

/// The page.
pub async fn get(FreshAdmin(admin): FreshAdmin, client_id: Path<String>) -> HttpResponse {
    match load(&admin, &client_id).await {
        Ok(client) => {
            show(
                &admin,
                &client,
                &Typed::of(&client),
                FieldErrors::none(),
                StatusCode::OK,
            )
            .await
        }
        Err(answer) => answer,
    }
}

/// Where the answer to a form stood before: back to the page.
pub async fn back(admin: Admin, client_id: Path<String>) -> HttpResponse {
    match load(&admin, &client_id).await {
        Ok(client) => admin.visitor.redirect(&at(&client)),
        Err(answer) => answer,
    }
}

fn at(client: &Client) -> String {
    path_of(&client.client_id)
}

/// What the form says: the record, or what was typed.
#[derive(Debug, Clone)]
struct Typed {
    metadata: ClientMetadata,
    roles: Vec<String>,
}

impl Typed {
    fn of(client: &Client) -> Self {
        Self {
            metadata: client.metadata.clone(),
            roles: client.roles.clone(),
        }
    }
}

/// Whether the page lets roles be chosen: an app that works for itself holds some, and whoever holds some may lose them.
fn has_roles(client: &Client) -> bool {
    client.allows_grant(GrantType::ClientCredentials) || !client.roles.is_empty()
}

async fn load(admin: &Admin, client_id: &str) -> Result<Client, HttpResponse> {
    client::find(admin.visitor.core(), client_id)
        .await
        .map_err(|error| admin.refuse(error))
}

async fn show(admin: &Admin, client: &Client, typed: &Typed, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let roles = match user::roles(admin.visitor.core()).await {
        Ok(roles) if has_roles(client) => role_choices(&roles, &typed.roles),
        Ok(_) => Vec::new(),
        Err(error) => return admin.refuse(error),
    };
    let view = App {
        page: admin.layout_at(&at(client)),
        client_id: client.client_id.clone(),
        name: client.display_name().to_owned(),
        kind: kind(&client.metadata),
        version: client.version,
        is_disabled: client.status == ClientStatus::Disabled,
        has_secret: client.metadata.token_endpoint_auth_method.uses_secret(),
        secrets: client.secrets.iter().map(|secret| row(admin, secret)).collect(),
        ends: ends_choices(),
        others: others_choices(),
        lifetimes: lifetime_choices(),
        origin: client.origin.clone(),
        metadata: form_of(&typed.metadata, &admin.visitor.core().keys.policy().algs),
        roles,
        errors,
        created: admin.when(client.created_at),
        updated: admin.when(client.updated_at),
    };
    admin.visitor.page_with(status, &view, &[])
}

fn row(admin: &Admin, secret: &ClientSecret) -> SecretRow {
    SecretRow {
        id: secret.id.to_string(),
        label: secret.label.clone().unwrap_or_default(),
        hint: secret.hint.clone().unwrap_or_default(),
        made: admin.when(secret.created_at),
        used: secret.last_used_at.map(|at| admin.when(at)),
        ends: secret.expires_at.map(|at| admin.when(at)),
        is_expired: !secret.is_good(admin.visitor.core().now()),
    }
}

fn form_of(metadata: &ClientMetadata, ring: &[SigningAlg]) -> AppForm {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let format = |format: TokenFormat, label| {
        Choice::new(
            format.as_str(),
            Text::new(label),
            metadata.access_token_format == format,
        )
    };
    AppForm {
        client_name: text(&metadata.client_name),
        client_uri: text(&metadata.client_uri),
        logo_uri: text(&metadata.logo_uri),
        policy_uri: text(&metadata.policy_uri),
        tos_uri: text(&metadata.tos_uri),
        redirect_uris: metadata.redirect_uris.join("\n"),
        post_logout_redirect_uris: metadata.post_logout_redirect_uris.join("\n"),
        grant_types: Choice::grant_types(&metadata.grant_types),
        response_types: Choice::response_types(&metadata.response_types),
        security_profiles: Choice::security_profiles(metadata.security_profile),
        auth_methods: Choice::auth_methods(metadata.token_endpoint_auth_method),
        jwks_uri: text(&metadata.jwks_uri),
        scope: text(&metadata.scope),
        id_token_algs: Choice::signing_algs(ring, metadata.id_token_signed_response_alg.as_deref()),
        access_token_formats: vec![
            format(TokenFormat::Jwt, "format-jwt"),
            format(TokenFormat::Opaque, "format-opaque"),
        ],
        access_token_algs: Choice::signing_algs(ring, metadata.access_token_signing_alg.as_deref()),
        requires_consent: metadata.require_consent,
        requires_pkce: metadata.require_pkce,
    }
}

/// The registered metadata with what the form says; what it does not show stays.
fn typed(form: &AdminForm, before: &ClientMetadata) -> ClientMetadata {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let method = form.text("token_endpoint_auth_method");
    let method = discovery::auth_methods().into_iter().find(|one| one.as_str() == method);
    // what the page does not offer stays
    let hidden = before
        .grant_types
        .iter()
        .copied()
        .filter(|grant| !discovery::grant_types().contains(grant));
    let grant_types: Vec<GrantType> = form
        .all("grant_types")
        .filter_map(GrantType::parse)
        .chain(hidden)
        .collect();
    let mut after = ClientMetadata {
        client_name: text("client_name"),
        client_uri: text("client_uri"),
        logo_uri: text("logo_uri"),
        policy_uri: text("policy_uri"),
        tos_uri: text("tos_uri"),
        redirect_uris: form.lines("redirect_uris"),
        post_logout_redirect_uris: form.lines("post_logout_redirect_uris"),
        token_endpoint_auth_method: method.unwrap_or(before.token_endpoint_auth_method),
        jwks_uri: text("jwks_uri"),
        scope: text("scope"),
        id_token_signed_response_alg: text("id_token_signed_response_alg"),
        access_token_format: TokenFormat::parse(form.text("access_token_format")).unwrap_or(before.access_token_format),
        access_token_signing_alg: text("access_token_signing_alg"),
        require_consent: form.is_checked("require_consent"),
        require_pkce: form.is_checked("require_pkce"),
        grant_types,
        response_types: form.all("response_types").filter_map(ResponseType::parse).collect(),
        security_profile: SecurityProfile::parse(form.text("security_profile")),
        ..before.clone()
    };
    if after.response_types.is_empty() && after.grant_types.contains(&GrantType::AuthorizationCode) {
        after.response_types = vec![ResponseType::Code];
    }
    if after.token_endpoint_auth_method != before.token_endpoint_auth_method {
        // it belonged to the old method
        after.token_endpoint_auth_signing_alg = None;
    }
    after
}

/// Saves the metadata.
pub async fn post(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let before = match load(admin, &client_id).await {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let edit = Edit {
        metadata: typed(&form, &before.metadata),
        roles: if has_roles(&before) {
            form.texts("roles")
        } else {
            Vec::new()
        },
        status: before.status,
    };
    if edit.metadata.client_name.is_none() {
        let errors = FieldErrors::field("client_name", Text::new("error-required"));
        return refuse(admin, &before, &edit, errors).await;
    }
    save(admin, &before, form.version(), &edit, Done::Saved).await
}

/// Switches the app off or on.
pub async fn status(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let before = match load(admin, &client_id).await {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let (status, done) = match form.text("decision") {
        "disable" => (ClientStatus::Disabled, Done::AppDisabled),
        "enable" => (ClientStatus::Active, Done::AppEnabled),
        _ => return page::show(&admin.visitor, ErrorKind::MalformedRequest, String::new()),
    };
    let edit = Edit {
        metadata: before.metadata.clone(),
        roles: before.roles.clone(),
        status,
    };
    save(admin, &before, form.version(), &edit, done).await
}

/// The page again, with what was typed and what is wrong with it.
async fn refuse(admin: &Admin, before: &Client, edit: &Edit, errors: FieldErrors) -> HttpResponse {
    let typed = Typed {
        metadata: edit.metadata.clone(),
        roles: edit.roles.clone(),
    };
    show(admin, before, &typed, errors, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn save(admin: &Admin, before: &Client, version: i64, edit: &Edit, done: Done) -> HttpResponse {
    match client::edit(admin.visitor.core(), &admin.by(), &before.client_id, version, edit).await {
        // another method of authentication needed a secret
        Ok(saved) if saved.secret.is_some() => admin.visitor.page(&credentials(admin, &saved, false)),
        Ok(saved) => admin.done(&at(&saved.client), done),
        Err(Error::Invalid(faults)) => refuse(admin, before, edit, words::invalid(&faults)).await,
        Err(Error::Stale) => {
            let errors = FieldErrors::form(Text::new("error-conflict"));
            show(admin, before, &Typed::of(before), errors, StatusCode::CONFLICT).await
        }
        Err(error) => admin.refuse(error),
    }
}

/// Makes another secret and shows it, this once.
pub async fn secret(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let another = Another {
        label: Some(form.text("label").to_owned()),
        lifetime: days(form.text("days")),
        others: match form.text("others") {
            "stay" => Ending::AsBefore,
            others => ending(others),
        },
        crowd: Crowd::Refused,
    };
    match client_secret::add(admin.visitor.core(), &admin.by(), &client_id, &another).await {
        Ok(saved) => admin.visitor.page(&credentials(admin, &saved, false)),
        Err(error) => refuse_secret(admin, &client_id, error).await,
    }
}

/// Ends a secret, at once or in some days.
pub async fn end_secret(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let Ok(secret) = form.text("secret").parse() else {
        return page::show(&admin.visitor, ErrorKind::MalformedRequest, String::new());
    };
    let ending = ending(form.text("when"));
    match client_secret::end(admin.visitor.core(), &admin.by(), &client_id, secret, ending).await {
        Ok(client) => admin.done(&at(&client), Done::SecretEnded),
        Err(error) => refuse_secret(admin, &client_id, error).await,
    }
}

/// Some days from now; nothing, or what is no number of days, is no time at all.
fn days(text: &str) -> Option<Duration> {
    let days = text.parse::<u16>().ok().filter(|days| (1..=3_660).contains(days));
    days.map(|days| Duration::days(i64::from(days)))
}

fn ending(text: &str) -> Ending {
    days(text).map_or(Ending::AtOnce, Ending::After)
}

/// The page again, with what is wrong.
async fn refuse_secret(admin: &Admin, client_id: &str, error: Error) -> HttpResponse {
    let errors = match &error {
        Error::Secrets(refused) => FieldErrors::form(Text::new(match refused {
            Refused::TooMany => "error-secrets-many",
            Refused::Last => "error-secret-last",
            Refused::Unknown => "error-secret-gone",
        })),
        Error::Invalid(faults) => words::invalid(faults),
        _ => return admin.refuse(error),
    };
    match load(admin, client_id).await {
        Ok(client) => {
            let typed = Typed::of(&client);
            show(admin, &client, &typed, errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(answer) => answer,
    }
}

/// The page that asks whether to delete the app.
pub async fn delete_page(FreshAdmin(admin): FreshAdmin, client_id: Path<String>) -> HttpResponse {
    ask(&admin, &client_id, FieldErrors::none(), StatusCode::OK).await
}

async fn ask(admin: &Admin, client_id: &str, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let client = match load(admin, client_id).await {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let view = AppDelete {
        page: admin.layout_at(&format!("{}/delete", at(&client))),
        client_id: client.client_id.clone(),
        name: client.display_name().to_owned(),
        version: client.version,
        errors,
    };
    admin.visitor.page_with(status, &view, &[])
}

/// Deletes the app.
pub async fn delete(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    match client::delete(admin.visitor.core(), &admin.by(), &client_id, form.version()).await {
        Ok(()) => admin.done("/console/apps", Done::AppDeleted),
        Err(Error::Stale) => {
            let errors = FieldErrors::form(Text::new("error-conflict"));
            ask(admin, &client_id, errors, StatusCode::CONFLICT).await
        }
        Err(error) => admin.refuse(error),
    }
}
