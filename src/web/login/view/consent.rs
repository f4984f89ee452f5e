//! The page that asks whether an app may see what it asks for.

use askama::Template;

use super::App;
use crate::base::Text;
use crate::domain::claims::Told;
use crate::web::Layout;
use crate::web::profile_field::{claim_icon, claim_text, short_name};
use crate::web::words::told_in_words;

/// `/consent`: `form#consent`, `decision=allow` or `decision=deny`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/consent.html")]
pub struct Consent {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id.
    pub request: String,
    /// The app that asks.
    pub app: Option<App>,
    /// Where the answer goes, if the app registered itself.
    pub answer_to: Option<String>,
    /// Who is signed in, by name.
    pub name: String,
    /// Their e-mail address or username.
    pub identifier: String,
    /// What of the profile the app will see.
    pub values: Vec<ConsentValue>,
    /// What else, once the person has it.
    pub later: Vec<ConsentValue>,
    /// What it may do elsewhere in the person's name.
    pub apis: Vec<ConsentApi>,
    /// Whether it stays connected while the person is away (`offline_access`).
    pub stays_connected: bool,
    /// The page to take another account.
    pub switch_href: String,
}

/// One thing that an app will see.
#[derive(Debug, Clone)]
pub struct ConsentValue {
    /// The claim's name.
    pub claim: String,
    /// The person's own value; empty while they have none.
    pub value: String,
    /// What the operator calls it.
    pub title: Option<String>,
}

impl ConsentValue {
    /// `value` of the claim `claim`.
    pub fn new(claim: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            claim: claim.into(),
            value: value.into(),
            title: None,
        }
    }

    /// What the operator's rules tell, for readers of `language`.
    pub fn told(told: &Told, language: &str) -> Self {
        Self {
            title: told.title(language).map(str::to_owned),
            ..Self::new(told.name.clone(), told_in_words(&told.value))
        }
    }

    /// What people call it.
    pub fn label(&self) -> Text {
        match &self.title {
            Some(title) => Text::verbatim(title),
            None => claim_text(short_name(&self.claim)),
        }
    }

    /// Its name, where the label is only a part of it.
    pub fn full_name(&self) -> Option<&str> {
        let is_cut = self.title.is_none() && short_name(&self.claim) != self.claim;
        is_cut.then_some(self.claim.as_str())
    }

    /// The icon beside it.
    pub fn icon(&self) -> &'static str {
        claim_icon(&self.claim)
    }
}

/// An API and what an app may do there.
#[derive(Debug, Clone)]
pub struct ConsentApi {
    /// Its name, or its identifier.
    pub name: String,
    /// The scopes' descriptions, or their names; empty when the API was asked for without any.
    pub permissions: Vec<String>,
    /// What exactly is to be done, where it is no scope: then `name` says what kind of thing it is.
    pub details: Option<ConsentDetails>,
}

/// One entry of `authorization_details`, member by member.
#[derive(Debug, Clone)]
pub struct ConsentDetails {
    /// The API that it is for.
    pub at: Option<String>,
    /// Names and values, as the app wrote them.
    pub members: Vec<(String, String)>,
}

#[cfg(test)]
impl Consent {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            request: "0199b8d2".to_owned(),
            app: Some(App::sample()),
            answer_to: None,
            name: "Ada Lovelace".to_owned(),
            identifier: "ada@example.com".to_owned(),
            values: vec![
                ConsentValue::new("name", "Ada Lovelace"),
                ConsentValue::new("email", "ada@example.com"),
                ConsentValue::new("phone_number", ""),
                ConsentValue::new("https://example.com/claims/plan", "gold"),
                ConsentValue {
                    title: Some("Member since".to_owned()),
                    ..ConsentValue::new("https://example.com/claims/since", "2024")
                },
            ],
            later: vec![
                ConsentValue::new("birthdate", ""),
                ConsentValue::new("https://example.com/claims/team", ""),
            ],
            apis: vec![
                ConsentApi {
                    name: "Orders".to_owned(),
                    permissions: vec!["Read your orders".to_owned(), "Place orders for you".to_owned()],
                    details: None,
                },
                ConsentApi {
                    name: "Stock".to_owned(),
                    permissions: Vec::new(),
                    details: None,
                },
                ConsentApi {
                    name: "Pay once".to_owned(),
                    permissions: Vec::new(),
                    details: Some(ConsentDetails {
                        at: Some("Harbour Bank".to_owned()),
                        members: vec![
                            ("amount".to_owned(), "120.00 EUR".to_owned()),
                            (
                                crate::web::layout::HOSTILE.to_owned(),
                                crate::web::layout::HOSTILE.to_owned(),
                            ),
                        ],
                    }),
                },
            ],
            stays_connected: true,
            switch_href: "/login/select?request=0199b8d2".to_owned(),
        };
        let little = Self {
            values: Vec::new(),
            later: Vec::new(),
            apis: Vec::new(),
            stays_connected: false,
            ..plain.clone()
        };
        let hostile = Self {
            app: Some(App::hostile()),
            answer_to: Some(crate::web::layout::HOSTILE.to_owned()),
            values: vec![ConsentValue::new(
                crate::web::layout::HOSTILE,
                crate::web::layout::HOSTILE,
            )],
            later: vec![ConsentValue::new(crate::web::layout::HOSTILE, "")],
            ..plain.clone()
        };
        vec![("plain", plain), ("little", little), ("hostile", hostile)]
    }
}
