//! Words: Fluent texts for every language, built once.
//!
//! A [`Text`] names a message and its values without a language, so that rules and use cases can say what happened; a
//! [`Translator`] turns it into words. Templates ask the translator directly. English is the fallback for a message
//! that another language lacks, and a message that nobody has prints as `⟦key⟧`, which the tests look for.

use std::fmt;
use std::sync::LazyLock;

use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::Locale;

const ENGLISH: &[&str] = &[
    include_str!("../../locales/en/common.ftl"),
    include_str!("../../locales/en/login.ftl"),
    include_str!("../../locales/en/account.ftl"),
    include_str!("../../locales/en/console.ftl"),
    include_str!("../../locales/en/mail.ftl"),
];

const GERMAN: &[&str] = &[
    include_str!("../../locales/de/common.ftl"),
    include_str!("../../locales/de/login.ftl"),
    include_str!("../../locales/de/account.ftl"),
    include_str!("../../locales/de/console.ftl"),
    include_str!("../../locales/de/mail.ftl"),
];

static ENGLISH_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Locale::En));
static GERMAN_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Locale::De));

fn sources(locale: Locale) -> &'static [&'static str] {
    match locale {
        Locale::En => ENGLISH,
        Locale::De => GERMAN,
    }
}

fn bundle(locale: Locale) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = locale.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The isolation marks U+2068 and U+2069 would end up in addresses that people copy; both languages run left to right.
    bundle.set_use_isolating(false);
    for source in sources(locale) {
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// Speaks one language. Costs nothing to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translator {
    locale: Locale,
}

impl Translator {
    /// The translator for `locale`.
    pub fn new(locale: Locale) -> Self {
        Self { locale }
    }

    /// The language it speaks.
    pub fn locale(self) -> Locale {
        self.locale
    }

    /// The message `key`; values are added with [`Phrase::with`].
    pub fn t(self, key: impl AsRef<str>) -> Phrase {
        Phrase {
            translator: self,
            key: key.as_ref().to_owned(),
            values: FluentArgs::new(),
        }
    }

    /// The words of `text`.
    pub fn say(self, text: impl AsRef<Text>) -> String {
        let text = text.as_ref();
        let mut values = FluentArgs::new();
        for (name, value) in &text.values {
            match value {
                Value::Word(word) => values.set(*name, word.clone()),
                Value::Number(number) => values.set(*name, *number),
            }
        }
        self.format(text.key, &values)
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        match self.locale {
            Locale::En => &ENGLISH_BUNDLE,
            Locale::De => &GERMAN_BUNDLE,
        }
    }

    fn format(self, key: &str, values: &FluentArgs<'_>) -> String {
        for bundle in [self.bundle(), &*ENGLISH_BUNDLE] {
            if let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) {
                let mut faults = Vec::new();
                return bundle.format_pattern(pattern, Some(values), &mut faults).into_owned();
            }
        }
        format!("⟦{key}⟧")
    }
}

/// A message of one language with its values; prints as words.
#[derive(Debug)]
pub struct Phrase {
    translator: Translator,
    key: String,
    values: FluentArgs<'static>,
}

impl Phrase {
    /// The same message with the value `name` set.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Argument) -> Self {
        self.values.set(name, value.argument());
        self
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.translator.format(&self.key, &self.values))
    }
}

/// What can stand in a message: a word, or a number that may choose a plural.
pub trait Argument {
    /// The value as Fluent takes it.
    fn argument(&self) -> FluentValue<'static>;
}

impl Argument for str {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Argument for String {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(self.clone())
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn argument(&self) -> FluentValue<'static> {
        (**self).argument()
    }
}

macro_rules! number_arguments {
    ($($number:ty),*) => {$(
        impl Argument for $number {
            fn argument(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        }
    )*};
}
number_arguments!(u16, u32, u64, usize, i64);

/// A message without a language: its key and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    key: &'static str,
    values: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Word(String),
    Number(i64),
}

impl Text {
    /// The message `key` of `locales/*/*.ftl`.
    pub fn new(key: &'static str) -> Self {
        Self {
            key,
            values: Vec::new(),
        }
    }

    /// Words that are the same in every language: a name, an identifier.
    pub fn verbatim(words: impl Into<String>) -> Self {
        Self::new("verbatim").with("words", words)
    }

