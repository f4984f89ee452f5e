//! The person whose account it is.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::InternalError};

use crate::{
    flow::{account::language, login::Visit, session::SignedIn},
    web::{
        Layout,
        error::page,
        extract::{SignedInVisitor, Visitor},
        visitor::LocaleSource,
    },
};

/// Somebody who is signed in and looks after their own account. A language that they choose on these pages is kept with
/// the account, and speaks to them in browsers in which they have not chosen one.
pub struct Owner {
    /// Whoever asks.
    pub visitor: Visitor,
    /// Who they are, and their session.
    pub signed_in: SignedIn,
}

impl Owner {
    /// What the flows want to know of the browser.
    pub fn visit(&self) -> Visit {
        self.visitor.visit(None)
    }

    /// The shared part of the page at `path_and_query`.
    pub fn layout_at(&self, path_and_query: &str) -> Layout {
        let user = &self.signed_in.user;
        self.visitor
            .layout_at(path_and_query)
            .with_person(user.display_name(), user.is_admin())
    }
}

impl FromRequest for Owner {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = SignedInVisitor::from_request(request, payload);
        Box::pin(async move {
            let SignedInVisitor {
                mut visitor,
                user,
                session,
            } = found.await?;
            let signed_in = SignedIn { session, user };
            match (visitor.locale_source(), signed_in.user.locale) {
                (LocaleSource::Chosen, _) => {
                    let kept = language::choose(visitor.core(), &signed_in, visitor.locale).await;
                    if let Err(error) = kept {
                        let answer = page::failure(&visitor, &error.into());
                        return Err(InternalError::from_response("the language was not kept", answer).into());
                    }
                }
                (LocaleSource::Guessed, Some(locale)) => visitor.locale = locale,
                (LocaleSource::Guessed, None) | (LocaleSource::Kept, _) => {}
            }
            Ok(Self { visitor, signed_in })
        })
    }
}
