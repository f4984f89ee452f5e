//! What resource files ask for, understood but not yet compared with what there is.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    document::{FileError, Item, Place, Source, Table},
    secret,
};
use crate::{
    base::{Locale, Secret},
    domain::{api_resource, claims, client_metadata, profile::Patch},
    flow::admin::client_secret::GivenSecret,
    model::{
        ClientMetadata, ClientStatus, DetailsType, Localized, Placement, ResourceScope, TokenFormat, UserStatus,
        trusted_issuer::TrustTerms,
    },
    spec::oidc::claim::STANDARD_CLAIMS,
};

/// The kinds of things, in the order of the contract.
const KINDS: [&str; 7] = [
    "users",
    "clients",
    "connectors",
    "resources",
    "roles",
    "claims",
    "trusted_issuers",
];

/// Whether it is a name of client metadata. What is localized is written under tagged names.
fn is_metadata(name: &str) -> bool {
    name != "localized" && ClientMetadata::NAMES.contains(&name)
}

/// Where things stand: the entry and each of its fields.
#[derive(Debug, Clone)]
pub(super) struct Places {
    entry: Place,
    fields: BTreeMap<String, Place>,
}

impl Places {
    fn of(table: &Table<'_, '_>) -> Self {
        let field = |item: Item<'_, '_>| (item.name().to_owned(), item.place());
        Self {
            entry: table.place(),
            fields: table.items().map(field).collect(),
        }
    }

    /// Where the field stands, or else the entry.
    pub fn of_field(&self, field: &str) -> &Place {
        let top = field.split('.').next().unwrap_or_default();
        self.fields
            .get(field)
            .or_else(|| self.fields.get(top))
            .unwrap_or(&self.entry)
    }
}

/// A password in a file.
#[derive(Debug)]
pub(super) enum WantedPassword {
    Plain(Secret<String>),
    Hash(Secret<String>),
}

#[derive(Debug)]
pub(super) struct WantedUser {
    pub places: Places,
    pub username: Option<String>,
    /// What identifies them: the username, else the e-mail address.
    pub name: String,
    pub password: Option<WantedPassword>,
    pub status: Option<UserStatus>,
    pub locale: Option<Locale>,
    pub roles: Option<Vec<String>>,
    pub patch: Patch,
}

#[derive(Debug)]
pub(super) struct WantedClient {
    pub places: Places,
    pub client_id: String,
    /// What the file says of its secrets; `None`: nothing.
    pub secrets: Option<Vec<GivenSecret>>,
    pub metadata: ClientMetadata,
    pub roles: Vec<String>,
    pub status: ClientStatus,
}

#[derive(Debug)]
pub(super) struct WantedResource {
    pub places: Places,
    pub identifier: String,
    pub name: Option<String>,
    pub own_clients: Vec<String>,
    pub scopes: Vec<ResourceScope>,
    pub authorization_details_types: Vec<DetailsType>,
    pub access_token_format: TokenFormat,
    pub access_token_signing_alg: Option<String>,
    pub access_token_lifetime_seconds: Option<i32>,
}

#[derive(Debug)]
pub(super) struct WantedRole {
    pub name: String,
    pub description: Option<String>,
    pub permissions: Vec<String>,
}

#[derive(Debug)]
pub(super) struct WantedClaim {
    pub name: String,
    pub expression: String,
    pub titles: Localized,
    pub placement: Vec<Placement>,
    pub scopes: Vec<String>,
    pub clients: Vec<String>,
    pub resources: Vec<String>,
}

#[derive(Debug)]
pub(super) struct WantedIssuer {
    pub places: Places,
    pub issuer: String,
    pub terms: TrustTerms,
}

/// Everything that the files ask for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub users: Vec<WantedUser>,
    pub clients: Vec<WantedClient>,
    pub resources: Vec<WantedResource>,
    pub roles: Vec<WantedRole>,
    pub claims: Vec<WantedClaim>,
    pub trusted_issuers: Vec<WantedIssuer>,
}

