//! Reading of resource files, without a database.

use super::{
    document::{FileError, Source},
    wanted::{self, Wanted, WantedPassword},
};

fn source(text: &str) -> Source {
    Source {
        name: "files/x.toml".into(),
        text: text.into(),
        folder: std::env::temp_dir(),
    }
}

fn read(text: &str) -> Result<Wanted, Vec<FileError>> {
    wanted::read(&[source(text)])
}

fn refused(text: &str) -> String {
    let errors = read(text).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].to_string()
}

#[test]
fn the_example_of_the_contract_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("provisioner.secret"), "0123456789abcdef\n").unwrap();
    let text = r#"
[[users]]
username = "alice"
password = "correct horse battery staple"
roles = ["admin"]
[users.profile]
email = "alice@example.com"
email_verified = true
given_name = "Alice"
address = { locality = "Lyon", country = "FR" }
[users.custom_data]
occupation = "engineer"

[[clients]]
client_id = "demo-web"
client_secret = "a secret of some length"
client_name = "Demo"
redirect_uris = ["http://localhost:3000/callback"]
grant_types = ["authorization_code", "refresh_token"]
require_consent = false

[[clients]]
client_id = "provisioner"
client_secret = { file = "provisioner.secret" }
grant_types = ["client_credentials"]
roles = ["admin"]

[[resources]]
identifier = "https://api.example.com"
scopes = ["orders:read", { name = "orders:write", description = "Place orders" }]

[[roles]]
name = "support"
permissions = ["https://api.example.com orders:read"]

[[claims]]
name = "https://example.com/plan"
title = "Plan"
"title#de" = "Tarif"
value = "user.custom_data.plan"
in = ["id_token", "access_token", "userinfo"]
scopes = ["profile"]
"#;
    let source = Source {
        folder: folder.path().to_owned(),
        ..source(text)
    };
    let wanted = wanted::read(&[source]).unwrap();
    assert_eq!(wanted.users[0].patch.profile["address"]["locality"], "Lyon");
    assert!(matches!(&wanted.users[0].password, Some(WantedPassword::Plain(_))));
    assert!(!wanted.clients[0].metadata.require_consent);
    assert_eq!(
        wanted.clients[1].secrets.as_ref().unwrap()[0].value.expose(),
        "0123456789abcdef"
    );
    assert_eq!(
        wanted.resources[0].scopes[1].description.as_deref(),
        Some("Place orders")
    );
    assert_eq!(wanted.roles[0].permissions.len(), 1);
    assert_eq!(wanted.claims[0].placement.len(), 3);
    assert_eq!(wanted.claims[0].titles.best("title", "de"), Some("Tarif"));
    assert_eq!(wanted.claims[0].titles.best("title", "en"), Some("Plan"));
}

#[test]
fn an_unknown_key_names_file_line_and_the_nearest_known_key() {
    assert_eq!(
        refused("[[clients]]\nclient_id = \"a\"\nredirect_uri = [\"https://a.example\"]\n"),
        "files/x.toml:3: unknown key \"redirect_uri\": did you mean \"redirect_uris\"?"
    );
    assert_eq!(
        refused("\n[[user]]\nusername = \"a\"\n"),
        "files/x.toml:2: unknown key \"user\": did you mean \"users\"?"
    );
    assert_eq!(
        refused("[[users]]\nusername = \"a\"\n[users.profile]\ngivenname = \"A\"\n"),
        "files/x.toml:4: unknown key \"givenname\": did you mean \"given_name\"?"
    );
    assert_eq!(
        refused("[[roles]]\nname = \"a\"\ncolour = 1\n"),
        "files/x.toml:3: unknown key \"colour\": the nearest known key is \"name\" of name, description, permissions"
    );
}

#[test]
fn names_may_carry_a_language() {
    let client = |more: &str| format!("[[clients]]\nclient_id = \"a\"\n{more}\n");
    let wanted = read(&client("client_name = \"Ledger\"\n\"client_name#de\" = \"Hafenbuch\"")).unwrap();
    let metadata = &wanted.clients[0].metadata;
    assert_eq!(metadata.client_name.as_deref(), Some("Ledger"));
    assert_eq!(metadata.localized.find("client_name", "de"), Some("Hafenbuch"));
    assert_eq!(
        refused(&client("\"logo_uri#de\" = \"http://a.example/logo.png\"")),
        "files/x.toml:3: logo_uri#de: must be an https address; http only on localhost"
    );
    for other in ["\"scope#de\"", "\"client_name#d\"", "localized"] {
        assert!(refused(&client(&format!("{other} = \"x\""))).starts_with("files/x.toml:3: unknown key"));
    }
}

#[test]
fn a_value_outside_a_closed_set_is_refused_in_its_line() {
    let client = |line: &str| format!("[[clients]]\nclient_id = \"a\"\n{line}\n");
    for good in [
        "subject_type = \"pairwise\"",
        "response_types = [\"token id_token code\"]",
        "grant_types = [\"urn:openid:params:grant-type:ciba\"]",
        "security_profile = \"fapi2-security\"",
    ] {
        assert!(read(&client(good)).is_ok(), "{good}");
    }
    for (name, bad) in [
        ("subject_type", "\"private\""),
        ("response_types", "[\"token\"]"),
        ("grant_types", "[\"password\"]"),
        ("security_profile", "\"fapi3\""),
        ("backchannel_token_delivery_mode", "\"push\""),
    ] {
        let said = refused(&client(&format!("{name} = {bad}")));
        assert!(said.starts_with(&format!("files/x.toml:3: {name}: ")), "{said}");
    }
}

