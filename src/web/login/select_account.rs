//! `/login/select`: the account that is signed in, or another.

use actix_web::HttpResponse;

use super::{
    pending::{Parameters, app, form_origins, require, waiting},
    view::SelectAccount,
};
use crate::{
    domain::authorize::Step,
    flow::login::select_account,
    web::{
        error::page,
        extract::{Form, Visitor},
        steps::{self, Waiting},
        words::identifier_of,
    },
};

/// The page.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let waiting = waiting(&query);
    let pending = match require(&visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    let (Step::SelectAccount, Some(signed_in)) = (&pending.step, &pending.signed_in) else {
        return steps::go_on(&visitor, waiting).await;
    };
    let user = &signed_in.user;
    let view = SelectAccount {
        page: visitor.layout(),
        request: waiting.value(),
        app: Some(app(&pending.client, visitor.locale)),
        name: user.display_name(),
        identifier: identifier_of(user),
        picture: user
            .claim("picture")
            .filter(|uri| uri.starts_with("https://"))
            .map(str::to_owned),
    };
    visitor.page_to(&view, &form_origins(Some(&pending)))
}

/// The choice.
pub async fn post(form: Form) -> HttpResponse {
    let waiting = Waiting::parse(form.field("request"));
    let visitor = &form.visitor;
    let pending = match require(visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    if form.decision() == "other" {
        return visitor.redirect(&format!("{}&switch=1", waiting.at("/login")));
    }
    match select_account::choose(visitor.core(), &pending).await {
        Ok(()) => steps::go_on(visitor, waiting).await,
        Err(failure) => page::failure(visitor, &failure),
    }
}