/// Reads all files.
///
/// # Errors
/// Everything that is wrong, at most one thing for each entry.
pub(super) fn read(sources: &[Source]) -> Result<Wanted, Vec<FileError>> {
    let mut wanted = Wanted::default();
    let mut errors = Vec::new();
    for source in sources {
        match source.parse(|top| wanted.read(&top, &mut errors)) {
            Ok(()) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(wanted) } else { Err(errors) }
}

impl Wanted {
    fn read(&mut self, top: &Table<'_, '_>, errors: &mut Vec<FileError>) {
        errors.extend(
            top.items()
                .filter(|item| !KINDS.contains(&item.name()))
                .map(|item| item.unknown(&KINDS)),
        );
        if let Some(item) = top.get("connectors") {
            errors.push(item.place().error("connectors are not supported yet by this version"));
        }
        each(top, "roles", &mut self.roles, errors, role, |role| role.name.clone());
        each(top, "resources", &mut self.resources, errors, resource, |one| {
            one.identifier.clone()
        });
        each(top, "claims", &mut self.claims, errors, claim, |_| String::new());
        each(
            top,
            "trusted_issuers",
            &mut self.trusted_issuers,
            errors,
            issuer,
            |one| one.issuer.clone(),
        );
        each(top, "clients", &mut self.clients, errors, client, |one| {
            one.client_id.clone()
        });
        each(top, "users", &mut self.users, errors, user, |user| {
            user.name.to_lowercase()
        });
    }
}

/// Reads each entry of a kind; an entry that an earlier one has named already is an error. An empty name is no name.
fn each<T>(
    top: &Table<'_, '_>,
    kind: &str,
    found: &mut Vec<T>,
    errors: &mut Vec<FileError>,
    read: impl Fn(&Table<'_, '_>) -> Result<T, FileError>,
    name: impl Fn(&T) -> String,
) {
    let tables = top.tables(kind).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    for table in tables {
        match read(&table) {
            Err(error) => errors.push(error),
            Ok(one) => {
                let own = name(&one);
                if !own.is_empty() && found.iter().any(|other| name(other) == own) {
                    errors.push(table.place().error(format!("{own} is named twice")));
                }
                found.push(one);
            }
        }
    }
}

fn user(table: &Table<'_, '_>) -> Result<WantedUser, FileError> {
    table.only(&[
        "username",
        "password",
        "password_hash",
        "status",
        "locale",
        "roles",
        "profile",
        "custom_data",
    ])?;
    let mut places = Places::of(table);
    let mut patch = Patch::default();
    if let Some(profile) = table.get("profile") {
        let profile = profile.table()?;
        let known: Vec<&str> = STANDARD_CLAIMS.iter().map(|claim| claim.name).collect();
        profile.only(&known)?;
        for item in profile.items() {
            places.fields.insert(item.name().to_owned(), item.place());
            patch.profile.insert(item.name().to_owned(), item.json()?);
        }
    }
    if let Some(custom) = table.get("custom_data") {
        for item in custom.table()?.items() {
            places
                .fields
                .insert(format!("custom_data.{}", item.name()), item.place());
            patch.custom_data.insert(item.name().to_owned(), item.json()?);
        }
    }
    let username = table.text("username")?;
    let email = patch.profile.get("email").and_then(Value::as_str);
    let name = username.clone().or_else(|| email.map(str::to_owned));
    let password = match (table.get("password"), table.get("password_hash")) {
        (Some(_), Some(hash)) => return Err(hash.place().error("give either password or password_hash, not both")),
        (Some(plain), None) => Some(WantedPassword::Plain(secret::read(&plain)?)),
        (None, Some(hash)) => Some(WantedPassword::Hash(secret::read(&hash)?)),
        (None, None) => None,
    };
    Ok(WantedUser {
        name: name.ok_or_else(|| {
            table
                .place()
                .error("a user needs a username, or an email in its profile")
        })?,
        username,
        password,
        status: choice(table, "status", UserStatus::parse, "active or suspended")?,
        locale: choice(table, "locale", Locale::from_tag, "en or de")?,
        roles: table.get("roles").map(|item| item.texts()).transpose()?,
        patch,
        places,
    })
}

/// A text out of a closed set.
fn choice<T>(
    table: &Table<'_, '_>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Option<T>, FileError> {
    let Some(item) = table.get(name) else {
        return Ok(None);
    };
    let found = parse(&item.text()?);
    found
        .map(Some)
        .ok_or_else(|| item.place().error(format!("{name} must be {known}")))
}

fn client(table: &Table<'_, '_>) -> Result<WantedClient, FileError> {
    let known: Vec<&str> = ["client_id", "client_secret", "client_secrets", "roles", "status"]
        .into_iter()
        .chain(ClientMetadata::NAMES.iter().copied().filter(|name| is_metadata(name)))
        .collect();
    table.only_or(&known, |name| Localized::split(name).is_some())?;
    let mut members = Map::new();
    let mut localized = Map::new();
    for item in table.items() {
        if Localized::split(item.name()).is_some() {
            let value = item.text()?;
            client_metadata::check_localized(item.name(), value.trim())
                .map_err(|fault| item.place().error(format!("{}: {fault}", item.name())))?;
            localized.insert(item.name().to_owned(), Value::from(value));
        }
        if !is_metadata(item.name()) {
            continue;
        }
        let value = item.json()?;
        // each alone, so that what is wrong has its own line
        let alone = json!({ item.name(): value.clone() });
        if let Err(error) = serde_json::from_value::<ClientMetadata>(alone) {
            let why: String = error.to_string().chars().take(300).collect();
            return Err(item.place().error(format!("{}: {why}", item.name())));
        }
        members.insert(item.name().to_owned(), value);
    }
    members.insert("localized".to_owned(), Value::Object(localized));
    let metadata = serde_json::from_value(Value::Object(members)).map_err(|error| {
        table
            .place()
            .error(error.to_string().chars().take(300).collect::<String>())
    })?;
    Ok(WantedClient {
        places: Places::of(table),
        client_id: table.need("client_id")?.text()?,
        secrets: secret::of_client(table)?,
        metadata,
        roles: table.texts("roles")?,
        status: choice(table, "status", ClientStatus::parse, "active or disabled")?.unwrap_or(ClientStatus::Active),
    })
}

fn resource(table: &Table<'_, '_>) -> Result<WantedResource, FileError> {
    table.only(&[
        "identifier",
        "name",
        "own_clients",
        "scopes",
        "authorization_details_types",
        "access_token_format",
        "access_token_signing_alg",
        "access_token_lifetime_seconds",
    ])?;
    let scopes = match table.get("scopes") {
        None => Vec::new(),
        Some(item) => match item.json()? {
            Value::Array(list) => list.into_iter().map(scope).collect::<Option<Vec<_>>>(),
            _ => None,
        }
        .ok_or_else(|| item.mismatch("a list of names or of { name = …, description = … }"))?,
    };
    let details_types = match table.get("authorization_details_types") {
        None => Vec::new(),
        Some(item) => serde_json::from_value(item.json()?)
            .map_err(|_| item.mismatch("a list of { type = …, description = …, schema = { … } }"))?,
    };
    let lifetime = match table.get("access_token_lifetime_seconds") {
        None => None,
        Some(item) => {
            let seconds = item.json()?.as_i64().and_then(|seconds| i32::try_from(seconds).ok());
            Some(seconds.ok_or_else(|| item.mismatch("a number of seconds"))?)
        }
    };
    Ok(WantedResource {
        places: Places::of(table),
        identifier: table.need("identifier")?.text()?,
        name: table.text("name")?,
        own_clients: table.texts("own_clients")?,
        scopes,
        authorization_details_types: details_types,
        access_token_format: choice(table, "access_token_format", TokenFormat::parse, "jwt or opaque")?
            .unwrap_or_default(),
        access_token_signing_alg: table.text("access_token_signing_alg")?,
        access_token_lifetime_seconds: lifetime,
    })
}

fn scope(value: Value) -> Option<ResourceScope> {
    match value {
        Value::String(name) => Some(ResourceScope {
            name,
            description: None,
        }),
        Value::Object(ref members) if members.keys().all(|key| key == "name" || key == "description") => {
            serde_json::from_value(value).ok()
        }
        _ => None,
    }
}

fn role(table: &Table<'_, '_>) -> Result<WantedRole, FileError> {
    table.only(&["name", "description", "permissions"])?;
    let name = table.need("name")?.text()?;
    let permissions = table.texts("permissions")?;
    api_resource::check_role(&name, &permissions).map_err(|fault| table.place().error(fault.to_string()))?;
    Ok(WantedRole {
        description: table.text("description")?,
        name,
        permissions,
    })
}

fn issuer(table: &Table<'_, '_>) -> Result<WantedIssuer, FileError> {
    let fields = [
        "issuer",
        "jwks",
        "jwks_uri",
        "subject_claim",
        "subject_is",
        "clients",
        "scopes",
        "resources",
    ];
    table.only(&fields)?;
    let issuer = table.need("issuer")?.text()?;
    let mut terms = Map::new();
    for item in table.items().filter(|item| item.name() != "issuer") {
        terms.insert(item.name().to_owned(), item.json()?);
    }
    let terms = serde_json::from_value(Value::Object(terms));
    Ok(WantedIssuer {
        places: Places::of(table),
        issuer,
        terms: terms.map_err(|error| table.place().error(error.to_string()))?,
    })
}

fn claim(table: &Table<'_, '_>) -> Result<WantedClaim, FileError> {
    table.only_or(
        &["name", "title", "value", "in", "scopes", "clients", "resources"],
        |name| Localized::is_tagged(name, "title"),
    )?;
    let name = table.need("name")?.text()?;
    let value = table.need("value")?;
    let expression = value.text()?;
    let places = table.need("in")?;
    let placement = places
        .texts()?
        .iter()
        .map(|text| Placement::parse(text))
        .collect::<Option<Vec<_>>>();
    let mut placement =
        placement.ok_or_else(|| places.place().error("in must list id_token, access_token or userinfo"))?;
    placement.sort_unstable_by_key(|one| one.as_str());
    placement.dedup();
    claims::check_rule(&name, &expression, &placement).map_err(|fault| {
        let at = match fault {
            claims::RuleFault::Expression(_) => value.place(),
            claims::RuleFault::NoPlacement => places.place(),
            _ => table.get("name").map_or_else(|| table.place(), |item| item.place()),
        };
        at.error(fault.to_string())
    })?;
    Ok(WantedClaim {
        name,
        expression,
        titles: titles(table)?,
        placement,
        scopes: table.texts("scopes")?,
        clients: table.texts("clients")?,
        resources: table.texts("resources")?,
    })
}

/// `title` and the same in other languages.
fn titles(table: &Table<'_, '_>) -> Result<Localized, FileError> {
    let mut titles = Localized::default();
    for item in table.items() {
        if item.name() == "title" || Localized::is_tagged(item.name(), "title") {
            let title = item.text()?;
            claims::check_title(&title).map_err(|fault| item.place().error(format!("{}: {fault}", item.name())))?;
            titles.insert(item.name().to_owned(), title.trim().to_owned());
        }
    }
    Ok(titles)
}
