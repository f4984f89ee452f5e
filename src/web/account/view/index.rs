//! The account centre's page.

use askama::Template;

use crate::base::Text;
use crate::web::row::{ProfileValue, SessionRow};
use crate::web::{Layout, Tone, When};

/// `/account`: a card per concern.
///
/// Forms: `form#withdraw-N` to `/account/apps/withdraw` (`client_id`), `form#end-N` to `/account/sessions/end`
/// (`session`), `form#end-others` to `/account/sessions/end-others`.
#[derive(Debug, Clone, Template)]
#[template(path = "account/index.html")]
pub struct Index {
    /// What every page needs.
    pub page: Layout,
    /// What to call the person.
    pub name: String,
    /// Their e-mail address or username, unless that is what they are called.
    pub identifier: Option<String>,
    /// Their picture, if they have one.
    pub picture: Option<String>,
    /// How safe the account is.
    pub safety: Safety,
    /// Whether they have an e-mail address, which can be changed, or can only be added.
    pub has_email: bool,
    /// What is known about them.
    pub profile: Vec<ProfileValue>,
    /// What apps ask behind the scenes and wait for.
    pub requests: Vec<AppRequest>,
    /// What may see it.
    pub apps: Vec<ConnectedApp>,
    /// Where they are signed in; this browser first.
    pub sessions: Vec<SessionRow>,
    /// When the password was last changed; `None` without a password.
    pub password_changed: Option<When>,
}

/// What an app asks behind the scenes.
#[derive(Debug, Clone)]
pub struct AppRequest {
    /// The app's name.
    pub app: String,
    /// When it asked.
    pub asked: When,
    /// The page that says what for.
    pub href: String,
}

/// How safe an account is, and the one thing that would make it safer.
#[derive(Debug, Clone)]
pub struct Safety {
    /// How it stands.
    pub tone: Tone,
    /// In a sentence.
    pub text: Text,
    /// The one thing to do: its address and its name.
    pub step: Option<(String, Text)>,
}

impl Safety {
    /// The sentence for an account whose e-mail address is confirmed or not and which has a password or not.
    pub fn of(email_is_verified: bool, has_password: bool) -> Self {
        let change = || ("/account/password".to_owned(), Text::new("safety-set-password"));
        match (email_is_verified, has_password) {
            (true, true) => Self {
                tone: Tone::Good,
                text: Text::new("safety-good"),
                step: None,
            },
            (true, false) => Self {
                tone: Tone::Warning,
                text: Text::new("safety-no-password"),
                step: Some(change()),
            },
            (false, _) => Self {
                tone: Tone::Warning,
                text: Text::new("safety-no-email"),
                step: Some(("/account/email".to_owned(), Text::new("safety-confirm-email"))),
            },
        }
    }
}

/// An app that may see something of the account.
#[derive(Debug, Clone)]
pub struct ConnectedApp {
    /// Its `client_id`, which the form to withdraw carries.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its `logo_uri`.
    pub logo_uri: Option<String>,
    /// Since when.
    pub since: When,
    /// The claims it sees, as people call them, and what it may do where.
    pub sees: Vec<Text>,
    /// Whether it has access while the person is away.
    pub stays_connected: bool,
}

#[cfg(test)]
impl Index {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::web::profile_field::claim_text;
        let page = page.clone().with_person("Ada Lovelace", true);
        let app = |client_id: &str, name: &str, stays_connected| ConnectedApp {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            logo_uri: None,
            since: When::sample(&page, 60_000),
            sees: vec![claim_text("name"), claim_text("email")],
            stays_connected,
        };
        let plain = Self {
            name: "Ada Lovelace".to_owned(),
            identifier: Some("ada@example.com".to_owned()),
            picture: None,
            safety: Safety::of(true, true),
            has_email: true,
            profile: ProfileValue::samples(),
            requests: vec![AppRequest {
                app: "Harbour Ledger".to_owned(),
                asked: When::sample(&page, 1),
                href: "/approve?id=0199b8d2".to_owned(),
            }],
            apps: vec![app("ledger", "Harbour Ledger", true), app("chess", "Chess Club", false)],
            sessions: SessionRow::samples(&page),
            password_changed: Some(When::sample(&page, 5_000)),
            page: page.clone().with_flash(Tone::Good, Text::new("account-profile-saved")),
        };
        let empty = Self {
            page: page.clone().with_person("new", false),
            safety: Safety::of(true, false),
            has_email: false,
            profile: Vec::new(),
            requests: Vec::new(),
            apps: Vec::new(),
            sessions: SessionRow::samples(&page).into_iter().take(1).collect(),
            password_changed: None,
            ..plain.clone()
        };
        let hostile = Self {
            name: crate::web::layout::HOSTILE.to_owned(),
            safety: Safety::of(false, true),
            apps: vec![app(crate::web::layout::HOSTILE, crate::web::layout::HOSTILE, true)],
            ..plain.clone()
        };
        vec![("plain", plain), ("empty", empty), ("hostile", hostile)]
    }
}
