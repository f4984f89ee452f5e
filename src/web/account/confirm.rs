//! `/account/confirm`: proving again who one is, before something that would give the account away.

use std::collections::HashMap;

use actix_web::{HttpResponse, http::StatusCode, web::Query};

use super::{owner::Owner, view::Confirm};
use crate::{
    base::Text,
    flow::account::confirm::{self, Outcome},
    web::{
        FieldErrors,
        error::page,
        extract::Form,
        return_to::{self, ConsolePath, Interrupted},
        words::{identifier_of, too_many},
    },
};

/// What the proof is for: only pages that are known here are gone on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The account centre.
    Account,
    /// Another e-mail address.
    Email,
    /// A page of the console.
    Console(ConsolePath),
}

impl Next {
    /// Its path, also the value of the parameter `next`.
    pub fn path(&self) -> &str {
        match self {
            Self::Account => "/account",
            Self::Email => "/account/email",
            Self::Console(path) => path.as_str(),
        }
    }

    /// The page that a parameter names; the account centre for any other address.
    pub fn parse(text: &str) -> Self {
        match ConsolePath::parse(text) {
            Some(path) => Self::Console(path),
            None if text == Self::Email.path() => Self::Email,
            None => Self::Account,
        }
    }

    /// Where the proof for it is asked.
    pub fn proof(&self) -> String {
        return_to::proof(self.path(), Interrupted::Visit)
    }

    fn reason(&self) -> Text {
        Text::new(match self {
            Self::Console(_) => "confirm-console",
            Self::Account | Self::Email => "confirm-change",
        })
    }
}

/// The page.
pub async fn get(owner: Owner, query: Query<HashMap<String, String>>) -> HttpResponse {
    let next = Next::parse(query.get("next").map(String::as_str).unwrap_or_default());
    let interrupted = match query.get("lost").map(String::as_str) {
        Some("form") => Interrupted::Form,
        _ => Interrupted::Visit,
    };
    show(&owner, &next, interrupted, FieldErrors::none(), StatusCode::OK)
}

fn show(owner: &Owner, next: &Next, interrupted: Interrupted, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let view = Confirm {
        page: owner.layout_at(&return_to::proof(next.path(), interrupted)),
        has_lost_form: interrupted == Interrupted::Form,
        identifier: identifier_of(&owner.signed_in.user),
        reason: next.reason(),
        next: next.path().to_owned(),
        errors,
    };
    owner.visitor.page_with(status, &view, &[])
}

/// The proof.
pub async fn post(mut owner: Owner, form: Form) -> HttpResponse {
    let next = Next::parse(form.field("next"));
    if form.field("password").is_empty() {
        let errors = FieldErrors::field("password", Text::new("error-required"));
        return show(
            &owner,
            &next,
            Interrupted::Visit,
            errors,
            StatusCode::UNPROCESSABLE_ENTITY,
        );
    }
    let (core, visit) = (owner.visitor.core(), owner.visit());
    match confirm::prove(core, &visit, &owner.signed_in, &form.secret("password")).await {
        Ok(Outcome::Proved(token)) => {
            owner.visitor.renew(&token, None);
            owner.visitor.redirect(next.path())
        }
        Ok(Outcome::SignedOut) => owner.visitor.redirect("/login"),
        Ok(Outcome::Wrong) => {
            let errors = FieldErrors::field("password", Text::new("error-password-wrong"));
            show(
                &owner,
                &next,
                Interrupted::Visit,
                errors,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Ok(Outcome::Wait { until }) => {
            let errors = FieldErrors::form(too_many((until - core.now()).whole_seconds()));
            show(&owner, &next, Interrupted::Visit, errors, StatusCode::TOO_MANY_REQUESTS)
        }
        Ok(Outcome::NoPassword) => owner.visitor.redirect("/recover"),
        Err(failure) => page::failure(&owner.visitor, &failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_leads_only_to_pages_that_are_known_here() {
        for path in ["/account", "/account/email", "/console", "/console/apps/ledger"] {
            assert_eq!(Next::parse(path).path(), path);
        }
        for other in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/account/../login",
            "/consoles",
            "/console/../logout",
        ] {
            assert_eq!(Next::parse(other), Next::Account, "{other}");
        }
        assert_eq!(Next::Email.proof(), "/account/confirm?next=%2Faccount%2Femail");
    }
}
