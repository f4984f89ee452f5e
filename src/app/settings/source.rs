//! Where settings come from: the file, then the environment; and what is wrong with either as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::SettingsError;
use super::keys::{self, KEYS};
use crate::base::nearest::{Guess, nearest};

/// How the name of each variable begins.
const PREFIX: &str = "SIGNET_";

/// Read when nothing else is named, if it exists.
pub(super) const DEFAULT_FILE: &str = "config/signet.toml";

/// One layer of settings, for figment.
struct Layer {
    name: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// The layers, merged, and where each value was written.
pub(super) struct Sources {
    figment: Figment,
    file: PathBuf,
    /// Path of the setting → the variable that set it.
    variables: BTreeMap<&'static str, String>,
}

impl Sources {
    /// Reads the file and the environment. `config` is the file of `--config`.
    pub fn read(config: Option<&Path>, environment: &[(String, String)]) -> Result<Self, SettingsError> {
        let named = config.map(Path::to_path_buf).or_else(|| {
            let value = environment.iter().find(|(name, _)| name == "SIGNET_CONFIG");
            value
                .filter(|(_, path)| !path.is_empty())
                .map(|(_, path)| PathBuf::from(path))
        });
        let file = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let values = match std::fs::read_to_string(&file) {
            Ok(text) => parse(&file, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Dict::new(),
            Err(error) => {
                return Err(SettingsError::File {
                    file,
                    fault: error.to_string(),
                });
            }
        };
        check_names(&file, "", &values)?;
        let (variables, overrides) = read_environment(environment)?;
        let figment = Figment::from(Layer {
            name: file.display().to_string(),
            values,
        })
        .merge(Layer {
            name: "environment".to_owned(),
            values: overrides,
        });
        Ok(Self {
            figment,
            file,
            variables,
        })
    }

    /// The value of a setting, if it was given.
    pub fn find(&self, path: &str) -> Option<Value> {
        self.figment.find_value(path).ok()
    }

    /// The setting's name as the operator wrote it, or would write it.
    pub fn name(&self, path: &str) -> String {
        match self.variables.get(path) {
            Some(variable) => variable.clone(),
            None => format!("{}: {path}", self.file.display()),
        }
    }

    /// An example in the form of the place where the setting was written.
    pub fn example(&self, path: &str) -> String {
        match self.variables.get(path) {
            Some(variable) => in_environment(variable, path),
            None => in_file(path),
        }
    }
}

/// Parses the file. The message of a syntax error never quotes the line, since it may hold a secret.
fn parse(file: &Path, text: &str) -> Result<Dict, SettingsError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        SettingsError::Syntax {
            file: file.to_path_buf(),
            line: before.matches('\n').count() + 1,
            fault: error.message().lines().collect::<Vec<_>>().join(", "),
        }
    })
}

fn check_names(file: &Path, section: &str, values: &Dict) -> Result<(), SettingsError> {
    for (name, value) in values {
        let path = if section.is_empty() {
            name.clone()
        } else {
            format!("{section}.{name}")
        };
        let is_section = section.is_empty() && KEYS.iter().any(|key| key.path.starts_with(&format!("{name}.")));
        match value {
            Value::Dict(_, inner) if is_section => check_names(file, name, inner)?,
            _ if keys::find(&path).is_some() => {}
            _ => {
                return Err(unknown_name(file, &path, value));
            }
        }
    }
    Ok(())
}

/// The error for a name of the file that no setting has.
fn unknown_name(file: &Path, path: &str, value: &Value) -> SettingsError {
    let (nearest, example) = match value {
        Value::Dict(..) => {
            let sections = KEYS
                .iter()
                .filter_map(|key| key.path.split_once('.').map(|(section, _)| section));
            let near = near(path, sections);
            (near, format!("[{}]", near.unwrap_or("tokens")))
        }
        _ => {
            let near = near(path, KEYS.iter().map(|key| key.path));
            (near, in_file(near.unwrap_or("issuer")))
        }
    };
    SettingsError::Unknown {
        setting: format!("{}: {path}", file.display()),
        nearest: nearest.map(str::to_owned),
        example,
    }
}

/// The error for a variable that no setting has. The prefix is not compared: every variable has it.
fn unknown_variable(variable: &str) -> SettingsError {
    let bare = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let names: Vec<String> = KEYS.iter().map(|key| bare(&keys::variable(key))).collect();
    let near = near(&bare(variable), names.iter().map(String::as_str)).map(|name| format!("{PREFIX}{name}"));
    let example = near.clone().unwrap_or_else(|| "SIGNET_ISSUER".to_owned());
    let path = keys::find_by_variable(&example).map_or("issuer", |key| key.path);
    SettingsError::Unknown {
        setting: variable.to_owned(),
        nearest: near,
        example: in_environment(&example, path),
    }
}

fn near<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    match nearest(word, known) {
        Some(Guess::Near(name)) => Some(name),
        Some(Guess::Far(_)) | None => None,
    }
}

fn example_value(path: &str) -> &'static str {
    keys::find(path).map_or("…", |key| key.example)
}

fn in_environment(variable: &str, path: &str) -> String {
    let value = example_value(path).replace(['"', '[', ']'], "").replace(", ", ",");
    format!("{variable}={value}")
}

fn in_file(path: &str) -> String {
    let value = example_value(path);
    match path.split_once('.') {
        Some((section, key)) => format!("{key} = {value} under [{section}]"),
        None => format!("{path} = {value}"),
    }
}

type Overrides = (BTreeMap<&'static str, String>, Dict);

fn read_environment(environment: &[(String, String)]) -> Result<Overrides, SettingsError> {
    let mut variables = BTreeMap::new();
    let mut values = Dict::new();
    for (variable, value) in environment {
        // An empty variable is how compose files and shells say "not set".
        if !variable.starts_with(PREFIX) || is_foreign(variable) || value.is_empty() {
            continue;
        }
        let Some(key) = keys::find_by_variable(variable) else {
            return Err(unknown_variable(variable));
        };
        if let Some(other) = variables.insert(key.path, variable.clone()) {
            return Err(SettingsError::Twice {
                first: other,
                second: variable.clone(),
            });
        }
        let value = Value::String(Tag::Default, value.clone());
        match key.path.split_once('.') {
            None => {
                values.insert(key.path.to_owned(), value);
            }
            Some((section, name)) => {
                let section = values
                    .entry(section.to_owned())
                    .or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
                if let Value::Dict(_, inner) = section {
                    inner.insert(name.to_owned(), value);
                }
            }
        }
    }
    Ok((variables, values))
}

/// Variables with our prefix that are no settings: the file's own name, those of the tests, and those that Kubernetes
/// and Docker inject for a service that is called `signet` (`SIGNET_PORT_8080_TCP_ADDR`).
fn is_foreign(variable: &str) -> bool {
    variable == "SIGNET_CONFIG"
        || variable == "SIGNET_PORT"
        || variable == "SIGNET_NAME"
        || ["SIGNET_TEST_", "SIGNET_PORT_", "SIGNET_SERVICE_", "SIGNET_ENV_"]
            .iter()
            .any(|prefix| variable.starts_with(prefix))
}
