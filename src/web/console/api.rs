//! `/console/apis/ID` and `/console/apis/new`: one API.

use actix_web::{HttpResponse, http::StatusCode, web::Path};

use super::{
    admin::{Admin, AdminForm, FreshAdmin},
    done::Done,
    view::{Api, ApiRecord, Choice},
    words,
};
use crate::{
    base::{Text, id::ResourceId},
    flow::admin::{
        Error,
        resource::{self, Edit},
    },
    model::{Resource, ResourceScope, TokenFormat},
    web::FieldErrors,
};

/// The page to declare an API.
pub async fn new(FreshAdmin(admin): FreshAdmin) -> HttpResponse {
    let empty = Edit {
        name: None,
        own_clients: Vec::new(),
        scopes: Vec::new(),
        access_token_format: TokenFormat::default(),
        access_token_signing_alg: None,
        access_token_lifetime_seconds: None,
    };
    let view = view(&admin, None, "", &empty, FieldErrors::none());
    admin.visitor.page(&view)
}

/// The page of one.
pub async fn get(FreshAdmin(admin): FreshAdmin, id: Path<String>) -> HttpResponse {
    match load(&admin, &id).await {
        Ok(resource) => show(&admin, &resource, FieldErrors::none(), StatusCode::OK),
        Err(answer) => answer,
    }
}

async fn load(admin: &Admin, id: &str) -> Result<Resource, HttpResponse> {
    let found = match id.parse::<ResourceId>() {
        Ok(id) => resource::find(admin.visitor.core(), id).await,
        Err(_) => Err(Error::NotFound("API")),
    };
    found.map_err(|error| admin.refuse(error))
}

fn at(resource: &Resource) -> String {
    format!("/console/apis/{}", resource.id)
}

fn show(admin: &Admin, resource: &Resource, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let view = view(admin, Some(resource), &resource.identifier, &edit_of(resource), errors);
    admin.visitor.page_with(status, &view, &[])
}

fn edit_of(resource: &Resource) -> Edit {
    Edit {
        name: resource.name.clone(),
        own_clients: resource.own_clients.clone(),
        scopes: resource.scopes.clone(),
        access_token_format: resource.access_token_format,
        access_token_signing_alg: resource.access_token_signing_alg.clone(),
        access_token_lifetime_seconds: resource.access_token_lifetime_seconds,
    }
}

fn view(admin: &Admin, known: Option<&Resource>, identifier: &str, typed: &Edit, errors: FieldErrors) -> Api {
    let path = known.map_or_else(|| "/console/apis/new".to_owned(), at);
    let format = |format: TokenFormat, label| {
        Choice::new(format.as_str(), Text::new(label), typed.access_token_format == format)
    };
    let scope = |scope: &ResourceScope| match &scope.description {
        Some(description) => format!("{} {description}", scope.name),
        None => scope.name.clone(),
    };
    let scopes: Vec<String> = typed.scopes.iter().map(scope).collect();
    let usable = admin.visitor.core().resource_algs();
    Api {
        page: admin.layout_at(&path),
        action: known.map_or_else(|| "/console/apis".to_owned(), at),
        record: known.map(|resource| ApiRecord {
            version: resource::version(resource),
            origin: resource.origin.clone(),
            details_types: resource
                .authorization_details_types
                .iter()
                .map(|one| one.name.clone())
                .collect(),
            created: admin.when(resource.created_at),
            updated: admin.when(resource.updated_at),
        }),
        identifier: identifier.to_owned(),
        known_as: typed.name.clone().unwrap_or_default(),
        scopes: scopes.join("\n"),
        own_clients: typed.own_clients.join("\n"),
        formats: vec![
            format(TokenFormat::Jwt, "format-jwt"),
            format(TokenFormat::Opaque, "format-opaque"),
        ],
        algs: Choice::signing_algs(&usable, typed.access_token_signing_alg.as_deref()),
        lifetime: typed
            .access_token_lifetime_seconds
            .map(|seconds| seconds.to_string())
            .unwrap_or_default(),
        errors,
    }
}

/// What was typed; a lifetime that is no number is refused as one that is out of bounds.
fn typed(form: &AdminForm) -> Edit {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let scope = |line: String| match line.split_once(char::is_whitespace) {
        Some((name, description)) => ResourceScope {
            name: name.to_owned(),
            description: Some(description.trim().to_owned()),
        },
        None => ResourceScope {
            name: line,
            description: None,
        },
    };
    Edit {
        name: text("name"),
        own_clients: form.lines("own_clients"),
        scopes: form.lines("scopes").into_iter().map(scope).collect(),
        access_token_format: TokenFormat::parse(form.text("access_token_format")).unwrap_or_default(),
        access_token_signing_alg: text("access_token_signing_alg"),
        access_token_lifetime_seconds: text("access_token_lifetime_seconds")
            .map(|seconds| seconds.parse().unwrap_or_default()),
    }
}

/// Declares one.
pub async fn create(form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let (identifier, edit) = (form.text("identifier"), typed(&form));
    match resource::create(admin.visitor.core(), &admin.by(), identifier, &edit).await {
        Ok(made) => admin.done(&at(&made), Done::Saved),
        Err(Error::Invalid(faults)) => {
            let view = view(admin, None, identifier, &edit, words::invalid(&faults));
            admin.visitor.page_with(StatusCode::UNPROCESSABLE_ENTITY, &view, &[])
        }
        Err(error) => admin.refuse(error),
    }
}

/// Changes one.
pub async fn post(id: Path<String>, form: AdminForm) -> HttpResponse {
    let admin = &form.admin;
    let before = match load(admin, &id).await {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let edit = typed(&form);
    match resource::edit(admin.visitor.core(), &admin.by(), before.id, form.version(), &edit).await {
        Ok(after) => admin.done(&at(&after), Done::Saved),
        Err(Error::Invalid(faults)) => {
            let errors = words::invalid(&faults);
            let view = view(admin, Some(&before), &before.identifier, &edit, errors);
            admin.visitor.page_with(StatusCode::UNPROCESSABLE_ENTITY, &view, &[])
        }
        Err(Error::Stale) => {
            let errors = FieldErrors::form(Text::new("error-conflict"));
            show(admin, &before, errors, StatusCode::CONFLICT)
        }
        Err(error) => admin.refuse(error),
    }
}
