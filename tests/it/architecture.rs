//! The plan of the house, held by a test: floors, wings, neighbours, circles, file sizes, who may know which crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Floors from the ground up; those in one row are neighbours and may not know one another.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["spec"],
    &["model"],
    &["domain"],
    &["store", "upstream", "notify"],
    &["flow"],
    &["web"],
    &["app"],
];

const WINGS: &[&str] = &["oidc", "login", "account", "console", "api"];

/// One source file of the library.
struct Source {
    path: PathBuf,
    /// Its module path: `["flow", "token"]`.
    module: Vec<String>,
    /// Every path of this crate that its code names, resolved from the root.
    names: BTreeSet<Vec<String>>,
    /// Code without comments, strings and test modules.
    code: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "node_modules") {
                found.extend(files(&path, extensions));
            }
        } else if path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| extensions.contains(&e))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    files(&src, &["rs"])
        .into_iter()
        .filter(|path| !path.ends_with("main.rs") && !path.ends_with("lib.rs"))
        .map(|path| {
            let relative = path.strip_prefix(&src).unwrap().with_extension("");
            let mut module: Vec<String> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            let code = strip(&fs::read_to_string(&path).unwrap());
            let names = named_paths(&code, &module);
            Source {
                path,
                module,
                names,
                code,
            }
        })
        .collect()
}

/// Code without line comments, block comments, string and char contents, and without the trailing test module.
fn strip(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
                out.push('\n');
            }
            '"' => {
                let mut escaped = false;
                for c in chars.by_ref() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
                out.push_str("\"\"");
            }
            '\'' => {
                // a char literal or a lifetime
                let rest: String = chars.clone().take(3).collect();
                let skip = match rest.as_bytes() {
                    [b'\\', _, b'\''] => 3,
                    [_, b'\'', ..] => 2,
                    _ => 0,
                };
                for _ in 0..skip {
                    chars.next();
                }
                out.push(' ');
            }
            c => out.push(c),
        }
    }
    out
}

/// Every path that begins with `crate::` or `super::`, with use-groups spread out.
fn named_paths(code: &str, module: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (root, start) in ["crate::", "super::"]
        .iter()
        .flat_map(|word| code.match_indices(word).map(move |(at, _)| (*word, at)))
    {
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue; // the middle of a longer path
        }
        let mut prefix: Vec<String> = Vec::new();
        let mut rest = &code[start + root.len()..];
        if root == "super::" {
            // a file's `super` is its folder's module
            prefix = module[..module.len().saturating_sub(1)].to_vec();
            while let Some(further) = rest.strip_prefix("super::") {
                prefix.pop();
                rest = further;
            }
        }
        spread(rest, &prefix, &mut found);
    }
    found
}

fn spread(text: &str, prefix: &[String], found: &mut BTreeSet<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0;
        let mut item = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' if depth == 0 => {
                    spread(&group[item..at], prefix, found);
                    item = at + 1;
                }
                '}' => {
                    spread(&group[item..at], prefix, found);
                    return;
                }
                _ => {}
            }
        }
        return;
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    if end == 0 {
        if !prefix.is_empty() {
            found.insert(prefix.to_vec());
        }
        return;
    }
    let mut path = prefix.to_vec();
    path.push(text[..end].to_owned());
    match text[end..].strip_prefix("::") {
        Some(further) => spread(further, &path, found),
        None => {
            found.insert(path);
        }
    }
}

fn floor_of(name: &str) -> Option<usize> {
    FLOORS.iter().position(|row| row.contains(&name))
}