    /// The same message with a word in it.
    #[must_use]
    pub fn with(mut self, name: &'static str, word: impl Into<String>) -> Self {
        self.values.push((name, Value::Word(word.into())));
        self
    }

    /// The same message with a number in it, which may choose a plural.
    #[must_use]
    pub fn count(mut self, name: &'static str, number: i64) -> Self {
        self.values.push((name, Value::Number(number)));
        self
    }

    /// The message's key.
    pub fn key(&self) -> &'static str {
        self.key
    }
}

impl AsRef<Self> for Text {
    fn as_ref(&self) -> &Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use super::*;

    /// Every message of `locale` with the names of the values it uses.
    fn messages(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        for source in sources(locale) {
            let mut key = None;
            for line in source.lines() {
                let starts = line.starts_with(|letter: char| letter.is_ascii_lowercase());
                if let Some((name, _)) = line.split_once(" =").filter(|_| starts) {
                    key = Some(name.to_owned());
                    let known = found.insert(name.to_owned(), BTreeSet::new());
                    assert!(known.is_none(), "{name} stands twice in {}", locale.tag());
                }
                let Some(key) = &key else { continue };
                for rest in line.split("{ $").skip(1) {
                    let value = rest.split([' ', '}']).next().unwrap();
                    found.get_mut(key).unwrap().insert(value.to_owned());
                }
            }
        }
        found
    }

    fn files(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, into);
            } else {
                into.push(path);
            }
        }
    }

    fn all_sources() -> String {
        let mut paths = Vec::new();
        for folder in ["src", "templates"] {
            files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut paths);
        }
        paths
            .iter()
            .filter(|path| !path.ends_with("base/translate.rs"))
            .map(|path| std::fs::read_to_string(path).unwrap() + "\n")
            .collect()
    }

    #[test]
    fn every_file_parses_without_a_fault() {
        for locale in Locale::ALL {
            for source in sources(locale) {
                let parsed = FluentResource::try_new((*source).to_owned());
                assert!(
                    parsed.is_ok(),
                    "{}: {:?}",
                    locale.tag(),
                    parsed.err().map(|fault| fault.1)
                );
            }
        }
    }

    #[test]
    fn every_language_has_the_same_messages_with_the_same_values() {
        let english = messages(Locale::En);
        let german = messages(Locale::De);
        let missing: Vec<_> = english.keys().filter(|key| !german.contains_key(*key)).collect();
        let extra: Vec<_> = german.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(
            missing.is_empty() && extra.is_empty(),
            "only en: {missing:?}; only de: {extra:?}"
        );
        for (key, values) in &english {
            assert_eq!(Some(values), german.get(key), "the values of {key}");
        }
    }

    #[test]
    fn every_message_that_is_asked_for_exists() {
        let known = messages(Locale::En);
        let sources = all_sources();
        let mut asked = 0;
        for opening in [".t(\"", "Text::new(\""] {
            for rest in sources.split(opening).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(known.contains_key(key), "{key} is asked for and stands in no file");
                asked += 1;
            }
        }
        assert!(asked > 0);
    }

    #[test]
    fn every_message_is_used() {
        let sources = all_sources();
        let unused: Vec<_> = messages(Locale::En)
            .into_keys()
            .filter(|key| key != "verbatim" && !sources.contains(&format!("\"{key}\"")))
            .collect();
        assert!(unused.is_empty(), "nobody says {unused:?}");
    }

    #[test]
    fn a_number_chooses_the_plural_and_a_word_stands_as_it_is() {
        let english = Translator::new(Locale::En);
        assert_eq!(english.t("when-minutes").with("n", 1_u64).to_string(), "1 minute ago");
        assert_eq!(english.say(Text::new("when-minutes").count("n", 5)), "5 minutes ago");
        let german = Translator::new(Locale::De);
        assert_eq!(german.t("when-minutes").with("n", 1_u64).to_string(), "vor 1 Minute");
        let hostile = english.t("to-continue-to").with("app", "{ $app }").to_string();
        assert_eq!(hostile, "to continue to { $app }");
    }

    #[test]
    fn a_message_that_nobody_has_shows_its_key() {
        assert_eq!(
            Translator::new(Locale::De).t("no-such-key").to_string(),
            "⟦no-such-key⟧"
        );
    }
}
