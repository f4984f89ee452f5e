//! Reading resource files: every value knows its file and line, and an unknown key names the nearest known one.

use std::{fmt, ops::Range, path::PathBuf};

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::base::{
    nearest::{Guess, nearest},
    storable::is_storable,
};

/// Longest file, in bytes.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// One resource file, read but not understood.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, as messages show it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The folder that relative paths in it start from.
    pub folder: PathBuf,
}

/// What is wrong in a file, and where. Never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub file: String,
    pub line: usize,
}

impl Place {
    /// What is wrong there.
    pub fn error(&self, message: impl Into<String>) -> FileError {
        FileError {
            file: self.file.clone(),
            line: self.line,
            message: message.into(),
        }
    }
}

impl Source {
    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.as_bytes().iter().take(span.start);
        Place {
            file: self.name.clone(),
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
        }
    }

    /// Parses the text and hands its top table to `read`.
    ///
    /// # Errors
    /// What is not TOML, and a text that the database cannot hold.
    pub(super) fn parse<T>(&self, read: impl FnOnce(Table<'_, '_>) -> T) -> Result<T, FileError> {
        if self.text.len() > MAX_FILE {
            return Err(self.place(&(0..0)).error("the file is larger than 16 MiB"));
        }
        let document = DeTable::parse(&self.text).map_err(|error| {
            let place = self.place(&error.span().unwrap_or(0..0));
            place.error(format!("not TOML: {}", error.message()))
        })?;
        if let Some(span) = nul_in_table(document.get_ref()) {
            let message = "has a NUL character (\\u0000) here, which no text can have";
            return Err(self.place(&span).error(message));
        }
        Ok(read(Table {
            source: self,
            table: document.get_ref(),
            span: document.span(),
        }))
    }
}

/// A table of a file.
#[derive(Clone)]
pub(super) struct Table<'d, 't> {
    source: &'d Source,
    table: &'d DeTable<'t>,
    span: Range<usize>,
}

/// A key with its value.
pub(super) struct Item<'d, 't> {
    source: &'d Source,
    name: &'d str,
    name_span: Range<usize>,
    value: &'d toml::Spanned<DeValue<'t>>,
}

impl<'d, 't> Table<'d, 't> {
    /// Where it begins.
    pub fn place(&self) -> Place {
        self.source.place(&self.span)
    }

    /// The file that it stands in.
    pub fn source(&self) -> &'d Source {
        self.source
    }

    /// Every key with its value, in the order of the file.
    pub fn items(&self) -> impl Iterator<Item = Item<'d, 't>> {
        let source = self.source;
        self.table.iter().map(move |(name, value)| Item {
            source,
            name: name.get_ref(),
            name_span: name.span(),
            value,
        })
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<Item<'d, 't>> {
        self.items().find(|item| item.name == name)
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// That it is not.
    pub fn need(&self, name: &str) -> Result<Item<'d, 't>, FileError> {
        self.get(name)
            .ok_or_else(|| self.place().error(format!("{name} is missing")))
    }

    /// Refuses keys that are not `known`.
    ///
    /// # Errors
    /// The first one, with the nearest known key.
    pub fn only(&self, known: &[&str]) -> Result<(), FileError> {
        self.only_or(known, |_| false)
    }

    /// Refuses keys that are neither `known` nor `welcome`.
    ///
    /// # Errors
    /// The first one, with the nearest known key.
    pub fn only_or(&self, known: &[&str], welcome: impl Fn(&str) -> bool) -> Result<(), FileError> {
        let is_unknown = |item: &Item<'_, '_>| !known.contains(&item.name) && !welcome(item.name);
        match self.items().find(is_unknown) {
            None => Ok(()),
            Some(item) => Err(item.unknown(known)),
        }
    }

    /// An optional text.
    ///
    /// # Errors
    /// That it is something else.
    pub fn text(&self, name: &str) -> Result<Option<String>, FileError> {
        self.get(name).map(|item| item.text()).transpose()
    }

    /// An optional list of texts; none means empty.
    ///
    /// # Errors
    /// That it is something else.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, FileError> {
        self.get(name).map_or_else(|| Ok(Vec::new()), |item| item.texts())
    }

    /// The tables of `[[name]]`.
    ///
    /// # Errors
    /// That it is something else.
    pub fn tables(&self, name: &str) -> Result<Vec<Table<'d, 't>>, FileError> {
        let Some(item) = self.get(name) else {
            return Ok(Vec::new());
        };
        let wrong = || item.place().error(format!("{name} must be written as [[{name}]]"));
        let list = item.value.get_ref().as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|entry| {
                let table = entry.get_ref().as_table().ok_or_else(wrong)?;
                Ok(Table {
                    source: self.source,
                    table,
                    span: entry.span(),
                })
            })
            .collect()
    }
}

