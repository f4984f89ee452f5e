//! Reads one setting at a time: takes the text, converts and checks it, and says what is wrong in the operator's terms.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use figment::value::{Num, Value};

use super::SettingsError;
use super::source::Sources;
use crate::base::Secret;

/// A reader over the merged sources.
pub(super) struct Reader<'a>(pub &'a Sources);

impl Reader<'_> {
    /// The error for a setting.
    pub fn wrong(&self, path: &str, fault: impl Into<String>) -> SettingsError {
        SettingsError::Wrong {
            setting: self.0.name(path),
            fault: fault.into(),
            example: self.0.example(path),
        }
    }

    /// The setting as text. Numbers and truth values count as what they look like, since variables are all text.
    fn text(&self, path: &str) -> Result<Option<String>, SettingsError> {
        match self.0.find(path) {
            None => Ok(None),
            Some(value) => match scalar(&value) {
                Some(text) => Ok(Some(text)),
                None => Err(self.wrong(path, "takes a single value")),
            },
        }
    }

    /// A setting that `parse` understands. What it returns as an error is the fault, after the quoted value.
    pub fn parse<T>(
        &self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(path)? else {
            return Ok(None);
        };
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => Err(self.wrong(path, format!("{text:?} {fault}"))),
        }
    }

    /// A whole number within bounds.
    pub fn number(&self, path: &str, default: u64, bounds: RangeInclusive<u64>) -> Result<u64, SettingsError> {
        let value = self.parse(path, |text| {
            let number: u64 = text.parse().map_err(|_| "is not a whole number".to_owned())?;
            if bounds.contains(&number) {
                Ok(number)
            } else {
                Err(format!("is not between {} and {}", bounds.start(), bounds.end()))
            }
        })?;
        Ok(value.unwrap_or(default))
    }

    /// A number that fits 32 bits.
    pub fn small(&self, path: &str, default: u32, bounds: RangeInclusive<u32>) -> Result<u32, SettingsError> {
        let wide = u64::from(*bounds.start())..=u64::from(*bounds.end());
        let number = self.number(path, u64::from(default), wide)?;
        Ok(u32::try_from(number).unwrap_or(default))
    }

    /// A number of bytes, hashes or threads.
    pub fn size(&self, path: &str, default: usize, bounds: RangeInclusive<u32>) -> Result<usize, SettingsError> {
        let wide = u64::from(*bounds.start())..=u64::from(*bounds.end());
        let number = self.number(path, u64::try_from(default).unwrap_or(u64::MAX), wide)?;
        Ok(usize::try_from(number).unwrap_or(default))
    }

    /// A length of time in whole seconds, as domain rules use it.
    pub fn seconds(
        &self,
        path: &str,
        default: u32,
        bounds: RangeInclusive<u32>,
    ) -> Result<time::Duration, SettingsError> {
        Ok(time::Duration::seconds(i64::from(self.small(path, default, bounds)?)))
    }

    /// A length of time in whole seconds, as sockets use it.
    pub fn timeout(
        &self,
        path: &str,
        default: u32,
        bounds: RangeInclusive<u32>,
    ) -> Result<std::time::Duration, SettingsError> {
        Ok(std::time::Duration::from_secs(u64::from(
            self.small(path, default, bounds)?,
        )))
    }

    /// `true` or `false`.
    pub fn flag(&self, path: &str, default: bool) -> Result<bool, SettingsError> {
        let value = self.parse(path, |text| {
            text.parse().map_err(|_| "is neither true nor false".to_owned())
        })?;
        Ok(value.unwrap_or(default))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, path: &str, default: T, words: &[(&str, T)]) -> Result<T, SettingsError> {
        let value = self.parse(path, |text| {
            words
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, value)| *value)
                .ok_or_else(|| {
                    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    format!("is not one of {}", known.join(", "))
                })
        })?;
        Ok(value.unwrap_or(default))
    }

    /// A list: an array in the file, separated by commas in a variable. Each entry goes through `parse`.
    pub fn list<T>(
        &self,
        path: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, SettingsError> {
        let Some(value) = self.0.find(path) else {
            return Ok(None);
        };
        let entries = match &value {
            Value::String(_, text) => text.split(',').map(|entry| entry.trim().to_owned()).collect(),
            Value::Array(_, values) => values
                .iter()
                .map(scalar)
                .collect::<Option<Vec<String>>>()
                .ok_or_else(|| self.wrong(path, "takes a list of single values"))?,
            _ => return Err(self.wrong(path, "takes a list")),
        };
        let mut parsed = Vec::with_capacity(entries.len());
        for entry in entries.iter().filter(|entry| !entry.is_empty()) {
            parsed.push(parse(entry).map_err(|fault| self.wrong(path, format!("{entry:?} {fault}")))?);
        }
        Ok(Some(parsed))
    }

    /// A path, relative to the working directory.
    pub fn path(&self, path: &str) -> Result<Option<PathBuf>, SettingsError> {
        self.parse(path, |text| {
            std::path::absolute(text).map_err(|_| "is not a path".to_owned())
        })
    }

    /// A file that can be read now.
    pub fn file(&self, path: &str) -> Result<Option<PathBuf>, SettingsError> {
        self.parse(path, |text| {
            let file = std::path::absolute(text).map_err(|_| "is not a path".to_owned())?;
            match std::fs::read(&file) {
                Ok(_) => Ok(file),
                Err(error) => Err(format!("cannot be read: {error}")),
            }
        })
    }

    /// A secret, from the setting itself or from the file that `…_file` names (surrounding space is dropped). Returns
    /// the path of the setting that gave it too, for messages; faults never quote the value.
    pub fn secret(
        &self,
        path: &'static str,
        path_of_file: &'static str,
    ) -> Result<Option<(Secret<String>, &'static str)>, SettingsError> {
        let direct = self.text(path)?.map(Secret::new);
        let file = self.path(path_of_file)?;
        match (direct, file) {
            (Some(_), Some(_)) => {
                let other = self.0.name(path);
                Err(self.wrong(
                    path_of_file,
                    format!("is given together with {other}; only one of the two can hold"),
                ))
            }
            (Some(secret), None) => Ok(Some((secret, path))),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| self.wrong(path_of_file, format!("{file:?} cannot be read: {error}")))?;
                let text = Secret::new(text);
                Ok(Some((Secret::new(text.expose().trim().to_owned()), path_of_file)))
            }
            (None, None) => Ok(None),
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.trim().to_owned()),
        Value::Char(_, letter) => Some(letter.to_string()),
        Value::Bool(_, truth) => Some(truth.to_string()),
        Value::Num(_, number) => Some(match number {
            Num::F32(number) => number.to_string(),
            Num::F64(number) => number.to_string(),
            _ => match (number.to_i128(), number.to_u128()) {
                (Some(number), _) => number.to_string(),
                (_, Some(number)) => number.to_string(),
                _ => return None,
            },
        }),
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}
