//! Everything that a page must know of the request that asks for it, and how to answer it.

pub mod address;
pub mod locale;

use std::{
    future::{Ready, ready},
    net::IpAddr,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder,
    cookie::Cookie,
    dev::Payload,
    http::{
        Method, StatusCode,
        header::{
            ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, ContentType, HeaderMap, HeaderName, LOCATION, ORIGIN, REFERER,
            USER_AGENT,
        },
    },
    web::{Data, Query},
};
use askama::Template;
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use self::address::TrustedProxies;
use crate::{
    base::{Locale, Secret, TokenHash, id::AuthorizationRequestId, secret},
    domain::departure::{self, Arrival},
    flow::{Core, authorize::Browser, login::Visit},
    model::Origin,
    web::{
        Layout,
        cookie::{self, Lifetime, Name},
        layout::content_security_policy,
    },
};

/// Characters of a `User-Agent` that are kept.
const MAX_USER_AGENT: usize = 300;
/// Where a navigation comes from (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What it is for.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// How long a chosen language is remembered.
const LOCALE_LIFETIME: time::Duration = time::Duration::days(365);

/// Whoever asks for a page.
pub struct Visitor {
    core: Data<Core>,
    browser: Secret<String>,
    session: Option<Secret<String>>,
    device: Option<String>,
    /// Cookies that the answer sets.
    cookies: Vec<Cookie<'static>>,
    /// The language to answer in.
    pub locale: Locale,
    /// Where it comes from.
    locale_source: LocaleSource,
    address: Option<IpAddr>,
    user_agent: Option<String>,
    /// Path and query of the page, for the links that change the language. A form's answer shows the page again under
    /// its path alone, without what was in the query.
    here: String,
    /// How the page was asked for.
    method: Method,
    /// And from where.
    arrival: Arrival,
    is_part: bool,
}

/// Why a page is in its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocaleSource {
    /// The address asks for it: the person or an app has just chosen.
    Chosen,
    /// It was chosen in this browser before.
    Kept,
    /// The browser's own preference, or nothing better.
    Guessed,
}

#[derive(serde::Deserialize)]
struct UiLocales {
    ui_locales: Option<String>,
}

impl Visitor {
    fn new(request: &HttpRequest, core: Data<Core>) -> Self {
        let is_https = core.policy.issuer.is_https();
        let headers = request.headers();
        let mut cookies = Vec::new();
        let browser = match cookie::read(request, Name::Browser, is_https) {
            Some(value) => Secret::new(value),
            None => {
                let value = core.rng.token();
                cookies.push(cookie::make(Name::Browser, &value, is_https, Lifetime::Browser));
                value
            }
        };
        let chosen = Query::<UiLocales>::from_query(request.query_string())
            .ok()
            .filter(|_| locale::may_choose(request.path(), text(headers, SEC_FETCH_SITE)))
            .and_then(|query| query.into_inner().ui_locales)
            .and_then(|list| locale::of_ui_locales(&list));
        let kept = cookie::read(request, Name::Locale, is_https).and_then(|tag| Locale::from_tag(&tag));
        if let Some(locale) = chosen.filter(|locale| kept != Some(*locale)) {
            cookies.push(cookie::locale(locale, is_https, Lifetime::For(LOCALE_LIFETIME)));
        }
        let accepted = || locale::of_accept_language(text(headers, ACCEPT_LANGUAGE)?);
        let proxies = TrustedProxies::parse(&core.policy.trusted_proxies);
        let user_agent = text(headers, USER_AGENT).map(|agent| agent.chars().take(MAX_USER_AGENT).collect());
        Self {
            browser,
            session: cookie::read(request, Name::Session, is_https).map(Secret::new),
            device: cookie::read(request, Name::Device, is_https),
            cookies,
            locale: chosen.or(kept).or_else(accepted).unwrap_or_default(),
            locale_source: match (chosen, kept) {
                (Some(_), _) => LocaleSource::Chosen,
                (None, Some(_)) => LocaleSource::Kept,
                (None, None) => LocaleSource::Guessed,
            },
            address: proxies.client(request.peer_addr().map(|peer| peer.ip()), headers),
            user_agent,
            here: match request.uri().query() {
                Some(query) => format!("{}?{query}", request.path()),
                None => request.path().to_owned(),
            },
            method: request.method().clone(),
            arrival: Arrival {
                from: text(headers, ORIGIN)
                    .or_else(|| text(headers, REFERER))
                    .and_then(departure::origin),
                framed: matches!(text(headers, SEC_FETCH_DEST), Some("iframe" | "frame")),
            },
            is_part: !matches!(
                text(headers, SEC_FETCH_DEST),
                None | Some("document" | "iframe" | "frame")
            ),
            core,
        }
    }

    /// Whether the browser asks for a part of a page (an image, a script, data) and would show no page (Fetch Metadata).
    pub fn is_part(&self) -> bool {
        self.is_part
    }

    /// Why the page is in its language.
    pub fn locale_source(&self) -> LocaleSource {
        self.locale_source
    }

    /// The identity provider.
    pub fn core(&self) -> &Data<Core> {
        &self.core
    }

    /// The session cookie, if one came.
    pub fn session(&self) -> Option<&Secret<String>> {
        self.session.as_ref()
    }

    /// The browser with its cookies.
    pub fn browser(&self) -> Browser {
        Browser {
            hash: TokenHash::of(self.browser.expose()),
            session: self.session.clone(),
            arrival: self.arrival.clone(),
        }
    }

    /// The client's address, after trusted proxies.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Where the request comes from.
    pub fn origin(&self) -> Origin {
        Origin {
            address: self.address.map(|address| address.to_string()),
            user_agent: self.user_agent.clone(),
        }
    }

