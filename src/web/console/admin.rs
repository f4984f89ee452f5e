//! Administrators, and the forms that they send.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, error::InternalError, http::Method, web::Bytes};

use percent_encoding::percent_decode_str;

use super::done::Done;
use crate::{
    base::{Time, storable::is_storable},
    flow::{
        account::confirm,
        admin::{By, Error},
    },
    model::{Actor, Session, User},
    web::{
        Layout, Tone, When,
        error::page,
        extract::{SignedInVisitor, Visitor, form},
        return_to::{ConsolePath, Interrupted, proof},
        view::ErrorKind,
    },
};

/// Fields of one form, at most.
const MAX_FIELDS: usize = 300;

/// An administrator who is signed in. Everybody else signs in first, or is told that the page is not for them. What no
/// record can be called, in the path or the query, is refused for every page here.
pub struct Admin {
    /// Whoever asks.
    pub visitor: Visitor,
    /// Who they are.
    pub user: Arc<User>,
    /// Their session.
    pub session: Session,
    /// What the form before this page has done.
    done: Option<Done>,
}

impl Admin {
    /// The shared part of a page.
    pub fn layout(&self) -> Layout {
        self.greet(self.visitor.layout())
    }

    /// The same for a page that is reached at another address than the one asked for.
    pub fn layout_at(&self, path: &str) -> Layout {
        self.greet(self.visitor.layout_at(path))
    }

    fn greet(&self, layout: Layout) -> Layout {
        let layout = layout.with_person(self.user.display_name(), true);
        match self.done {
            Some(done) => layout.with_flash(Tone::Good, done.text()),
            None => layout,
        }
    }

    /// Back to a page, which says what was done.
    pub fn done(&self, path: &str, done: Done) -> HttpResponse {
        self.visitor.redirect(&done.at(path))
    }

    /// Has them prove again who they are if that was long ago, and come back to `path`.
    fn require_fresh(&self, path: &str, interrupted: Interrupted) -> Result<(), actix_web::Error> {
        if confirm::is_fresh(self.visitor.core(), &self.session) {
            return Ok(());
        }
        let path = ConsolePath::parse(path);
        let next = path.as_ref().map_or("/console", ConsolePath::as_str);
        Err(refusal(self.visitor.redirect(&proof(next, interrupted))))
    }

    /// For the audit trail.
    pub fn by(&self) -> By {
        By {
            actor: Actor::User(self.user.id),
            origin: self.visitor.origin(),
        }
    }

    /// An instant in words.
    pub fn when(&self, at: Time) -> When {
        When::new(at, self.visitor.core().now(), self.layout().translator())
    }

    /// The page for what cannot be shown beside a field.
    pub fn refuse(&self, error: Error) -> HttpResponse {
        match error.into_failure() {
            Ok(failure) => page::failure(&self.visitor, &failure),
            Err(Error::NotFound(_)) => page::show(&self.visitor, ErrorKind::NotFound, String::new()),
            Err(Error::Stale | Error::Invalid(_) | Error::LastAdministrator | Error::NoSecret | Error::Secrets(_)) => {
                page::show(&self.visitor, ErrorKind::MalformedRequest, String::new())
            }
            Err(error) => {
                tracing::error!(%error, "the console could not do its work");
                page::show(&self.visitor, ErrorKind::Internal, String::new())
            }
        }
    }
}

impl FromRequest for Admin {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedInVisitor::from_request(request, payload);
        let is_sound = is_sound(request.path()) && is_sound(request.query_string());
        let done = Done::of_query(request.query_string()).filter(|_| request.method() == Method::GET);
        Box::pin(async move {
            let SignedInVisitor { visitor, user, session } = signed_in.await?;
            if user.is_admin() && !is_sound {
                let answer = page::show(&visitor, ErrorKind::MalformedRequest, String::new());
                return Err(refusal(answer));
            }
            if user.is_admin() {
                return Ok(Self {
                    visitor,
                    user,
                    session,
                    done,
                });
            }
            let answer = page::show(&visitor, ErrorKind::Forbidden, String::new());
            Err(refusal(answer))
        })
    }
}

/// An administrator who proved lately who they are, for pages with forms that change something. Asking here, before
/// anything is typed, means that no typed form is lost to the question; [`AdminForm`] asks again.
pub struct FreshAdmin(pub Admin);

impl FromRequest for FreshAdmin {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let admin = Admin::from_request(request, payload);
        let path = request.path().to_owned();
        Box::pin(async move {
            let admin = admin.await?;
            admin.require_fresh(&path, Interrupted::Visit)?;
            Ok(Self(admin))
        })
    }
}

/// A form of the console: its CSRF token is this browser's, nothing says that it was sent from elsewhere, and an
/// administrator sent it who proved lately who they are: an unlocked browser, or a stolen cookie, must not be enough to
/// take over accounts and apps. Unlike protocol requests, its fields may be repeated.
pub struct AdminForm {
    /// Who sent it.
    pub admin: Admin,
    fields: Vec<(String, String)>,
}

impl AdminForm {
    /// A field's value without outer blanks; empty if it was not sent.
    pub fn text(&self, name: &str) -> &str {
        let sent = self.fields.iter().find(|(field, _)| field == name);
        sent.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Every value of a field, owned.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).map(str::to_owned).collect()
    }

    /// The lines of a text area that say something.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.text(name).lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    /// Whether a checkbox is checked.
    pub fn is_checked(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The version of the record that the page showed.
    pub fn version(&self) -> i64 {
        self.text("version").parse().unwrap_or_default()
    }
}

impl FromRequest for AdminForm {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let admin = Admin::from_request(request, &mut Payload::None);
        let body = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let admin = admin.await?;
            let refuse = |kind| Err(refusal(page::show(&admin.visitor, kind, String::new())));
            let Ok(body) = body.await else {
                return refuse(ErrorKind::TooLarge);
            };
            if !form::is_form(&request) || !form::comes_from_here(&request, &admin.visitor) {
                return refuse(ErrorKind::StaleForm);
            }
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body)
                .take(MAX_FIELDS + 1)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            if fields.len() > MAX_FIELDS || fields.iter().any(|(_, value)| !is_storable(value)) {
                return refuse(ErrorKind::MalformedRequest);
            }
            let form = Self { admin, fields };
            if !form.admin.visitor.accepts_csrf(form.text("csrf")) {
                return Err(refusal(page::show(
                    &form.admin.visitor,
                    ErrorKind::StaleForm,
                    String::new(),
                )));
            }
            form.admin
                .require_fresh(page_of_form(request.path()), Interrupted::Form)?;
            Ok(form)
        })
    }
}

/// The page that shows the form which is sent to `path`; most stand at the same address, or one that leads to it.
fn page_of_form(path: &str) -> &str {
    match path {
        "/console/users" => "/console/users/new",
        "/console/apps" => "/console/apps/new",
        "/console/apis" => "/console/apis/new",
        "/console/keys/rotate" => "/console/keys",
        other => other,
    }
}

/// Whether the text that a path or a query stands for can be looked for at all.
fn is_sound(encoded: &str) -> bool {
    is_storable(&percent_decode_str(encoded).decode_utf8_lossy())
}

fn refusal(response: HttpResponse) -> actix_web::Error {
    InternalError::from_response("not for this visitor", response).into()
}
