//! `/approve`: a person decides about what an app asks behind the scenes (CIBA Core §8).

use actix_web::HttpResponse;

use super::{
    device::decide,
    pending::{Parameters, parameter},
    view::{Decided, Occasion},
};
use crate::{
    base::id::DeferredAuthorizationId,
    flow::{
        login::{approval, deferred},
        session::{self, SignedIn},
    },
    web::{
        error::page,
        extract::{Form, Visitor},
        return_to::ReturnTo,
        steps::Waiting,
        view::ErrorKind,
    },
};

/// The page.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let (id, signed_in) = match asked(&visitor, parameter(&query, "id")).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match deferred::find_asked(visitor.core(), &signed_in, id).await {
        Ok(Some(waiting)) => {
            let occasion = Occasion::Approval {
                id: id.to_string(),
                binding_message: waiting.deferred.binding_message.clone(),
            };
            let back = Waiting::Page(ReturnTo::Approve(id));
            visitor.page(&decide(&visitor, &signed_in, occasion, back, &waiting))
        }
        Ok(None) => page::show(&visitor, ErrorKind::ExpiredRequest, String::new()),
        Err(failure) => page::failure(&visitor, &failure),
    }
}

/// The decision.
pub async fn post(form: Form) -> HttpResponse {
    let visitor = &form.visitor;
    let (id, signed_in) = match asked(visitor, form.field("id")).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let waiting = match deferred::find_asked(visitor.core(), &signed_in, id).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return page::show(visitor, ErrorKind::ExpiredRequest, String::new()),
        Err(failure) => return page::failure(visitor, &failure),
    };
    let visit = visitor.visit(None);
    let (decided, name) = match form.decision() {
        "allow" => (
            deferred::allow(visitor.core(), &visit, &signed_in, &waiting).await,
            "allowed",
        ),
        "deny" => (
            deferred::deny(visitor.core(), &visit, &signed_in, &waiting).await,
            "denied",
        ),
        _ => return visitor.redirect(&approval::address(id)),
    };
    match decided {
        Ok(true) => visitor.redirect(&format!("/approve/done?decision={name}")),
        Ok(false) => page::show(visitor, ErrorKind::ExpiredRequest, String::new()),
        Err(failure) => page::failure(visitor, &failure),
    }
}

/// That it is done.
pub async fn done(visitor: Visitor, query: Parameters) -> HttpResponse {
    let view = Decided::approval(visitor.layout(), parameter(&query, "decision") == "allowed");
    visitor.page(&view)
}

/// What is asked about, and who is signed in; everybody else signs in first.
async fn asked(visitor: &Visitor, id: &str) -> Result<(DeferredAuthorizationId, SignedIn), HttpResponse> {
    let Ok(id) = id.parse() else {
        return Err(page::show(visitor, ErrorKind::ExpiredRequest, String::new()));
    };
    let back = Waiting::Page(ReturnTo::Approve(id));
    match session::current(visitor.core(), visitor.session()).await {
        Ok(Some(signed_in)) if signed_in.user.password_expired_at.is_some() => {
            Err(visitor.redirect(&back.at("/login/new-password")))
        }
        Ok(Some(signed_in)) => Ok((id, signed_in)),
        Ok(None) => Err(visitor.redirect(&back.at("/login"))),
        Err(error) => Err(page::failure(visitor, &error.into())),
    }
}
