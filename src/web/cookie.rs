//! The cookies that Signet sets.
//!
//! Over https they carry the prefix `__Host-` (RFC 6265bis §4.1.3.2): no subdomain and no path can plant or shadow them.
//! Browsers refuse that prefix over plain http, so there the names stand alone. All are `SameSite=Lax`: they must come
//! along when an app sends the browser here, and nothing that changes anything trusts them without a CSRF token.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};

use crate::base::{Locale, Secret};

/// One of Signet's cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Who is signed in: a bearer value, kept here only as its hash.
    Session,
    /// This browser: pending requests and CSRF tokens are bound to it.
    Browser,
    /// Proof that this browser has signed in to an account before; it signs nobody in.
    Device,
    /// The language that was chosen; not a secret.
    Locale,
    /// What the OP iframe tells sessions apart by; scripts read it, and it says nothing about the session.
    BrowserState,
}

impl Name {
    /// The cookie's name.
    pub fn as_str(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Session, true) => "__Host-signet-session",
            (Self::Session, false) => "signet-session",
            (Self::Browser, true) => "__Host-signet-browser",
            (Self::Browser, false) => "signet-browser",
            (Self::Device, true) => "__Host-signet-device",
            (Self::Device, false) => "signet-device",
            (Self::Locale, _) => "signet-locale",
            (Self::BrowserState, true) => "__Host-signet-state",
            (Self::BrowserState, false) => "signet-state",
        }
    }
}

/// The value of a cookie that the browser sent, unless it is absurdly long.
pub fn read(request: &HttpRequest, name: Name, is_https: bool) -> Option<String> {
    let cookie = request.cookie(name.as_str(is_https))?;
    let value = cookie.value();
    (!value.is_empty() && value.len() <= 512).then(|| value.to_owned())
}

/// How long a cookie is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the browser is closed.
    Browser,
    /// So long.
    For(time::Duration),
    /// Away with it.
    Removed,
}

/// A cookie to set.
pub fn make(name: Name, value: &Secret<String>, is_https: bool, lifetime: Lifetime) -> Cookie<'static> {
    let mut cookie = Cookie::new(name.as_str(is_https), value.expose().clone());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(is_https);
    cookie.set_same_site(SameSite::Lax);
    match lifetime {
        Lifetime::Browser => {}
        Lifetime::For(span) => cookie.set_max_age(Duration::seconds(span.whole_seconds())),
        Lifetime::Removed => cookie.set_max_age(Duration::ZERO),
    }
    cookie
}

/// The cookie of the browser state. The OP iframe reads it from within pages of apps, so over https it comes along
/// everywhere; browsers take `SameSite=None` only with `Secure`.
pub fn browser_state(value: &str, is_https: bool) -> Cookie<'static> {
    let lifetime = if value.is_empty() {
        Lifetime::Removed
    } else {
        Lifetime::Browser
    };
    let mut cookie = make(Name::BrowserState, &Secret::new(value.to_owned()), is_https, lifetime);
    cookie.set_http_only(false);
    if is_https {
        cookie.set_same_site(SameSite::None);
    }
    cookie
}

/// The cookie that keeps a language.
pub fn locale(locale: Locale, is_https: bool, lifetime: Lifetime) -> Cookie<'static> {
    make(Name::Locale, &Secret::new(locale.tag().to_owned()), is_https, lifetime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_cookies_are_bound_to_the_host_and_over_http_they_still_work() {
        let value = Secret::new("v".to_owned());
        let secure = make(Name::Session, &value, true, Lifetime::Browser).to_string();
        assert_eq!(
            secure,
            "__Host-signet-session=v; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        let plain = make(Name::Session, &value, false, Lifetime::Removed).to_string();
        assert!(
            plain.starts_with("signet-session=v; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"),
            "{plain}"
        );
    }

    #[test]
    fn only_the_browser_state_is_for_scripts() {
        assert_eq!(
            browser_state("v", true).to_string(),
            "__Host-signet-state=v; SameSite=None; Secure; Path=/"
        );
        assert_eq!(
            browser_state("v", false).to_string(),
            "signet-state=v; SameSite=Lax; Path=/"
        );
        assert!(browser_state("", true).to_string().contains("Max-Age=0"));
    }

    #[test]
    fn a_cookie_that_is_absurdly_long_or_empty_is_not_read() {
        for value in [String::new(), "x".repeat(513)] {
            let request = actix_web::test::TestRequest::default()
                .cookie(Cookie::new("signet-browser", value))
                .to_http_request();
            assert_eq!(read(&request, Name::Browser, false), None);
        }
        let request = actix_web::test::TestRequest::default()
            .cookie(Cookie::new("signet-browser", "x"))
            .to_http_request();
        assert_eq!(read(&request, Name::Browser, false).as_deref(), Some("x"));
        assert_eq!(read(&request, Name::Browser, true), None);
    }
}
