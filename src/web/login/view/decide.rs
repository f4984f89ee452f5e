//! The page that asks about a device that waits.

use askama::Template;

use super::{App, ConsentApi, ConsentValue};
use crate::web::Layout;
use crate::web::layout::Tone;
use crate::web::when::When;

/// `/device` with a code: `form#device-decision`, `decision=allow` or `decision=deny`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/decide.html")]
pub struct Decide {
    /// What every page needs.
    pub page: Layout,
    /// The app on the device.
    pub app: Option<App>,
    /// What the device shows.
    pub user_code: String,
    /// The signed-in person's e-mail address or username.
    pub identifier: String,
    /// What of the profile the app will see.
    pub values: Vec<ConsentValue>,
    /// What it may do elsewhere in the person's name.
    pub apis: Vec<ConsentApi>,
    /// Whether it stays connected while the person is away (`offline_access`).
    pub stays_connected: bool,
    /// When the device asked.
    pub asked_at: When,
    /// From which address.
    pub asked_from: Option<String>,
    /// The page to take another account.
    pub switch_href: String,
}

#[cfg(test)]
impl Decide {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Time;
        let asked_at = Time::UNIX_EPOCH;
        let plain = Self {
            asked_at: When::new(asked_at, asked_at + time::Duration::minutes(2), page.translator()),
            page: page.clone(),
            app: Some(App::sample()),
            user_code: "WDJB-MJHT".to_owned(),
            identifier: "ada@example.com".to_owned(),
            values: vec![ConsentValue::new("name", "Ada Lovelace")],
            apis: vec![ConsentApi {
                name: "Orders".to_owned(),
                permissions: vec!["Read your orders".to_owned()],
            }],
            stays_connected: true,
            asked_from: Some("203.0.113.7".to_owned()),
            switch_href: "/login?request=%2Fdevice%3Fuser_code%3DWDJB-MJHT&switch=1".to_owned(),
        };
        let little = Self {
            values: Vec::new(),
            apis: Vec::new(),
            stays_connected: false,
            asked_from: None,
            ..plain.clone()
        };
        let hostile = Self {
            app: Some(App::hostile()),
            ..plain.clone()
        };
        vec![("plain", plain), ("little", little), ("hostile", hostile)]
    }
}
