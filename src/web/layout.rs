//! What every page needs: the language, the CSRF token, who is signed in, and where the assets are.

use url::form_urlencoded;

use super::static_files;
use crate::base::translate::Phrase;
use crate::base::{Locale, Secret, Text, Translator};

/// The part of a view that all pages share; templates know it as `page`.
#[derive(Debug, Clone)]
pub struct Layout {
    translator: Translator,
    /// What this server calls itself.
    pub product: String,
    csrf: Secret<String>,
    /// This page in each language; empty where no link can ask for it again.
    pub languages: Vec<Language>,
    /// What the last step wants to say, once.
    pub flash: Option<Flash>,
    /// Who is signed in, on pages for people who are.
    pub person: Option<Person>,
}

/// One entry of the language switcher.
#[derive(Debug, Clone)]
pub struct Language {
    /// BCP 47 tag.
    pub tag: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// The same page in it.
    pub href: String,
    /// Whether the page is in it now.
    pub current: bool,
}

/// A message at the top of the next page.
#[derive(Debug, Clone)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// What happened.
    pub text: Text,
}

/// How something stands; always shown with an icon or a word beside the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done, in order.
    Good,
    /// Worth a look.
    Warning,
    /// Failed, or in danger.
    Bad,
    /// Neither.
    Neutral,
}

impl Tone {
    /// The class that colours it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
        }
    }

    /// The icon that stands beside it.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Good => "circle-check",
            Self::Warning => "triangle-alert",
            Self::Bad => "circle-alert",
            Self::Neutral => "info",
        }
    }
}

/// The person who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// What to call them.
    pub name: String,
    /// Whether the console is open to them.
    pub is_administrator: bool,
}

impl Layout {
    /// The shared part of the page at `path_and_query` (as a GET would ask for it) in `locale`.
    pub fn new(locale: Locale, csrf: impl Into<String>, path_and_query: &str) -> Self {
        Self {
            translator: Translator::new(locale),
            product: "Signet".to_owned(),
            csrf: Secret::new(csrf.into()),
            languages: languages(locale, path_and_query),
            flash: None,
            person: None,
        }
    }

    /// The same with a message at the top.
    #[must_use]
    pub fn with_flash(mut self, tone: Tone, text: Text) -> Self {
        self.flash = Some(Flash { tone, text });
        self
    }

    /// The same for a page that no link can ask for again: the answer to a form, or one that leads on by itself.
    #[must_use]
    pub fn without_languages(mut self) -> Self {
        self.languages.clear();
        self
    }

    /// The same for someone who is signed in.
    #[must_use]
    pub fn with_person(mut self, name: impl Into<String>, is_administrator: bool) -> Self {
        self.person = Some(Person {
            name: name.into(),
            is_administrator,
        });
        self
    }

    /// Value of the hidden field `csrf` in every form.
    pub fn csrf(&self) -> &str {
        self.csrf.expose()
    }

    /// The translator of the page's language.
    pub fn translator(&self) -> Translator {
        self.translator
    }

    /// The message `key` in the page's language.
    pub fn t(&self, key: impl AsRef<str>) -> Phrase {
        self.translator.t(key)
    }

    /// The words of `text` in the page's language.
    pub fn say(&self, text: impl AsRef<Text>) -> String {
        self.translator.say(text)
    }

    /// The address of a file of `static/`.
    pub fn asset(&self, path: &str) -> &'static str {
        static_files::url(path)
    }

    /// The letter that stands in for a missing logo.
    pub fn initial(&self, name: &str) -> String {
        name.chars()
            .find(|letter| letter.is_alphanumeric())
            .map_or_else(|| "·".to_owned(), |letter| letter.to_uppercase().collect())
    }

    /// The page's language for `<html lang>`.
    pub fn lang(&self) -> &'static str {
        self.translator.locale().tag()
    }

    /// The direction of writing for `<html dir>`.
    pub fn dir(&self) -> &'static str {
        match self.translator.locale() {
            Locale::En | Locale::De => "ltr",
        }
    }
}

fn languages(current: Locale, path_and_query: &str) -> Vec<Language> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    // `//name` would be another server, and browsers read a backslash as a slash
    let path = path.trim_start_matches(['/', '\\']);
    let link = |locale: Locale| {
        // What was done was said already; it is not said again in another language.
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "ui_locales" && name != "done");
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(kept).append_pair("ui_locales", locale.tag());
        Language {
            tag: locale.tag(),
            name: locale.name(),
            href: format!("/{path}?{}", pairs.finish()),
            current: locale == current,
        }
    };
    Locale::ALL.into_iter().map(link).collect()
}

/// The `Content-Security-Policy` of a page.
///
/// Browsers apply `form-action` to the redirects that follow a form as well, so a page whose form may end at an app
/// needs that app's origin among `form_origins`; everything else stays at this server.
pub fn content_security_policy(form_origins: &[&str]) -> String {
    let mut policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: https:; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        .to_owned();
    for origin in form_origins {
        policy.push(' ');
        policy.push_str(origin);
    }
    policy
}

/// The address of a picture, if the policy above lets pages show it; any other would be a broken one, so a letter stands
/// in instead.
pub fn shown_picture(uri: Option<&str>) -> Option<String> {
    uri.filter(|uri| uri.starts_with("https://")).map(str::to_owned)
}

/// A value that would leave any place that does not escape it, for the samples of views.
#[cfg(test)]
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&{{x}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_links_keep_the_rest_of_the_query() {
        let page = Layout::new(Locale::De, "token", "/login?request=a%26b&ui_locales=de&x=1");
        let hrefs: Vec<_> = page.languages.iter().map(|language| language.href.as_str()).collect();
        assert_eq!(
            hrefs,
            [
                "/login?request=a%26b&x=1&ui_locales=en",
                "/login?request=a%26b&x=1&ui_locales=de"
            ]
        );
        assert_eq!(page.languages.iter().filter(|language| language.current).count(), 1);
    }

    #[test]
    fn a_language_link_never_leads_to_another_server() {
        for path in ["//evil.example/x", "/\\evil.example/x", "\\\\/evil.example/x"] {
            let page = Layout::new(Locale::En, "token", path);
            assert_eq!(page.languages[0].href, "/evil.example/x?ui_locales=en", "{path}");
        }
        let none = Layout::new(Locale::En, "token", "/login").without_languages();
        assert!(none.languages.is_empty());
    }

    #[test]
    fn only_pictures_that_the_policy_lets_in_are_shown() {
        let https = "https://a.example/a.png";
        assert_eq!(shown_picture(Some(https)).as_deref(), Some(https));
        for other in [
            None,
            Some("http://a.example/a.png"),
            Some("ftp://a.example/a"),
            Some("x"),
        ] {
            assert_eq!(shown_picture(other), None, "{other:?}");
        }
        assert!(content_security_policy(&[]).contains("img-src 'self' data: https:;"));
    }

    #[test]
    fn the_policy_names_only_the_given_form_targets() {
        assert!(content_security_policy(&[]).ends_with("form-action 'self'"));
        assert!(content_security_policy(&["https://app.example"]).ends_with("form-action 'self' https://app.example"));
    }
}
