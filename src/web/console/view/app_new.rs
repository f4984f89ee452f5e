//! The page to register an app.

use askama::Template;

use crate::base::Text;
use crate::web::{FieldErrors, Layout};

/// What an app is; decides what it is registered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    /// Runs on a server that can keep a secret.
    Web,
    /// Runs in the browser; has no secret.
    SinglePage,
    /// Runs on a phone or a desktop; has no secret (RFC 8252).
    Native,
    /// Works for itself, without a person.
    Machine,
}

impl AppKind {
    /// Each of them, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Web, Self::SinglePage, Self::Native, Self::Machine];

    /// What the form sends as `kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::SinglePage => "single-page",
            Self::Native => "native",
            Self::Machine => "machine",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What it is called.
    pub fn label(self) -> Text {
        Text::new(match self {
            Self::Web => "kind-web",
            Self::SinglePage => "kind-single-page",
            Self::Native => "kind-native",
            Self::Machine => "kind-machine",
        })
    }

    /// What it means.
    pub fn help(self) -> Text {
        Text::new(match self {
            Self::Web => "kind-web-help",
            Self::SinglePage => "kind-single-page-help",
            Self::Native => "kind-native-help",
            Self::Machine => "kind-machine-help",
        })
    }

    /// Its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Web => "globe",
            Self::SinglePage => "app-window",
            Self::Native => "smartphone",
            Self::Machine => "server",
        }
    }
}

/// `/console/apps/new`: `form#app-new` to `/console/apps` (`kind`, `client_name`, `redirect_uris` and
/// `post_logout_redirect_uris` one per line, `require_consent=true`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/app_new.html")]
pub struct AppNew {
    /// What every page needs.
    pub page: Layout,
    /// What is chosen.
    pub kind: AppKind,
    /// What was typed.
    pub client_name: String,
    /// What was typed, one per line.
    pub redirect_uris: String,
    /// What was typed, one per line.
    pub post_logout_redirect_uris: String,
    /// Whether people are asked before the app sees anything.
    pub requires_consent: bool,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl AppNew {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            kind: AppKind::Web,
            client_name: String::new(),
            redirect_uris: String::new(),
            post_logout_redirect_uris: String::new(),
            requires_consent: false,
            errors: FieldErrors::none(),
        };
        let mut errors = FieldErrors::field("client_name", Text::new("error-required"));
        errors.add("redirect_uris", Text::new("error-redirect-uri"));
        let refused = Self {
            kind: AppKind::Native,
            redirect_uris: format!("https://a.example/#x\n{}", crate::web::layout::HOSTILE),
            errors,
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", refused)]
    }
}
