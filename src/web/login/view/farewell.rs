//! The page that signs out of apps.

use askama::Template;

use crate::web::Layout;

/// `/logout/apps`: the frames load, then the browser goes on; a link stands in where nothing does that by itself.
///
/// The page's policy must name the origins of the frames under `frame-src`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/farewell.html")]
pub struct Farewell {
    /// What every page needs.
    pub page: Layout,
    /// The addresses of the frames.
    pub frames: Vec<String>,
    /// Where the browser goes then.
    pub continue_href: String,
}

#[cfg(test)]
impl Farewell {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            frames: vec!["https://ledger.example/signed-out?iss=https%3A%2F%2Fid.example&sid=0199".to_owned()],
            continue_href: "https://ledger.example/bye?state=x".to_owned(),
        };
        let hostile = format!("https://x.example/{}", crate::web::layout::HOSTILE);
        let bad = Self {
            frames: vec![hostile.clone()],
            continue_href: hostile,
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", bad)]
    }
}
