//! `/authorize`: by GET, and by POST with a form (OIDC Core §3.1.2.1).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use crate::{
    flow::authorize,
    web::{
        error::page,
        extract::{Visitor, form::is_form},
        steps,
        view::ErrorKind,
    },
};

/// A body that still fits into an address.
const FITS_AN_ADDRESS: usize = 6000;

/// By GET.
pub async fn get(request: HttpRequest, visitor: Visitor) -> HttpResponse {
    answer(&visitor, request.query_string()).await
}

/// By POST. A form that an app's page posts comes without `SameSite=Lax` cookies, so nobody would seem to be signed in;
/// the same request by GET brings them along.
pub async fn post(request: HttpRequest, visitor: Visitor, body: Bytes) -> HttpResponse {
    let Some(encoded) = std::str::from_utf8(&body).ok().filter(|_| is_form(&request)) else {
        return page::show(&visitor, ErrorKind::MalformedRequest, String::new());
    };
    if visitor.session().is_none() && fits_an_address(encoded) {
        return visitor.redirect(&format!("/authorize?{encoded}"));
    }
    answer(&visitor, encoded).await
}

/// A page that names this address as one of its images sends nobody here, and must not use up what its visitors' address may
/// ask for.
async fn answer(visitor: &Visitor, encoded: &str) -> HttpResponse {
    if visitor.is_part() {
        let why = "this address is for people to go to, not for parts of pages (Sec-Fetch-Dest)";
        return page::show(visitor, ErrorKind::MalformedRequest, why.to_owned());
    }
    let next = authorize::begin(visitor.core(), encoded, &visitor.browser(), visitor.address()).await;
    steps::go(visitor, next)
}

/// Whether a form's body can stand in an address as it is.
pub(super) fn fits_an_address(encoded: &str) -> bool {
    encoded.len() <= FITS_AN_ADDRESS
        && encoded
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_properly_encoded_becomes_an_address() {
        assert!(fits_an_address(
            "client_id=a&redirect_uri=https%3A%2F%2Fa.example%2Fcb&scope=openid+email"
        ));
        for bad in ["a=1\r\nSet-Cookie: x", "a=\"b\"", "a=é", "a=1#x", "a b"] {
            assert!(!fits_an_address(bad), "{bad}");
        }
        assert!(!fits_an_address(&"a".repeat(FITS_AN_ADDRESS + 1)));
    }
}
