//! Somebody who must be signed in to see a page.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::InternalError, http::Method};

use super::Visitor;
use crate::{
    flow::session::{self, SignedIn},
    model::{Session, User},
    web::{error::page, return_to::ReturnTo},
};

/// A visitor who is signed in, with a password that is theirs. Everybody else is sent to sign in, or to replace the
/// one-time password, and comes back to the page.
pub struct SignedInVisitor {
    /// Whoever asks.
    pub visitor: Visitor,
    /// Who they are.
    pub user: Arc<User>,
    /// Their session.
    pub session: Session,
}

impl FromRequest for SignedInVisitor {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload);
        let back = ReturnTo::page(request.path()).filter(|_| request.method() == Method::GET);
        Box::pin(async move {
            let visitor = visitor.await?;
            let answer = match session::current(visitor.core(), visitor.session()).await {
                Ok(Some(SignedIn { session, user })) if user.password_expired_at.is_none() => {
                    return Ok(Self { visitor, user, session });
                }
                Ok(Some(_)) => visitor.redirect(&ReturnTo::append("/login/new-password", back)),
                Ok(None) => visitor.redirect(&ReturnTo::append("/login", back)),
                Err(error) => page::failure(&visitor, &error.into()),
            };
            Err(InternalError::from_response("nobody is signed in", answer).into())
        })
    }
}
