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
        words::{identifier_of, too_many},
    },
};

/// What the proof is for: only pages that are known here are gone on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The account centre.
    Account,
    /// Another e-mail address.
    Email,
    /// The console.
    Console,
}

impl Next {
    const ALL: [Self; 3] = [Self::Account, Self::Email, Self::Console];

    /// Its path, also the value of the parameter `next`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Account => "/account",
            Self::Email => "/account/email",
            Self::Console => "/console",
        }
    }

    /// The page that a parameter names; the account centre for any other address.
    pub fn parse(text: &str) -> Self {
        let found = Self::ALL.into_iter().find(|next| next.path() == text);
        found.unwrap_or(Self::Account)
    }

    /// Where the proof for it is asked.
    pub fn proof(self) -> String {
        format!("/account/confirm?next={}", self.path().replace('/', "%2F"))
    }

    fn reason(self) -> Text {
        Text::new(match self {
            Self::Console => "confirm-console",
            Self::Account | Self::Email => "confirm-change",
        })
    }
}

/// The page.
pub async fn get(owner: Owner, query: Query<HashMap<String, String>>) -> HttpResponse {
    let next = Next::parse(query.get("next").map(String::as_str).unwrap_or_default());
    show(&owner, next, FieldErrors::none(), StatusCode::OK)
}

fn show(owner: &Owner, next: Next, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let view = Confirm {
        page: owner.layout_at(&next.proof()),
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
        return show(&owner, next, errors, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (core, visit) = (owner.visitor.core(), owner.visit());
    match confirm::prove(core, &visit, &owner.signed_in, &form.secret("password")).await {
        Ok(Outcome::Proved(token)) => {
            owner.visitor.sign_in(&token, None);
            owner.visitor.redirect(next.path())
        }
        Ok(Outcome::Wrong) => {
            let errors = FieldErrors::field("password", Text::new("error-password-wrong"));
            show(&owner, next, errors, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Ok(Outcome::Wait { until }) => {
            let errors = FieldErrors::form(too_many((until - core.now()).whole_seconds()));
            show(&owner, next, errors, StatusCode::TOO_MANY_REQUESTS)
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
        for next in Next::ALL {
            assert_eq!(Next::parse(next.path()), next);
        }
        for other in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/account/../login",
            "/consoles",
        ] {
            assert_eq!(Next::parse(other), Next::Account, "{other}");
        }
        assert_eq!(Next::Console.proof(), "/account/confirm?next=%2Fconsole");
    }
}
