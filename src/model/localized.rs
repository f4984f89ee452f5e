//! What an app calls itself in several languages: metadata whose names carry a language tag, such as `client_name#de`
//! (OIDC Registration §2.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Values by their tagged names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Localized(BTreeMap<String, String>);

impl Localized {
    /// The metadata that people read, and that may carry a tag.
    pub const NAMES: [&str; 5] = ["client_name", "logo_uri", "client_uri", "policy_uri", "tos_uri"];

    /// The registered name and the language tag of a tagged name; `None` for every other name.
    pub fn split(tagged: &str) -> Option<(&'static str, &str)> {
        let (name, tag) = tagged.split_once('#')?;
        let name = Self::NAMES.into_iter().find(|known| *known == name)?;
        is_language_tag(tag).then_some((name, tag))
    }

    /// Whether it is `name` with a language tag.
    pub fn is_tagged(tagged: &str, name: &str) -> bool {
        tagged
            .split_once('#')
            .is_some_and(|(own, tag)| own == name && is_language_tag(tag))
    }

    /// Keeps a value.
    pub fn insert(&mut self, tagged: String, value: String) {
        self.0.insert(tagged, value);
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each tagged name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Cuts outer blanks off, and leaves out what says nothing.
    pub fn trim(&mut self) {
        for value in self.0.values_mut() {
            *value = value.trim().to_owned();
        }
        self.0.retain(|_, value| !value.is_empty());
    }

    /// The value of `name` for readers of `language`, else the one without a tag.
    pub fn best(&self, name: &str, language: &str) -> Option<&str> {
        self.find(name, language)
            .or_else(|| self.0.get(name).map(String::as_str))
    }

    /// The value of `name` for readers of `language`: the one with exactly this tag, else one of the same language
    /// (`de-AT` for German). Tags are compared without regard to case (BCP 47 §2.1.1).
    pub fn find(&self, name: &str, language: &str) -> Option<&str> {
        let tagged = || {
            self.iter().filter_map(|(tagged, value)| {
                let (own, tag) = tagged.split_once('#')?;
                (own == name).then_some((tag, value))
            })
        };
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        tagged()
            .find(|(tag, _)| tag.eq_ignore_ascii_case(language))
            .or_else(|| tagged().find(|(tag, _)| primary(tag) == primary(language)))
            .map(|(_, value)| value)
    }
}

/// BCP 47 §2.1, as far as it can be told by looking: a language of two to eight letters, then parts of one to eight
/// letters or digits.
fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_language = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 35 && parts.next().is_some_and(is_language) && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_name_is_a_name_that_people_read_and_a_language() {
        assert_eq!(Localized::split("client_name#de"), Some(("client_name", "de")));
        assert_eq!(Localized::split("tos_uri#ja-Hani-JP"), Some(("tos_uri", "ja-Hani-JP")));
        for other in [
            "client_name",
            "client_name#",
            "client_name#d",
            "client_name#de_AT",
            "client_name#de-",
            "client_name#de#at",
            "redirect_uris#de",
            "#de",
        ] {
            assert_eq!(Localized::split(other), None, "{other}");
        }
    }

    #[test]
    fn any_name_may_be_looked_for_with_a_tag() {
        assert!(Localized::is_tagged("title#de-AT", "title"));
        for other in ["title", "title#", "title#d", "name#de"] {
            assert!(!Localized::is_tagged(other, "title"), "{other}");
        }
    }

    #[test]
    fn the_nearest_language_is_found() {
        let mut names = Localized::default();
        for (name, value) in [
            ("client_name#de-CH", "Hafebuech"),
            ("client_name#DE", "Hafenbuch"),
            ("client_name#fr-CA", "Registre"),
            ("tos_uri#en", "https://a.example/terms"),
        ] {
            names.insert(name.to_owned(), value.to_owned());
        }
        assert_eq!(names.find("client_name", "de"), Some("Hafenbuch"));
        assert_eq!(names.find("client_name", "de-ch"), Some("Hafebuech"));
        assert_eq!(names.find("client_name", "fr"), Some("Registre"));
        assert_eq!(names.find("client_name", "en"), None);
        assert_eq!(names.find("tos_uri", "en"), Some("https://a.example/terms"));
        names.insert("client_name".to_owned(), "Harbour Ledger".to_owned());
        assert_eq!(names.best("client_name", "en"), Some("Harbour Ledger"));
        assert_eq!(names.best("client_name", "de"), Some("Hafenbuch"));
        assert_eq!(names.best("policy_uri", "de"), None);
    }
}
