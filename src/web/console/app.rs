//! `/console/apps/ID`: one app.

use actix_web::{HttpResponse, http::StatusCode, web::Path};

use super::{
    admin::{Admin, AdminForm},
    apps::{credentials, kind},
    view::{App, AppDelete, AppForm, Choice},
    words,
};
use crate::{
    base::Text,
    flow::admin::{
        Error,
        client::{self, Edit, Saved},
    },
    model::{Client, ClientMetadata, ClientStatus, TokenFormat},
    spec::oauth::{ClientAuthMethod, GrantType, ResponseType},
    web::{FieldErrors, error::page, view::ErrorKind},
};

/// The page.
pub async fn get(admin: Admin, client_id: Path<String>) -> HttpResponse {
    match load(&admin, &client_id).await {
        Ok(client) => show(&admin, &client, &client.metadata, FieldErrors::none(), StatusCode::OK),
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
    format!("/console/apps/{}", client.client_id)
}

async fn load(admin: &Admin, client_id: &str) -> Result<Client, HttpResponse> {
    client::find(admin.visitor.core(), client_id)
        .await
        .map_err(|error| admin.refuse(error))
}

fn show(
    admin: &Admin,
    client: &Client,
    typed: &ClientMetadata,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    let view = App {
        page: admin.layout_at(&at(client)),
        client_id: client.client_id.clone(),
        name: client.display_name().to_owned(),
        kind: kind(&client.metadata),
        version: client.version,
        is_disabled: client.status == ClientStatus::Disabled,
        has_secret: client.metadata.token_endpoint_auth_method.uses_secret(),
        origin: client.origin.clone(),
        metadata: form_of(typed),
        errors,
        created: admin.when(client.created_at),
        updated: admin.when(client.updated_at),
    };
    admin.visitor.page_with(status, &view, &[])
}

fn form_of(metadata: &ClientMetadata) -> AppForm {
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
        auth_methods: Choice::auth_methods(metadata.token_endpoint_auth_method),
        jwks_uri: text(&metadata.jwks_uri),
        scope: text(&metadata.scope),
        id_token_algs: Choice::signing_algs(metadata.id_token_signed_response_alg.as_deref()),
        access_token_formats: vec![
            format(TokenFormat::Jwt, "format-jwt"),
            format(TokenFormat::Opaque, "format-opaque"),
        ],
        access_token_algs: Choice::signing_algs(metadata.access_token_signing_alg.as_deref()),
        requires_consent: metadata.require_consent,
        requires_pkce: metadata.require_pkce,
    }
}

/// The registered metadata with what the form says; what it does not show stays.
fn typed(form: &AdminForm, before: &ClientMetadata) -> ClientMetadata {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let method = form.text("token_endpoint_auth_method");
    let method = ClientAuthMethod::ALL.into_iter().find(|one| one.as_str() == method);
    let grant_types: Vec<GrantType> = form.all("grant_types").filter_map(GrantType::parse).collect();
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
        ..before.clone()
    };
    if after.grant_types.contains(&GrantType::AuthorizationCode) {
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
        roles: before.roles.clone(),
        status: before.status,
    };
    if edit.metadata.client_name.is_none() {
        let errors = FieldErrors::field("client_name", Text::new("error-required"));
        return show(admin, &before, &edit.metadata, errors, StatusCode::UNPROCESSABLE_ENTITY);
    }
    save(admin, &before, form.version(), &edit).await
}

/// Switches the app off or on.
pub async fn status(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let before = match load(admin, &client_id).await {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let status = match form.text("decision") {
        "disable" => ClientStatus::Disabled,
        "enable" => ClientStatus::Active,
        _ => return page::show(&admin.visitor, ErrorKind::MalformedRequest, String::new()),
    };
    let edit = Edit {
        metadata: before.metadata.clone(),
        roles: before.roles.clone(),
        status,
    };
    save(admin, &before, form.version(), &edit).await
}

async fn save(admin: &Admin, before: &Client, version: i64, edit: &Edit) -> HttpResponse {
    match client::edit(admin.visitor.core(), &admin.by(), &before.client_id, version, edit).await {
        // another method of authentication needed a secret
        Ok(saved) if saved.secret.is_some() => admin.visitor.page(&credentials(admin, &saved, false)),
        Ok(saved) => admin.visitor.redirect(&at(&saved.client)),
        Err(Error::Invalid(faults)) => {
            let errors = words::invalid(&faults);
            show(admin, before, &edit.metadata, errors, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(Error::Stale) => {
            let errors = FieldErrors::form(Text::new("error-conflict"));
            show(admin, before, &before.metadata, errors, StatusCode::CONFLICT)
        }
        Err(error) => admin.refuse(error),
    }
}

/// Replaces the secret and shows the new one.
pub async fn secret(client_id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let secret = match client::replace_secret(admin.visitor.core(), &admin.by(), &client_id).await {
        Ok(secret) => secret,
        Err(error) => return admin.refuse(error),
    };
    match load(admin, &client_id).await {
        Ok(client) => {
            let saved = Saved {
                client,
                secret: Some(secret),
            };
            admin.visitor.page(&credentials(admin, &saved, false))
        }
        Err(answer) => answer,
    }
}

/// The page that asks whether to delete the app.
pub async fn delete_page(admin: Admin, client_id: Path<String>) -> HttpResponse {
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
        Ok(()) => admin.visitor.redirect("/console/apps"),
        Err(Error::Stale) => {
            let errors = FieldErrors::form(Text::new("error-conflict"));
            ask(admin, &client_id, errors, StatusCode::CONFLICT).await
        }
        Err(error) => admin.refuse(error),
    }
}
