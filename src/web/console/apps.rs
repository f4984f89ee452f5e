//! `/console/apps`: the list, and a new app.

use actix_web::{HttpResponse, http::StatusCode, web::Query};
use serde::Deserialize;

use super::{
    admin::{Admin, AdminForm, FreshAdmin},
    rows::path_of,
    view::{AppKind, AppNew, AppRow, AppSecret, Apps, Registration},
    words,
};
use crate::{
    base::{Text, page::PageRequest},
    flow::admin::{
        Error,
        client::{self, Edit, Saved},
    },
    model::{ApplicationType, Client, ClientMetadata, ClientStatus},
    spec::oauth::{ClientAuthMethod, GrantType},
    web::{FieldErrors, layout::shown_picture},
};

/// Which part of the list.
#[derive(Debug, Default, Deserialize)]
pub struct Part {
    after: Option<String>,
}

/// What a client is, as far as its metadata tell.
pub(super) fn kind(metadata: &ClientMetadata) -> AppKind {
    let has = |grant| metadata.grant_types.contains(&grant);
    let is_for_people = has(GrantType::AuthorizationCode) || has(GrantType::Implicit);
    if !is_for_people && has(GrantType::DeviceCode) {
        AppKind::Native
    } else if !is_for_people && !has(GrantType::Ciba) {
        AppKind::Machine
    } else if metadata.application_type == ApplicationType::Native {
        AppKind::Native
    } else if metadata.token_endpoint_auth_method == ClientAuthMethod::None {
        AppKind::SinglePage
    } else {
        AppKind::Web
    }
}

/// The list.
pub async fn list(admin: Admin, part: Query<Part>) -> HttpResponse {
    let page = PageRequest {
        after: part.after.clone().filter(|after| !after.is_empty()),
        ..PageRequest::default()
    };
    let found = match client::list(admin.visitor.core(), &page).await {
        Ok(found) => found,
        Err(error) => return admin.refuse(error),
    };
    let next = |after: &str| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("after", after);
        format!("/console/apps?{}", pairs.finish())
    };
    let view = Apps {
        page: admin.layout(),
        first_href: page.after.as_ref().map(|_| "/console/apps".to_owned()),
        next_href: found.next.as_deref().map(next),
        registration: Registration::of(&admin.visitor.core().policy.registration),
        rows: found.items.iter().map(|client| row(&admin, client)).collect(),
    };
    admin.visitor.page(&view)
}

fn row(admin: &Admin, client: &Client) -> AppRow {
    AppRow {
        client_id: client.client_id.clone(),
        name: client.display_name().to_owned(),
        logo_uri: shown_picture(client.metadata.logo_uri.as_deref()),
        kind: kind(&client.metadata),
        is_disabled: client.status == ClientStatus::Disabled,
        created: admin.when(client.created_at),
    }
}

/// The page to register an app.
pub async fn new(FreshAdmin(admin): FreshAdmin) -> HttpResponse {
    let view = AppNew {
        page: admin.layout(),
        kind: AppKind::Web,
        client_name: String::new(),
        redirect_uris: String::new(),
        post_logout_redirect_uris: String::new(),
        requires_consent: false,
        errors: FieldErrors::none(),
    };
    admin.visitor.page(&view)
}

/// Registers an app and shows its credentials.
pub async fn create(form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let kind = AppKind::parse(form.text("kind")).unwrap_or(AppKind::Web);
    let edit = Edit {
        metadata: metadata(&form, kind),
        roles: Vec::new(),
        status: ClientStatus::Active,
    };
    let mut errors = FieldErrors::none();
    if form.text("client_name").is_empty() {
        errors.add("client_name", Text::new("error-required"));
    } else {
        match client::create(admin.visitor.core(), &admin.by(), None, &edit).await {
            Ok(saved) => return admin.visitor.page(&credentials(admin, &saved, true)),
            Err(Error::Invalid(faults)) => errors = words::invalid(&faults),
            Err(error) => return admin.refuse(error),
        }
    }
    let view = AppNew {
        page: admin.layout_at("/console/apps/new"),
        kind,
        client_name: form.text("client_name").to_owned(),
        redirect_uris: form.text("redirect_uris").to_owned(),
        post_logout_redirect_uris: form.text("post_logout_redirect_uris").to_owned(),
        requires_consent: form.is_checked("require_consent"),
        errors,
    };
    admin.visitor.page_with(StatusCode::UNPROCESSABLE_ENTITY, &view, &[])
}

/// What a kind of app is registered with.
fn metadata(form: &AdminForm, kind: AppKind) -> ClientMetadata {
    let mut metadata = ClientMetadata {
        client_name: Some(form.text("client_name").to_owned()),
        redirect_uris: form.lines("redirect_uris"),
        post_logout_redirect_uris: form.lines("post_logout_redirect_uris"),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        require_consent: form.is_checked("require_consent"),
        ..ClientMetadata::default()
    };
    match kind {
        AppKind::Web => {}
        AppKind::SinglePage => metadata.token_endpoint_auth_method = ClientAuthMethod::None,
        AppKind::Native => {
            metadata.application_type = ApplicationType::Native;
            metadata.token_endpoint_auth_method = ClientAuthMethod::None;
        }
        AppKind::Machine => {
            metadata.grant_types = vec![GrantType::ClientCredentials];
            metadata.redirect_uris.clear();
            metadata.post_logout_redirect_uris.clear();
        }
    }
    metadata
}

/// The page that shows credentials.
pub(super) fn credentials(admin: &Admin, saved: &Saved, is_new: bool) -> AppSecret {
    let client = &saved.client;
    AppSecret {
        page: admin.layout_at(&path_of(&client.client_id)),
        client_id: client.client_id.clone(),
        name: client.display_name().to_owned(),
        client_secret: saved.secret.as_ref().map(|secret| secret.expose().clone()),
        issuer: admin.visitor.core().policy.issuer.as_str().to_owned(),
        redirect_uri: client.metadata.redirect_uris.first().cloned().unwrap_or_default(),
        is_new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_sign_in_to_from_elsewhere_is_no_machine() {
        let of = |grant| {
            kind(&ClientMetadata {
                grant_types: vec![grant],
                ..ClientMetadata::default()
            })
        };
        assert_eq!(of(GrantType::AuthorizationCode), AppKind::Web);
        assert_eq!(of(GrantType::DeviceCode), AppKind::Native);
        assert_eq!(of(GrantType::Ciba), AppKind::Web);
        assert_eq!(of(GrantType::ClientCredentials), AppKind::Machine);
        assert_eq!(of(GrantType::JwtBearer), AppKind::Machine);
    }
}