impl<'d, 't> Item<'d, 't> {
    /// Where the key stands.
    pub fn place(&self) -> Place {
        self.source.place(&self.name_span)
    }

    /// The key.
    pub fn name(&self) -> &'d str {
        self.name
    }

    /// That the key is not known.
    pub fn unknown(&self, known: &[&str]) -> FileError {
        let hint = match nearest(self.name, known.iter().copied()) {
            Some(Guess::Near(near)) => format!("did you mean {near:?}?"),
            Some(Guess::Far(nearest)) => format!("the nearest known key is {nearest:?} of {}", known.join(", ")),
            None => "none is known here".to_owned(),
        };
        let name: String = self.name.chars().take(80).collect();
        self.place().error(format!("unknown key {name:?}: {hint}"))
    }

    /// That the value is of another type than `wanted`.
    pub fn mismatch(&self, wanted: &str) -> FileError {
        let found = self.value.get_ref().type_str();
        self.place()
            .error(format!("{} must be {wanted}, not a {found}", self.name))
    }

    /// A text.
    ///
    /// # Errors
    /// That it is something else.
    pub fn text(&self) -> Result<String, FileError> {
        let text = self.value.get_ref().as_str();
        text.map(str::to_owned).ok_or_else(|| self.mismatch("a string"))
    }

    /// A list of texts.
    ///
    /// # Errors
    /// That it is something else.
    pub fn texts(&self) -> Result<Vec<String>, FileError> {
        let wrong = || self.mismatch("a list of strings");
        let list = self.value.get_ref().as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|entry| entry.get_ref().as_str().map(str::to_owned).ok_or_else(wrong))
            .collect()
    }

    /// A table.
    ///
    /// # Errors
    /// That it is something else.
    pub fn table(&self) -> Result<Table<'d, 't>, FileError> {
        let table = self
            .value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.mismatch("a table"))?;
        Ok(Table {
            source: self.source,
            table,
            span: self.name_span.clone(),
        })
    }

    /// The value as JSON.
    ///
    /// # Errors
    /// Numbers that JSON does not have.
    pub fn json(&self) -> Result<Value, FileError> {
        json(self.value.get_ref()).ok_or_else(|| {
            self.place()
                .error(format!("{} has a number that JSON does not have", self.name))
        })
    }
}

/// Where the first text or key stands that the database cannot hold.
fn nul_in_table(table: &DeTable<'_>) -> Option<Range<usize>> {
    table.iter().find_map(|(name, value)| {
        if is_storable(name.get_ref()) {
            nul_in_value(value)
        } else {
            Some(name.span())
        }
    })
}

fn nul_in_value(value: &toml::Spanned<DeValue<'_>>) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::String(text) => (!is_storable(text)).then(|| value.span()),
        DeValue::Array(list) => list.iter().find_map(nul_in_value),
        DeValue::Table(table) => nul_in_table(table),
        _ => None,
    }
}

fn json(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => Value::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => Value::Number(serde_json::Number::from_f64(number.as_str().parse().ok()?)?),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(at) => Value::from(at.to_string()),
        DeValue::Array(list) => list
            .iter()
            .map(|entry| json(entry.get_ref()))
            .collect::<Option<Vec<_>>>()?
            .into(),
        DeValue::Table(table) => {
            let mut members = Map::new();
            for (name, value) in table {
                members.insert(name.get_ref().to_string(), json(value.get_ref())?);
            }
            members.into()
        }
    })
}
