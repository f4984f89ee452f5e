//! From step to step of the hosted pages: what waits for the person, and where they go next.

use actix_web::HttpResponse;

use super::{
    error::{authorization, page},
    extract::Visitor,
    return_to::ReturnTo,
    view::ErrorKind,
};
use crate::{
    base::id::AuthorizationRequestId,
    domain::authorize::Step,
    flow::{
        Failure,
        authorize::{self, Next},
    },
};

/// What waits until the person is done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// An app, by its pending authorization request.
    App(AuthorizationRequestId),
    /// A page of this server.
    Page(ReturnTo),
    /// Nothing.
    Nothing,
}

impl Waiting {
    /// What a form's or an address's parameter `request` names.
    pub fn parse(text: &str) -> Self {
        match (text.parse(), ReturnTo::parse(text)) {
            (Ok(id), _) => Self::App(id),
            (_, Some(page)) => Self::Page(page),
            _ => Self::Nothing,
        }
    }

    /// The value of the parameter `request`.
    pub fn value(self) -> String {
        match self {
            Self::App(id) => id.to_string(),
            Self::Page(page) => page.address(),
            Self::Nothing => String::new(),
        }
    }

    /// `path` with what waits.
    pub fn at(self, path: &str) -> String {
        match self {
            Self::Nothing => path.to_owned(),
            Self::App(id) => format!("{path}?request={id}"),
            Self::Page(page) => format!("{path}?request={}", page.encoded()),
        }
    }

    /// The app's request.
    pub fn request(self) -> Option<AuthorizationRequestId> {
        match self {
            Self::App(id) => Some(id),
            Self::Page(_) | Self::Nothing => None,
        }
    }
}

/// The page for a step.
pub fn path(step: &Step) -> &'static str {
    match step {
        Step::Register => "/register",
        Step::SelectAccount => "/login/select",
        Step::NewPassword => "/login/new-password",
        Step::Consent(_) => "/consent",
        Step::SignIn(_) | Step::Finish | Step::Refuse(_) => "/login",
    }
}

/// Sends the browser where it goes next.
pub fn go(visitor: &Visitor, next: Result<Next, Failure>) -> HttpResponse {
    match next {
        Ok(Next::Page(step, id)) => visitor.redirect(&Waiting::App(id).at(path(&step))),
        Ok(Next::Respond(answered)) => authorization::respond(visitor, &answered),
        Ok(Next::Tell(answered)) => authorization::tell(visitor, &answered),
        Ok(Next::Over) => page::show(visitor, ErrorKind::ExpiredRequest, String::new()),
        Ok(Next::Fault(fault)) => authorization::refuse(visitor, &fault),
        Ok(Next::Wait { until }) => page::slow_down(visitor, until),
        Err(failure) => page::failure(visitor, &failure),
    }
}

/// A step is done: on with what waits.
pub async fn go_on(visitor: &Visitor, waiting: Waiting) -> HttpResponse {
    match waiting {
        Waiting::App(id) => {
            let next = authorize::proceed(visitor.core(), id, &visitor.browser()).await;
            go(visitor, next)
        }
        Waiting::Page(page) => visitor.redirect(&page.address()),
        Waiting::Nothing => visitor.redirect(&ReturnTo::default().address()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_a_request_a_known_page_or_nothing() {
        let id = "0199b8d2-4c1e-7000-8000-000000000001";
        let app = Waiting::parse(id);
        assert_eq!(app.value(), id);
        assert_eq!(app.at("/login"), format!("/login?request={id}"));
        assert_eq!(Waiting::parse("/console").at("/login"), "/login?request=%2Fconsole");
        let device = Waiting::parse("/device?user_code=WDJB-MJHT").at("/login");
        assert_eq!(device, "/login?request=%2Fdevice%3Fuser_code%3DWDJB-MJHT");
        for other in ["", "//evil.example", "https://evil.example", "/etc"] {
            assert_eq!(Waiting::parse(other), Waiting::Nothing);
        }
        assert_eq!(Waiting::Nothing.at("/login"), "/login");
    }
}
