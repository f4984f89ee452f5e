//! The page that asks about what waits elsewhere for a person's decision: a device, or an app behind the scenes.

use askama::Template;

use super::{App, ConsentApi, ConsentValue};
use crate::base::Text;
use crate::web::Layout;
use crate::web::layout::Tone;
use crate::web::when::When;

/// What it is about.
#[derive(Debug, Clone)]
pub enum Occasion {
    /// A device that shows this code.
    Device {
        /// The code.
        user_code: String,
    },
    /// An app that asks behind the scenes.
    Approval {
        /// The request's id.
        id: String,
        /// What the app shows as well.
        binding_message: Option<String>,
    },
}

/// `/device` with a code: `form#device-decision`; `/approve`: `form#approval`. Both with `decision=allow` or
/// `decision=deny`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/decide.html")]
pub struct Decide {
    /// What every page needs.
    pub page: Layout,
    /// What it is about.
    pub occasion: Occasion,
    /// The app that asks.
    pub app: Option<App>,
    /// Whether it registered itself.
    pub by_itself: bool,
    /// The signed-in person's e-mail address or username.
    pub identifier: String,
    /// What of the profile the app will see.
    pub values: Vec<ConsentValue>,
    /// What else, once the person has it.
    pub later: Vec<ConsentValue>,
    /// What it may do elsewhere in the person's name.
    pub apis: Vec<ConsentApi>,
    /// Whether it stays connected while the person is away (`offline_access`).
    pub stays_connected: bool,
    /// When it was asked.
    pub asked_at: When,
    /// From which address.
    pub asked_from: Option<String>,
    /// The page to take another account.
    pub switch_href: String,
}

impl Decide {
    fn form(&self) -> &'static str {
        match self.occasion {
            Occasion::Device { .. } => "device-decision",
            Occasion::Approval { .. } => "approval",
        }
    }

    fn action(&self) -> &'static str {
        match self.occasion {
            Occasion::Device { .. } => "/device",
            Occasion::Approval { .. } => "/approve",
        }
    }

    /// The hidden field that says what it is about.
    fn key(&self) -> (&'static str, &str) {
        match &self.occasion {
            Occasion::Device { user_code } => ("user_code", user_code),
            Occasion::Approval { id, .. } => ("id", id),
        }
    }

    fn heading(&self) -> Text {
        let (with_app, without) = match self.occasion {
            Occasion::Device { .. } => ("decide-heading", "decide-title"),
            Occasion::Approval { .. } => ("approve-heading", "approve-title"),
        };
        match &self.app {
            Some(app) => Text::new(with_app).with("app", &app.name),
            None => Text::new(without),
        }
    }

    /// What both ends show, and the words above it.
    fn compared(&self) -> Option<(Text, &str)> {
        match &self.occasion {
            Occasion::Device { user_code } => Some((Text::new("decide-compare"), user_code)),
            Occasion::Approval { binding_message, .. } => {
                let message = binding_message.as_deref()?;
                Some((Text::new("approve-compare"), message))
            }
        }
    }

    /// Whether that is words, not a code to be compared letter by letter.
    fn is_message(&self) -> bool {
        matches!(self.occasion, Occasion::Approval { .. })
    }

    fn warning(&self) -> Text {
        Text::new(match self.occasion {
            Occasion::Device { .. } => "decide-warning",
            Occasion::Approval { .. } => "approve-warning",
        })
    }
}

#[cfg(test)]
impl Decide {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Time;
        let asked_at = Time::UNIX_EPOCH;
        let plain = Self {
            asked_at: When::new(asked_at, asked_at + time::Duration::minutes(2), page.translator()),
            page: page.clone(),
            occasion: Occasion::Device {
                user_code: "WDJB-MJHT".to_owned(),
            },
            app: Some(App::sample()),
            by_itself: true,
            identifier: "ada@example.com".to_owned(),
            values: vec![ConsentValue::new("name", "Ada Lovelace")],
            later: vec![ConsentValue::new("nickname", "")],
            apis: vec![ConsentApi {
                name: "Orders".to_owned(),
                permissions: vec!["Read your orders".to_owned()],
                details: None,
            }],
            stays_connected: true,
            asked_from: Some("203.0.113.7".to_owned()),
            switch_href: "/login?request=%2Fdevice%3Fuser_code%3DWDJB-MJHT&switch=1".to_owned(),
        };
        let approval = |binding_message: Option<&str>| Self {
            occasion: Occasion::Approval {
                id: "0199b8d2".to_owned(),
                binding_message: binding_message.map(str::to_owned),
            },
            ..plain.clone()
        };
        let little = Self {
            values: Vec::new(),
            later: Vec::new(),
            apis: Vec::new(),
            stays_connected: false,
            asked_from: None,
            by_itself: false,
            ..plain.clone()
        };
        let hostile = Self {
            app: Some(App::hostile()),
            ..approval(Some(crate::web::layout::HOSTILE))
        };
        vec![
            ("approval", approval(Some("Order 4711"))),
            ("silent", approval(None)),
            ("plain", plain),
            ("little", little),
            ("hostile", hostile),
        ]
    }
}
