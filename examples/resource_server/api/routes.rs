//! What the API does, and what each route asks of a token.

use actix_web::{
    Error as Failed, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::HeaderName,
    middleware::Next,
    web::{self, Data, Path, ServiceConfig},
};
use serde_json::{Value, json};

use super::{guard::Guard, refused::Refused, token::Token};

/// The scope that opens every account of the person.
const ACCOUNTS: &str = "accounts";

/// The type of `authorization_details` that opens those which an entry names (RFC 9396).
const ACCOUNT_INFORMATION: &str = "account_information";

/// Statements are for somebody who signed in no longer ago.
const STATEMENT_MAX_AGE_SECONDS: u64 = 300;

/// An account: its name and what is on it.
type Account = (&'static str, i64);

/// What a database would hold.
const HELD: [Account; 2] = [("current", 1200), ("savings", 34_000)];

/// The routes.
pub fn configure(app: &mut ServiceConfig) {
    app.route("/accounts", web::get().to(accounts))
        .route("/accounts/{id}/statement", web::get().to(statement))
        .route("/.well-known/oauth-protected-resource", web::get().to(about));
}

async fn accounts(guard: Data<Guard>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    let token = guard.token(&request).await?;
    let shown = visible(&token)?;
    let shown: Vec<Value> = shown
        .iter()
        .map(|(id, balance)| json!({ "id": id, "balance": balance }))
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "accounts": shown, "client_id": token.client_id() })))
}

async fn statement(guard: Data<Guard>, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Refused> {
    let token = guard.token(&request).await?;
    // whether there is such an account is told to those who may see it
    let shown = visible(&token)?;
    let Some((id, balance)) = shown.iter().find(|(known, _)| *known == *id) else {
        return Err(token.lacks_scope(ACCOUNTS));
    };
    token.needs_sign_in_within(STATEMENT_MAX_AGE_SECONDS)?;
    Ok(HttpResponse::Ok().json(json!({ "id": id, "entries": [{ "amount": balance }] })))
}

/// The accounts that the token opens: all by the scope, or those that an entry names.
fn visible(token: &Token) -> Result<Vec<Account>, Refused> {
    if token.has_scope(ACCOUNTS) {
        return Ok(HELD.to_vec());
    }
    let named: Vec<&Value> = token
        .details(ACCOUNT_INFORMATION)
        .filter_map(|entry| entry.get("accounts")?.as_array())
        .flatten()
        .collect();
    if named.is_empty() {
        return Err(token.lacks_scope(ACCOUNTS));
    }
    let is_named = |(id, _): &Account| named.iter().any(|name| **name == *id);
    Ok(HELD.into_iter().filter(is_named).collect())
}

/// RFC 9728 §2: where clients learn who issues tokens for the API, and of what kind.
async fn about(guard: Data<Guard>) -> HttpResponse {
    let mut about = guard.about();
    if let Some(members) = about.as_object_mut() {
        members.insert("scopes_supported".to_owned(), json!([ACCOUNTS]));
        members.insert(
            "authorization_details_types_supported".to_owned(),
            json!([ACCOUNT_INFORMATION]),
        );
    }
    HttpResponse::Ok().json(about)
}

/// FAPI 1.0 Baseline §6.2.1-11: what the client calls the call is said back, so that both find it in their logs.
pub async fn name_the_interaction(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Failed> {
    const NAME: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
    let sent = request.headers().get(NAME).cloned();
    let mut response = next.call(request).await?;
    if let Some(sent) = sent {
        response.headers_mut().insert(NAME, sent);
    }
    Ok(response)
}
