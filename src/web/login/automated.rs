//! `POST /testing/ciba`: the conformance suite decides for a person. Not there unless a setting says so.

use actix_web::HttpResponse;

use super::pending::{Parameters, parameter};
use crate::{
    flow::login::automated::{Action, decide},
    web::{error::page, extract::Visitor},
};

/// The decision, in the parameters of the address.
pub async fn post(visitor: Visitor, query: Parameters) -> HttpResponse {
    let action = match parameter(&query, "action") {
        "allow" => Action::Allow,
        "deny" => Action::Deny,
        _ => return page::not_found(visitor).await,
    };
    let visit = visitor.visit(None);
    match decide(visitor.core(), &visit, parameter(&query, "auth_req_id"), action).await {
        Ok(true) => HttpResponse::NoContent().finish(),
        Ok(false) => page::not_found(visitor).await,
        Err(failure) => page::failure(&visitor, &failure),
    }
}
