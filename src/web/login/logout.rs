//! `/logout`: whether somebody wants to sign out, and that they have.

use actix_web::{HttpRequest, HttpResponse};

use super::{
    pending::{Parameters, app, parameter},
    view::{Logout, SignedOut},
};
use crate::{
    domain::authorize::response::form_action_source,
    flow::end_session::{Confirmed, Outcome, end_session},
    model::ClientStatus,
    web::{
        error::page,
        extract::{Form, Visitor},
        return_to::ReturnTo,
        signed_out::leave,
        view::ErrorKind,
    },
};

/// The question.
pub async fn get(request: HttpRequest, mut visitor: Visitor) -> HttpResponse {
    let asked = request.query_string();
    let origin = visitor.origin();
    match end_session(visitor.core(), asked, &visitor.browser(), Confirmed::No, &origin).await {
        Ok(Outcome::Confirm(confirm)) => {
            let back = confirm
                .client
                .as_deref()
                .map(|client| &client.metadata.post_logout_redirect_uris);
            let origins: Vec<String> = back
                .into_iter()
                .flatten()
                .filter_map(|uri| form_action_source(uri))
                .collect();
            let view = Logout {
                page: visitor.layout(),
                request: confirm.parameters,
                app: confirm.client.as_deref().map(|client| app(client, visitor.locale)),
                leads_to: confirm.leads_to,
                name: confirm.signed_in.user.display_name(),
            };
            visitor.page_to(&view, &origins)
        }
        Ok(Outcome::SignedOut(signed_out)) => leave(&mut visitor, &signed_out).await,
        Ok(Outcome::Refused(refused)) => page::show(&visitor, ErrorKind::MalformedRequest, refused.to_string()),
        Err(failure) => page::failure(&visitor, &failure),
    }
}

/// The answer.
pub async fn post(form: Form) -> HttpResponse {
    if form.decision() != "sign-out" {
        return form.visitor.redirect(&ReturnTo::Account.address());
    }
    let asked = form.field("request").to_owned();
    let mut visitor = form.visitor;
    let origin = visitor.origin();
    match end_session(visitor.core(), &asked, &visitor.browser(), Confirmed::Yes, &origin).await {
        Ok(Outcome::SignedOut(signed_out)) => leave(&mut visitor, &signed_out).await,
        Ok(Outcome::Refused(refused)) => page::show(&visitor, ErrorKind::MalformedRequest, refused.to_string()),
        Ok(Outcome::Confirm(confirm)) => visitor.redirect(&format!("/logout?{}", confirm.parameters)),
        Err(failure) => page::failure(&visitor, &failure),
    }
}

/// That it is done.
pub async fn done(visitor: Visitor, query: Parameters) -> HttpResponse {
    let client = match visitor.core().client(parameter(&query, "client_id")).await {
        Ok(client) => client.filter(|client| client.status == ClientStatus::Active),
        Err(error) => return page::failure(&visitor, &error.into()),
    };
    let app = client.as_deref().map(|client| app(client, visitor.locale));
    let view = SignedOut {
        page: visitor.layout(),
        return_href: app.as_ref().and_then(|app| app.client_uri.clone()),
        app,
        sign_in_href: "/login".to_owned(),
    };
    visitor.page(&view)
}
