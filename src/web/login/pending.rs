//! What waits behind a page, loaded: the app's pending request with its client, or nothing.

use std::collections::HashMap;

use actix_web::{HttpResponse, web::Query};

use super::view::App;
use crate::{
    base::Locale,
    domain::authorize::response::form_action_sources,
    flow::authorize::{self, Pending},
    model::Client,
    web::{error::page, extract::Visitor, layout::shown_picture, return_to::ReturnTo, steps::Waiting, view::ErrorKind},
};

/// The query of a page.
pub type Parameters = Query<HashMap<String, String>>;

/// A parameter of a page's address; empty if it is not there.
pub fn parameter<'a>(query: &'a Parameters, name: &str) -> &'a str {
    query.get(name).map(String::as_str).unwrap_or_default()
}

/// What the address says is waiting: `request`, or `return_to` for pages of this server.
pub fn waiting(query: &Parameters) -> Waiting {
    match (
        Waiting::parse(parameter(query, "request")),
        ReturnTo::parse(parameter(query, "return_to")),
    ) {
        (Waiting::Nothing, Some(page)) => Waiting::Page(page),
        (waiting, _) => waiting,
    }
}

/// The waiting app's request, if an app waits.
///
/// # Errors
/// The page that says that the request is over, or that something failed.
pub async fn load(visitor: &Visitor, waiting: Waiting) -> Result<Option<Pending>, HttpResponse> {
    let Waiting::App(id) = waiting else {
        return Ok(None);
    };
    match authorize::pending(visitor.core(), id, &visitor.browser()).await {
        Ok(Some(pending)) => Ok(Some(pending)),
        Ok(None) => Err(page::show(visitor, ErrorKind::ExpiredRequest, String::new())),
        Err(failure) => Err(page::failure(visitor, &failure)),
    }
}

/// The waiting app's request, on a page that makes no sense without one.
///
/// # Errors
/// As [`load`].
pub async fn require(visitor: &Visitor, waiting: Waiting) -> Result<Pending, HttpResponse> {
    match load(visitor, waiting).await? {
        Some(pending) => Ok(pending),
        None => Err(page::show(visitor, ErrorKind::ExpiredRequest, String::new())),
    }
}

/// What the pages show of an app to readers of a language (OIDC Registration §2.1).
pub fn app(client: &Client, locale: Locale) -> App {
    let metadata = &client.metadata;
    // Links of apps are links to the web and to nothing else.
    let web = |name: &str, plain: &Option<String>| {
        let localized = metadata.localized.find(name, locale.tag()).map(str::to_owned);
        localized
            .or_else(|| plain.clone())
            .filter(|uri| uri.starts_with("https://") || uri.starts_with("http://"))
    };
    App {
        name: client.display_name_in(locale.tag()).to_owned(),
        host: client.document_host(),
        logo_uri: shown_picture(web("logo_uri", &metadata.logo_uri).as_deref()),
        client_uri: web("client_uri", &metadata.client_uri),
        policy_uri: web("policy_uri", &metadata.policy_uri),
        tos_uri: web("tos_uri", &metadata.tos_uri),
    }
}

/// The app of a pending request, for the page.
pub fn app_of(pending: Option<&Pending>, locale: Locale) -> Option<App> {
    pending.map(|pending| app(&pending.client, locale))
}

/// Where a form of a page may lead to in the end.
pub fn form_origins(pending: Option<&Pending>) -> Vec<String> {
    pending.map_or_else(Vec::new, |pending| {
        form_action_sources(&pending.client, &pending.request.parameters.redirect_uri)
    })
}
