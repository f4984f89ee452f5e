//! The languages that Signet speaks.

use serde::{Deserialize, Serialize};

/// A language with complete texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English, the fallback.
    #[default]
    En,
    /// German.
    De,
}

impl Locale {
    /// Every language, in the order in which pages offer them.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language's name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The language of a BCP 47 tag by its primary subtag (`de-AT` is German).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// The language to answer in: the request's `ui_locales` (OpenID Connect Core §3.1.2.1, space-separated, best
    /// first), then what the person chose before, then the browser's `Accept-Language` (RFC 9110 §12.5.4), then English.
    pub fn choose(ui_locales: Option<&str>, cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        let asked = ui_locales.and_then(|tags| tags.split_ascii_whitespace().find_map(Self::from_tag));
        asked
            .or_else(|| cookie.and_then(Self::from_tag))
            .or_else(|| accept_language.and_then(Self::accepted))
            .unwrap_or_default()
    }

    /// The best language of an `Accept-Language` header that Signet speaks, by weight, then by order.
    fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(Self::MAX_RANGES) {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = parameter
                .trim()
                .strip_prefix("q=")
                .and_then(|number| number.parse().ok());
            let (Some(locale), Some(weight)) = (Self::from_tag(tag.trim()), weight) else {
                continue;
            };
            if weight > best.map_or(0.0, |(known, _)| known) {
                best = Some((weight, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }

    /// How much of an `Accept-Language` header is read.
    const MAX_RANGES: usize = 32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ui_locales_come_before_the_cookie_and_the_browser() {
        assert_eq!(Locale::choose(Some("fr de-AT en"), Some("en"), Some("en")), Locale::De);
        assert_eq!(Locale::choose(Some("fr"), Some("de"), Some("en")), Locale::De);
        assert_eq!(
            Locale::choose(None, Some("xx"), Some("fr, en;q=0.3, de;q=0.8")),
            Locale::De
        );
        assert_eq!(Locale::choose(None, None, Some("fr, *;q=0.1")), Locale::En);
        assert_eq!(Locale::choose(None, None, None), Locale::En);
    }

    #[test]
    fn hostile_language_headers_fall_back_to_english() {
        for header in ["", ";;;,,,", "de\u{0}", "\u{202e}", &"a,".repeat(5_000)] {
            assert_eq!(
                Locale::choose(Some(header), Some(header), Some(header)),
                Locale::En,
                "{header:?}"
            );
        }
    }
}
