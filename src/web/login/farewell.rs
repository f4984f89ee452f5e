//! `/logout/apps`: the browser tells apps that their person has signed out, then goes on.

use std::collections::BTreeSet;

use actix_web::HttpResponse;

use super::{
    pending::{Parameters, parameter},
    view::Farewell,
};
use crate::{
    domain::authorize::response::form_action_source,
    flow::logout::front_channel,
    web::{error::page, extract::Visitor},
};

/// The page with a frame for each app.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let errand = parameter(&query, "errand");
    let found = match front_channel::farewell(visitor.core(), errand, &visitor.browser().hash).await {
        Ok(found) => found,
        Err(failure) => return page::failure(&visitor, &failure),
    };
    let Some(farewell) = found else {
        return visitor.redirect("/logout/done");
    };
    let origins: BTreeSet<String> = farewell
        .frames
        .iter()
        .filter_map(|uri| form_action_source(uri))
        .collect();
    let view = Farewell {
        page: visitor.layout().without_languages(),
        frames: farewell.frames,
        continue_href: farewell.location,
    };
    visitor.page_framing(&view, &origins.into_iter().collect::<Vec<_>>())
}
