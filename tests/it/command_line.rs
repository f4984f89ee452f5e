//! The commands of the real program beside a running server: what they print, what they do, how they end. 0 is done, 1 is
//! failed, 2 is wrong use.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::support::database::TestDatabase;
use crate::support::fleet::{at, browser, environment, serve};
use crate::support::process::{Process, signet};

/// A server, and commands on its database.
struct Stage {
    process: Process,
    environment: Vec<(String, String)>,
    folder: TempDir,
    _database: TestDatabase,
}

/// How a command ended, and what it wrote.
#[derive(Debug)]
struct Ended {
    status: Option<i32>,
    output: String,
    error: String,
}

impl Stage {
    async fn new() -> Self {
        let (database, folder) = (TestDatabase::new().await, tempfile::tempdir().unwrap());
        let environment = environment(database.url(), &[]);
        Self {
            process: serve(&folder, environment.clone()).await,
            environment,
            folder,
            _database: database,
        }
    }

    /// Runs `signet` with these words, and `input` on its standard input.
    fn run_with(&self, words: &[&str], input: &str) -> Ended {
        let data_dir = self.folder.path().join("data");
        let pairs = self.environment.iter();
        let environment: Vec<_> = pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut child = signet(words, &data_dir, &environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who refuses the words does not wait for input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        Ended {
            status: status.code(),
            output: String::from_utf8(stdout).unwrap(),
            error: String::from_utf8(stderr).unwrap(),
        }
    }

    fn run(&self, words: &[&str]) -> Ended {
        self.run_with(words, "")
    }

    /// What a command prints that does what it should.
    fn done(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.status, Some(0), "{words:?}: {ended:?}");
        ended.output
    }

    /// That a command ends so, prints nothing, and complains about this.
    fn refused(&self, words: &[&str], status: i32, complaint: &str) {
        let ended = self.run(words);
        assert_eq!(ended.status, Some(status), "{words:?}: {ended:?}");
        assert_eq!(ended.output, "", "{words:?}");
        assert!(ended.error.contains(complaint), "{words:?}: {ended:?}");
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where the browser is after signing in at the account centre.
    async fn sign_in(&self, identifier: &str, password: &str) -> String {
        let mut browser = browser(&self.process);
        let page = browser.open(&at("/account")).await.at(200, "/login");
        let fields = [("identifier", identifier), ("password", password)];
        let page = browser.submit(&page, "sign-in", &fields).await;
        page.url.path().to_owned()
    }
}

/// The one-time password that a command prints in a line of its own.
fn one_time_password(output: &str) -> String {
    let line = output.lines().find_map(|line| line.strip_prefix("one-time password: "));
    line.unwrap_or_else(|| panic!("none in {output}")).to_owned()
}

/// The lines of `keys list` behind its heading: algorithm and state.
fn keys(output: &str) -> Vec<(String, String)> {
    let mut lines = output.lines();
    let heading: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["alg", "kid", "state", "in", "use", "from"]);
    let words = lines.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let mut found: Vec<_> = words.map(|words| (words[0].clone(), words[2].clone())).collect();
    found.sort();
    found
}

#[tokio::test]
async fn keys_are_listed_and_rotated() {
    let stage = Stage::new().await;
    let pair = |alg: &str, state: &str| (alg.to_owned(), state.to_owned());
    let at_first = ["ECDH-ES", "ES256", "RS256", "RSA-OAEP-256"].map(|alg| pair(alg, "active"));
    assert_eq!(keys(&stage.done(&["keys", "list"])), at_first);

    stage.refused(
        &["keys", "rotate", "--algorithm", "HS256"],
        2,
        "there is no algorithm HS256",
    );
    stage.refused(&["keys", "turn"], 2, "unrecognized subcommand");
    assert_eq!(keys(&stage.done(&["keys", "list"])), at_first);

    let begun = stage.done(&["keys", "rotate", "--algorithm", "ES256"]);
    assert!(
        begun.starts_with("ES256: ") && begun.contains(" is in use from "),
        "{begun}"
    );
    assert_eq!(begun.lines().count(), 1, "{begun}");
    let all = stage.done(&["keys", "rotate"]);
    let mut lines: Vec<&str> = all.lines().collect();
    lines.sort_unstable();
    let begins = |line: &str, alg: &str| line.starts_with(&format!("{alg}: ")) && line.contains(" is in use from ");
    assert!(begins(lines[0], "ECDH-ES"), "{all}");
    assert_eq!(lines[1], "ES256: a successor waits already");
    assert!(begins(lines[2], "RS256") && begins(lines[3], "RSA-OAEP-256"), "{all}");
    let after: Vec<_> = at_first
        .iter()
        .flat_map(|(alg, _)| [pair(alg, "active"), pair(alg, "pending")])
        .collect();
    assert_eq!(keys(&stage.done(&["keys", "list"])), after);
}