    /// All that a step of the hosted pages wants to know.
    pub fn visit(&self, request: Option<AuthorizationRequestId>) -> Visit {
        Visit {
            browser: self.browser(),
            device: self.device.clone(),
            origin: self.origin(),
            address: self.address,
            locale: self.locale,
            request,
        }
    }

    /// The token that this browser's forms carry: a MAC of its cookie, so that it needs no storage.
    pub fn csrf(&self) -> String {
        match self.core.sealer.mac_key("csrf") {
            Ok(key) => URL_SAFE_NO_PAD.encode(hmac::sign(&key, self.browser.expose().as_bytes())),
            // Without a key no form is accepted; an empty token matches nothing (below).
            Err(_) => String::new(),
        }
    }

    /// Whether a form came from a page that this browser got here.
    pub fn accepts_csrf(&self, token: &str) -> bool {
        let expected = self.csrf();
        !expected.is_empty() && secret::equal(expected.as_bytes(), token.as_bytes())
    }

    /// The shared part of a page.
    pub fn layout(&self) -> Layout {
        Layout::new(self.locale, self.csrf(), &self.here)
    }

    /// The same for a page that is reached at another address than the one asked for.
    pub fn layout_at(&self, path_and_query: &str) -> Layout {
        Layout::new(self.locale, self.csrf(), path_and_query)
    }

    /// The same for a page that may stand at any address, also as the answer to a form. Such an answer has no language
    /// links: they would ask for something else.
    pub fn layout_anywhere(&self) -> Layout {
        match self.method {
            Method::GET => self.layout(),
            _ => self.layout().without_languages(),
        }
    }

    /// Has the answer set the cookie of a new session. What the OP iframe knew is over; the next response to an app says
    /// what holds now.
    pub fn sign_in(&mut self, token: &Secret<String>, device: Option<&Secret<String>>) {
        self.renew(token, device);
        self.cookies.push(cookie::browser_state("", self.is_https()));
    }

    /// Has an answer that is ready set what the OP iframe finds in this browser.
    pub fn set_browser_state(&self, answer: &mut HttpResponse, state: &str) {
        let cookie = cookie::browser_state(state, self.is_https());
        answer.del_cookie(cookie.name());
        if let Err(error) = answer.add_cookie(&cookie) {
            tracing::error!(%error, "a cookie could not be written");
        }
    }

    /// Has the answer set the session cookie anew, for a session that goes on.
    pub fn renew(&mut self, token: &Secret<String>, device: Option<&Secret<String>>) {
        let (is_https, absolute) = (self.is_https(), self.core.policy.sessions.absolute);
        self.cookies
            .push(cookie::make(Name::Session, token, is_https, Lifetime::For(absolute)));
        if let Some(device) = device {
            let year = Lifetime::For(time::Duration::days(365));
            self.cookies.push(cookie::make(Name::Device, device, is_https, year));
        }
        self.session = Some(token.clone());
    }

    /// Has the answer take the session cookie away.
    pub fn sign_out(&mut self) {
        let empty = Secret::new(String::new());
        self.cookies
            .push(cookie::make(Name::Session, &empty, self.is_https(), Lifetime::Removed));
        self.cookies.push(cookie::browser_state("", self.is_https()));
        self.session = None;
    }

    fn is_https(&self) -> bool {
        self.core.policy.issuer.is_https()
    }

    /// A page.
    pub fn page(&self, view: &impl Template) -> HttpResponse {
        self.page_with(StatusCode::OK, view, &[])
    }

    /// A page whose forms may lead to these origins in the end (see [`content_security_policy`]).
    pub fn page_to(&self, view: &impl Template, form_origins: &[String]) -> HttpResponse {
        self.page_with(StatusCode::OK, view, form_origins)
    }

    /// A page with a status.
    pub fn page_with(&self, status: StatusCode, view: &impl Template, form_origins: &[String]) -> HttpResponse {
        let origins: Vec<&str> = form_origins.iter().map(String::as_str).collect();
        self.render(status, view, content_security_policy(&origins))
    }

    /// A page with frames of these origins.
    pub fn page_framing(&self, view: &impl Template, origins: &[String]) -> HttpResponse {
        let mut policy = content_security_policy(&[]);
        if !origins.is_empty() {
            policy.push_str("; frame-src ");
            policy.push_str(&origins.join(" "));
        }
        self.render(StatusCode::OK, view, policy)
    }

    fn render(&self, status: StatusCode, view: &impl Template, policy: String) -> HttpResponse {
        match view.render() {
            Ok(html) => self
                .answer(status)
                .content_type(ContentType::html())
                .insert_header((CONTENT_SECURITY_POLICY, policy))
                .body(html),
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                self.answer(StatusCode::INTERNAL_SERVER_ERROR).finish()
            }
        }
    }

    /// On to another address (303: what comes next is a GET, RFC 9110 §15.4.4).
    pub fn redirect(&self, location: &str) -> HttpResponse {
        self.answer(StatusCode::SEE_OTHER)
            // A registered address may be written with letters that a header cannot carry.
            .insert_header((LOCATION, utf8_percent_encode(location, CONTROLS).to_string()))
            .finish()
    }

    /// An answer with the cookies set.
    pub fn answer(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut answer = HttpResponse::build(status);
        for cookie in &self.cookies {
            answer.cookie(cookie.clone());
        }
        answer
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl FromRequest for Visitor {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Data<Core>>() {
            Some(core) => Ok(Self::new(request, core.clone())),
            None => Err(actix_web::error::ErrorInternalServerError("the server is not wired")),
        })
    }
}
