//! `/account`: everything at a glance.

use std::collections::HashMap;

use actix_web::{HttpResponse, web::Query};

use super::{
    done::Done,
    owner::Owner,
    view::{AppRequest, ConnectedApp, Index, Safety},
};
use crate::{
    base::Text,
    flow::{
        account::overview::{AppAccess, KnownValue, Overview, overview},
        login::approval,
    },
    model::Session,
    web::{
        Layout, Tone, When,
        error::page,
        extract::Visitor,
        layout::shown_picture,
        profile_field::{claim_text, short_name},
        row::{ProfileValue, SessionRow},
        words::{identifier_of, in_words},
    },
};

/// The page.
pub async fn get(owner: Owner, query: Query<HashMap<String, String>>) -> HttpResponse {
    let visitor = &owner.visitor;
    let overview = match overview(visitor.core(), &owner.signed_in).await {
        Ok(overview) => overview,
        Err(error) => return page::failure(visitor, &error.into()),
    };
    let mut layout = owner.layout_at("/account");
    if let Some(done) = query.get("done").and_then(|word| Done::parse(word)) {
        layout = layout.with_flash(Tone::Good, done.text());
    }
    visitor.page(&view(&owner, layout, overview))
}

/// Somebody reloads the address of a form that only takes.
pub async fn back(visitor: Visitor) -> HttpResponse {
    visitor.redirect("/account")
}

fn view(owner: &Owner, page: Layout, overview: Overview) -> Index {
    let user = &owner.signed_in.user;
    let now = owner.visitor.core().now();
    let when = |at| When::new(at, now, page.translator());
    let session = |session: Session| SessionRow {
        id: session.id.to_string(),
        is_current: session.id == owner.signed_in.session.id,
        user_agent: session.user_agent,
        address: session.address.unwrap_or_default(),
        started: when(session.created_at),
        last_seen: when(session.last_seen_at),
    };
    Index {
        name: user.display_name(),
        identifier: Some(identifier_of(user)).filter(|identifier| *identifier != user.display_name()),
        picture: shown_picture(user.claim("picture")),
        safety: Safety::of(user.is_true("email_verified"), overview.password_changed_at.is_some()),
        has_email: user.claim("email").is_some(),
        profile: overview.values.into_iter().map(value).collect(),
        requests: overview
            .requests
            .into_iter()
            .map(|request| AppRequest {
                app: request.client.display_name_in(page.lang()).to_owned(),
                asked: when(request.asked_at),
                href: approval::address(request.id),
            })
            .collect(),
        apps: overview
            .apps
            .into_iter()
            .map(|app| connected(&app, page.lang(), when(app.access.since)))
            .collect(),
        sessions: overview.sessions.into_iter().map(session).collect(),
        password_changed: overview.password_changed_at.map(when),
        page,
    }
}

fn value(known: KnownValue) -> ProfileValue {
    ProfileValue {
        value: in_words(&known.value),
        claim: known.claim,
        source: known.source,
        is_verified: known.is_verified,
    }
}

fn connected(app: &AppAccess, language: &str, since: When) -> ConnectedApp {
    let metadata = &app.client.metadata;
    ConnectedApp {
        client_id: app.client.client_id.clone(),
        name: app.client.display_name_in(language).to_owned(),
        logo_uri: shown_picture(
            metadata
                .localized
                .find("logo_uri", language)
                .or(metadata.logo_uri.as_deref()),
        ),
        since,
        sees: sees(app, language),
        stays_connected: app.access.stays_connected,
    }
}

/// The claims, the operator's own after the standard ones, then the APIs with what may be done there. An app that gets
/// none of them still learns who comes back.
fn sees(app: &AppAccess, language: &str) -> Vec<Text> {
    let claims = app.access.claims.iter();
    let of_rules = |name: &str| app.told.iter().any(|told| told.name == name);
    let mut texts: Vec<Text> = claims
        .filter(|name| !of_rules(name))
        .map(|name| claim_text(short_name(name)))
        .collect();
    let told = app.told.iter();
    let mut titles: Vec<&str> = told
        .map(|told| told.title(language).unwrap_or_else(|| short_name(&told.name)))
        .collect();
    titles.sort_unstable();
    titles.dedup();
    texts.extend(titles.into_iter().map(Text::verbatim));
    for pair in &app.access.resource_scopes {
        let (identifier, scope) = pair.split_once(' ').unwrap_or((pair, ""));
        let resource = app.resources.iter().find(|one| one.identifier == identifier);
        let name = resource.and_then(|one| one.name.as_deref()).unwrap_or(identifier);
        let described = resource.and_then(|one| one.scopes.iter().find(|known| known.name == scope));
        let permission = described
            .and_then(|known| known.description.as_deref())
            .unwrap_or(scope);
        texts.push(if permission.is_empty() {
            Text::new("apps-api").with("api", name)
        } else {
            Text::new("apps-api-permission")
                .with("api", name)
                .with("permission", permission)
        });
    }
    if texts.is_empty() {
        texts.push(claim_text("sub"));
    }
    texts
}