#[tokio::test]
async fn people_are_added_and_get_new_passwords() {
    let stage = Stage::new().await;
    let added = stage.done(&[
        "user",
        "add",
        "carol",
        "--email",
        "carol@example.com",
        "--role",
        "admin",
    ]);
    assert!(added.starts_with("user carol"), "{added}");
    let first = one_time_password(&added);
    assert_eq!(stage.sign_in("carol", &first).await, "/login/new-password");

    stage.refused(&["user", "add", "carol"], 1, "signet: ");
    stage.refused(&["user", "add"], 2, "required");
    stage.refused(
        &["user", "add", "dave", "--password-stdin"],
        2,
        "there is no password on standard input",
    );

    let chosen = stage.run_with(&["user", "add", "dave", "--password-stdin"], "tide pool lantern 7\n");
    assert_eq!(chosen.status, Some(0), "{chosen:?}");
    assert!(!chosen.output.contains("password"), "{chosen:?}");
    assert_eq!(stage.sign_in("dave", "tide pool lantern 7").await, "/account");
    let weak = stage.run_with(&["user", "add", "erin", "--password-stdin"], "short\n");
    assert_eq!(weak.status, Some(1), "{weak:?}");

    let reset = stage.done(&["user", "reset-password", "carol@example.com"]);
    assert!(reset.contains("every session has ended"), "{reset}");
    let second = one_time_password(&reset);
    assert_ne!(first, second);
    assert_eq!(stage.sign_in("carol", &first).await, "/login");
    assert_eq!(stage.sign_in("carol", &second).await, "/login/new-password");
    stage.refused(&["user", "reset-password", "nobody"], 1, "signet: ");
    stage.refused(&["user", "reset-password"], 2, "required");
}

const TWO_ROLES: &str = r#"
[[roles]]
name = "clerk"
permissions = ["https://api.example read"]

[[roles]]
name = "guard"
permissions = ["https://api.example look"]
"#;
const ONE_ROLE: &str = r#"
[[roles]]
name = "clerk"
permissions = ["https://api.example read"]
"#;

#[tokio::test]
async fn files_are_applied_and_what_they_no_longer_name_is_pruned() {
    let stage = Stage::new().await;
    let (two, one) = (stage.file("two.toml", TWO_ROLES), stage.file("one.toml", ONE_ROLE));
    let (two, one) = (two.to_str().unwrap(), one.to_str().unwrap());
    let made = "+ create role clerk\n+ create role guard\n= 0 unchanged\n";
    // Twice the same, since the first changed nothing.
    for _ in 0..2 {
        let planned = stage.done(&["apply", "--dry-run", two]);
        assert_eq!(planned, format!("{made}dry run: nothing was changed\n"));
    }
    assert_eq!(stage.done(&["apply", two]), made);
    assert_eq!(stage.done(&["apply", two]), "= 2 unchanged\n");

    // Without --prune nothing goes, and with --dry-run neither.
    assert_eq!(stage.done(&["apply", one]), "= 1 unchanged\n");
    let pruned = "- remove role guard\n= 1 unchanged\n";
    let planned = stage.done(&["apply", "--dry-run", "--prune", one]);
    assert_eq!(planned, format!("{pruned}dry run: nothing was changed\n"));
    assert_eq!(stage.done(&["apply", "--prune", one]), pruned);
    assert_eq!(stage.done(&["apply", "--prune", one]), "= 1 unchanged\n");

    let wrong = stage.file("wrong.toml", "[[roles]]\nname = \"clerk\"\npermission = []\n");
    let wrong = wrong.to_str().unwrap();
    stage.refused(&["apply", two, wrong], 1, "wrong.toml:3: unknown key \"permission\"");
    assert_eq!(stage.done(&["apply", "--prune", one]), "= 1 unchanged\n");
    stage.refused(&["apply", "/nowhere.toml"], 1, "/nowhere.toml: ");
    stage.refused(&["apply"], 2, "required");
    stage.refused(&["apply", "--purge", one], 2, "unexpected argument");
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_fault() {
    let stage = Stage::new().await;
    let data_dir = stage.folder.path().join("data");
    let pairs = stage.environment.iter();
    let environment: Vec<_> = pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut child = signet(&["keys", "list"], &data_dir, &environment)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && !error.contains("panicked"), "{error}");
}

#[tokio::test]
async fn registration_tokens_are_made_listed_and_taken_back() {
    let stage = Stage::new().await;
    let made = stage.done(&["registration-token", "new", "--note", "for the shop", "--uses", "3"]);
    let (head, value) = made.trim_end().split_once('\n').unwrap();
    let id = head.split([' ', ',']).nth(2).unwrap();
    assert_eq!(value.len(), 43);
    let listed = stage.done(&["registration-token", "list"]);
    let line = listed.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line.contains("for the shop") && line.contains(" 3 "), "{line}");
    assert!(!listed.contains(value), "the value is shown once");
    stage.done(&["registration-token", "revoke", id]);
    assert!(!stage.done(&["registration-token", "list"]).contains(id));
    stage.refused(
        &["registration-token", "revoke", id],
        1,
        "there is no such registration token",
    );
    stage.refused(
        &["registration-token", "revoke", "x"],
        2,
        "is no id of a registration token",
    );
}