#[test]
fn connectors_are_refused_for_now() {
    assert_eq!(
        refused("[[connectors]]\nid = \"google\"\n"),
        "files/x.toml:1: connectors are not supported yet by this version"
    );
}

#[test]
fn a_text_that_the_database_cannot_hold_is_refused_with_its_line() {
    let nul = "has a NUL character (\\u0000) here, which no text can have";
    for (text, line) in [
        (
            "[[users]]\nusername = \"a\"\n[users.custom_data]\nplan = [{ a = \"x\\u0000\" }]\n",
            4,
        ),
        (
            "[[users]]\nusername = \"a\"\n[users.custom_data]\n\"x\\u0000\" = 1\n",
            4,
        ),
        ("[[roles]]\nname = \"a\"\ndescription = \"\\u0000\"\n", 3),
        (
            "[[claims]]\nname = \"a\"\nvalue = \"'\\u0000'\"\nin = [\"userinfo\"]\n",
            3,
        ),
        (
            "[[clients]]\nclient_id = \"a\"\ncontacts = [\n  \"a@b.example\",\n  \"\\u0000\",\n]\n",
            5,
        ),
    ] {
        assert_eq!(refused(text), format!("files/x.toml:{line}: {nul}"));
    }
}

#[test]
fn values_of_another_type_are_refused_with_their_line() {
    for (text, message) in [
        (
            "[[users]]\nusername = 1\n",
            "files/x.toml:2: username must be a string, not a integer",
        ),
        (
            "[[users]]\nusername = \"a\"\nroles = \"admin\"\n",
            "files/x.toml:3: roles must be a list of strings, not a string",
        ),
        ("users = 1\n", "files/x.toml:1: users must be written as [[users]]"),
        (
            "[[users]]\nroles = []\n",
            "files/x.toml:1: a user needs a username, or an email in its profile",
        ),
        (
            "[[clients]]\nclient_name = \"x\"\n",
            "files/x.toml:1: client_id is missing",
        ),
        (
            "[[users]]\nusername = \"a\"\nstatus = \"gone\"\n",
            "files/x.toml:3: status must be active or suspended",
        ),
        (
            "[[roles]]\nname = \"a\"\npermissions = [\"orders:read\"]\n",
            "files/x.toml:1: permissions: \"orders:read\" is not a resource, a blank and a scope",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
    let metadata = refused("[[clients]]\nclient_id = \"a\"\ngrant_types = [\"password\"]\n");
    assert!(
        metadata.starts_with("files/x.toml:3: grant_types: unknown variant `password`"),
        "{metadata}"
    );
    assert!(refused("[[users]\n").starts_with("files/x.toml:1: not TOML"));
}

#[test]
fn claims_are_checked_where_they_stand() {
    let claim =
        |name: &str, value: &str| format!("[[claims]]\nname = \"{name}\"\nvalue = \"{value}\"\nin = [\"userinfo\"]\n");
    assert!(read(&claim("x", "user.id")).is_ok());
    assert_eq!(
        refused(&claim("sub", "user.id")),
        "files/x.toml:2: the claim name sub is reserved by the protocol"
    );
    assert!(refused(&claim("x", "user.")).starts_with("files/x.toml:3: the expression does not parse"));
    assert!(
        refused("[[claims]]\nname = \"x\"\nvalue = \"1\"\nin = [\"cookie\"]\n")
            .contains("files/x.toml:4: in must list")
    );
    let titled =
        |title: &str| format!("[[claims]]\nname = \"x\"\n{title} = \"\"\nvalue = \"1\"\nin = [\"userinfo\"]\n");
    assert!(refused(&titled("\"title#de\"")).starts_with("files/x.toml:3: title#de: a title has 1 to 100"));
    assert!(refused(&titled("\"title#\"")).starts_with("files/x.toml:3: unknown key \"title#\""));
}

#[test]
fn secrets_come_from_text_environment_or_file_and_are_never_shown() {
    let user = |password: &str| format!("[[users]]\nusername = \"a\"\npassword = {password}\n");
    let path = std::env::var("PATH").unwrap();
    let wanted = read(&user("{ env = \"PATH\" }")).unwrap();
    assert!(matches!(&wanted.users[0].password, Some(WantedPassword::Plain(value)) if *value.expose() == path));
    assert_eq!(
        refused(&user("{ env = \"SIGNET_NOT_THERE\" }")),
        "files/x.toml:3: password: the environment variable SIGNET_NOT_THERE is not set"
    );
    assert!(refused(&user("{ file = \"not-there.secret\" }")).contains("not-there.secret"));
    assert!(refused(&user("{ path = \"x\" }")).contains("unknown key \"path\""));
    assert!(refused(&user("\"\"")).contains("password is empty"));
    assert!(refused(&user("7")).contains("password must be a string, { env"));
    assert!(refused("[[users]]\nusername = \"a\"\npassword = \"x\"\npassword_hash = \"y\"\n").contains("not both"));
    assert!(!format!("{:?}", read(&user("\"hunter2 hunter2\"")).unwrap()).contains("hunter2"));
}

#[test]
fn a_name_twice_is_an_error_also_in_two_files() {
    let one = source("[[users]]\nusername = \"Alice\"\n");
    let two = source("\n[[users]]\nusername = \"alice\"\n");
    let errors = wanted::read(&[one, two]).unwrap_err();
    assert_eq!(errors[0].to_string(), "files/x.toml:2: alice is named twice");
}