#[test]
fn a_floor_imports_only_floors_below_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let own = source.module.first().cloned().unwrap_or_default();
        let Some(own_floor) = floor_of(&own) else {
            wrong.push(format!("{}: belongs to no floor", source.path.display()));
            continue;
        };
        for target in source
            .names
            .iter()
            .filter_map(|path| path.first())
            .filter(|target| **target != own)
        {
            match floor_of(target) {
                Some(floor) if floor < own_floor => {}
                Some(_) => wrong.push(format!("{}: {own} may not know {target}", source.path.display())),
                None => {}
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wings_never_import_one_another() {
    let wing = |path: &[String]| {
        (path.first().is_some_and(|floor| floor == "web"))
            .then(|| path.get(1).filter(|name| WINGS.contains(&name.as_str())).cloned())
            .flatten()
    };
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = wing(&source.module) else { continue };
        for target in source
            .names
            .iter()
            .filter_map(|path| wing(path))
            .filter(|target| *target != own)
        {
            wrong.push(format!("{}: {own} may not know {target}", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn web_calls_flow_and_never_the_ways_out() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| source.module.first().is_some_and(|floor| floor == "web"))
        .flat_map(|source| {
            source
                .names
                .iter()
                .filter_map(|path| path.first())
                .filter(|floor| ["store", "upstream", "notify"].contains(&floor.as_str()))
                .map(|floor| format!("{}: web may not know {floor}", source.path.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_no_circles_inside_a_floor() {
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let sources = sources();
    let parts: BTreeSet<(String, String)> = sources
        .iter()
        .filter_map(|source| Some((source.module.first()?.clone(), source.module.get(1)?.clone())))
        .collect();
    for source in &sources {
        let (Some(floor), Some(part)) = (source.module.first(), source.module.get(1)) else {
            continue;
        };
        for path in &source.names {
            if let (Some(to_floor), Some(to_part)) = (path.first(), path.get(1))
                && to_floor == floor
                && to_part != part
                && parts.contains(&(to_floor.clone(), to_part.clone()))
            {
                edges
                    .entry((floor.clone(), part.clone()))
                    .or_default()
                    .insert(to_part.clone());
            }
        }
    }
    for (floor, part) in &parts {
        let mut seen = BTreeSet::new();
        let mut open: Vec<String> = edges
            .get(&(floor.clone(), part.clone()))
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        while let Some(next) = open.pop() {
            assert!(next != *part, "{floor}::{part} is part of a circle ({:?})", seen);
            if seen.insert(next.clone()) {
                open.extend(edges.get(&(floor.clone(), next)).into_iter().flatten().cloned());
            }
        }
    }
}

#[test]
fn crates_stay_on_their_floors() {
    let rules: &[(&str, &[&str])] = &[
        ("sqlx", &["store", "app"]),
        ("actix_web", &["web", "app"]),
        ("askama", &["web", "notify"]),
        ("lettre", &["notify"]),
        ("reqwest", &["upstream"]),
        ("josekit", &["spec"]),
        ("argon2", &["domain", "flow"]),
        ("cel", &["domain"]),
        ("figment", &["app"]),
        ("clap", &["app"]),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let floor = source.module.first().cloned().unwrap_or_default();
        for (name, allowed) in rules {
            let named = source
                .code
                .match_indices(&format!("{name}::"))
                .any(|(at, _)| !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
            if named && !allowed.contains(&floor.as_str()) {
                wrong.push(format!("{}: {floor} may not know {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn decisions_are_pure() {
    let mut wrong = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.module.first().is_some_and(|floor| floor == "domain"))
    {
        for forbidden in [
            "async fn",
            ".await",
            "std::fs",
            "std::net::Tcp",
            "tokio::",
            "tracing::",
            "Clock",
            "SystemRng",
        ] {
            if source.code.contains(forbidden) {
                wrong.push(format!("{}: {forbidden}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "templates", "static", "examples", "benches"] {
        for path in files(&root().join(folder), &["rs", "html", "css", "js", "mjs"]) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > 500 {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Every package of Cargo.lock: name, version and where it comes from, which is empty for this one.
fn locked() -> Vec<[String; 3]> {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let member = |package: &toml::Value, name: &str| {
        let text = package.get(name).and_then(toml::Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    packages
        .map(|package| ["name", "version", "source"].map(|name| member(package, name)))
        .collect()
}

/// The numbers of a version, to be compared.
fn numbers(version: &str) -> Vec<u64> {
    let core = version.split(['-', '+']).next().unwrap();
    core.split('.').map(|part| part.parse().unwrap()).collect()
}

/// What of `packages` a ban names: `NAME` or `NAME:<VERSION`.
fn banned<'p>(ban: &str, packages: &'p [[String; 3]]) -> Vec<&'p str> {
    let (name, below) = match ban.split_once(":<") {
        Some((name, version)) => (name, Some(numbers(version))),
        None => (ban, None),
    };
    let is_meant = |version: &str| below.as_ref().is_none_or(|below| numbers(version) < *below);
    packages
        .iter()
        .filter(|[own, version, _]| own == name && is_meant(version))
        .map(|[_, version, _]| version.as_str())
        .collect()
}

#[test]
fn the_lock_holds_to_what_deny_toml_bans() {
    let deny: toml::Table = fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let bans = deny["bans"]["deny"].as_array().unwrap();
    let bans: Vec<&str> = bans.iter().map(|ban| ban["crate"].as_str().unwrap()).collect();
    let least = [
        "h2",
        "native-tls",
        "openssl-src",
        "rustls:<0.23.45",
        "actix-http:<3.12.1",
    ];
    for ban in least {
        assert!(bans.contains(&ban), "{ban}");
    }
    let locked = locked();
    assert!(locked.iter().any(|[name, ..]| name == "actix-web"));
    for ban in bans {
        assert_eq!(banned(ban, &locked), [""; 0], "{ban}");
    }
    for [name, _, source] in &locked {
        let is_own = name == "signet" && source.is_empty();
        let is_known = source == "registry+https://github.com/rust-lang/crates.io-index";
        assert!(is_own || is_known, "{name} comes from {source:?}");
    }
}

#[test]
fn a_ban_means_a_name_or_what_is_older_than_a_version() {
    let package = |name: &str, version: &str| [name, version, ""].map(str::to_owned);
    let packages = [
        package("h2", "0.3.27"),
        package("rustls", "0.23.9"),
        package("rustls", "0.23.45"),
    ];
    assert_eq!(banned("h2", &packages), ["0.3.27"]);
    assert_eq!(banned("rustls:<0.23.45", &packages), ["0.23.9"]);
    assert_eq!(banned("openssl-src", &packages), [""; 0]);
}

#[test]
fn every_module_says_what_lives_there() {
    let silent: Vec<_> = files(&root().join("src"), &["rs"])
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_reader_of_this_test_sees_what_is_there() {
    let code = "use crate::{base::{Time, id::UserId}, spec::oauth};\nfn f() { crate::model::user::x() }\nuse super::super::store::Tx;";
    let module: Vec<String> = ["flow", "login", "sign_in"]
        .iter()
        .map(|part| (*part).to_owned())
        .collect();
    let names: Vec<String> = named_paths(code, &module)
        .into_iter()
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(
        names,
        [
            "base::Time",
            "base::id::UserId",
            "flow::store::Tx",
            "model::user::x",
            "spec::oauth"
        ]
    );
}
