//! `docs/standards.md` and `docs/conformance.md` name files and tests: what they name is there and is run.

use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_path(text: &str) -> bool {
    ["src/", "tests/", "static/", "docs/", "config/", "benches/", "examples/"]
        .iter()
        .any(|start| text.starts_with(start))
}

#[test]
fn every_file_and_every_test_that_the_table_names_exists() {
    let text = std::fs::read_to_string(root().join("docs/standards.md")).unwrap();
    let (mut files, mut tests) = (0, 0);
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        for path in cells.iter().flat_map(|cell| quoted(cell)).filter(|text| is_path(text)) {
            assert!(root().join(path).is_file(), "{path} is not there");
            files += 1;
        }
        let [.., shown] = &cells[..] else { continue };
        let mut source = String::new();
        for text in quoted(shown) {
            if is_path(text) {
                source.push_str(&std::fs::read_to_string(root().join(text)).unwrap());
            } else if cells.len() == 5 {
                let is_there = source.contains(&format!("fn {text}")) || source.contains(&format!(": {text};"));
                assert!(is_there, "no test {text} in the file named before it");
                tests += 1;
            }
        }
        // every claim is shown by something
        let is_claim = cells.len() == 5 && cells[2].trim() != "What" && !cells[2].contains("---");
        assert!(!is_claim || !source.is_empty(), "nothing shows: {line}");
    }
    assert!(files > 50 && tests > 20, "{files} files, {tests} tests");
}

/// A row of `docs/conformance.md`: what the suite calls the module, the file, and the test in it.
struct Row {
    module: String,
    path: String,
    test: String,
}

impl Row {
    /// The file as the macros name it.
    fn file(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap();
        name.trim_end_matches(".rs")
    }
}

/// A plan: its rows, and the files that go through it, which stand in the text above them.
struct Chapter {
    title: String,
    drivers: Vec<String>,
    rows: Vec<Row>,
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn chapters() -> Vec<Chapter> {
    let text = read("docs/conformance.md");
    let chapters = text.split("\n## ").skip(1).map(|chapter| {
        let (title, body) = chapter.split_once('\n').unwrap();
        let (rows, prose): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.starts_with("| `"));
        let rows = rows.into_iter().map(|line| {
            let named: Vec<&str> = quoted(line).collect();
            let [module, path, test] = named[..] else {
                panic!("{line}")
            };
            let [module, path, test] = [module, path, test].map(str::to_owned);
            Row { module, path, test }
        });
        let is_driver = |text: &&str| text.starts_with("tests/it/conformance/") && text.ends_with(".rs");
        let drivers = prose.iter().flat_map(|line| quoted(line)).filter(is_driver);
        Chapter {
            title: title.to_owned(),
            drivers: drivers.map(str::to_owned).collect(),
            rows: rows.collect(),
        }
    });
    chapters.collect()
}

/// The modules that a file goes through, as `file: module;` of its macros says them, those of `modules/mod.rs` and a bare
/// list of further ones included.
fn driven(path: &str) -> BTreeSet<(String, String)> {
    let shared = read("tests/it/conformance/modules/mod.rs");
    let mut text = read(path);
    let mut seen = Vec::new();
    while let Some(name) = ["basic_modules", "hybrid_modules", "implicit_modules", "token_modules"]
        .into_iter()
        .find(|name| text.contains(&format!("{name}!")) && !seen.contains(name))
    {
        seen.push(name);
        let start = shared.find(&format!("macro_rules! {name} ")).unwrap();
        let body = &shared[start..];
        text.push_str(&body[..body.find("\n}\n").unwrap()]);
    }
    let mut modules = BTreeSet::new();
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    for line in text.lines().map(str::trim) {
        match line.strip_suffix(';').and_then(|row| row.split_once(": ")) {
            Some((file, module)) if is_name(file) && is_name(module) => {
                modules.insert((file.to_owned(), module.to_owned()));
            }
            None if is_name(line) && line.contains('_') => {
                modules.insert(("modules".to_owned(), line.to_owned()));
            }
            _ => {}
        }
    }
    // the module that the response type decides about is named in the head
    for name in quoted_heads(&text) {
        modules.insert(("requests".to_owned(), name));
    }
    modules
}

/// `hybrid_modules! { …, …, "…", oidcc_…;`
fn quoted_heads(text: &str) -> Vec<String> {
    let heads = text.lines().filter(|line| line.contains("_modules! {"));
    let last = heads.filter_map(|line| line.trim_end().strip_suffix(';')?.rsplit(", ").next());
    last.filter(|name| name.starts_with("oidcc_"))
        .map(str::to_owned)
        .collect()
}

/// The row is a test by itself, or each file that goes through the plan goes through it, or a test calls it: those that
/// wait have a clock of their own.
fn is_run(row: &Row, drivers: &[(String, BTreeSet<(String, String)>)]) -> bool {
    let is_direct = read(&row.path).contains(&format!("#[tokio::test]\nasync fn {}(", row.test));
    let key = (row.file().to_owned(), row.test.clone());
    let is_driven = !drivers.is_empty() && drivers.iter().all(|(_, modules)| modules.contains(&key));
    let folder = root().join(&row.path).parent().unwrap().to_owned();
    let call = format!("{}::{}(", row.file(), row.test);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut texts = files.filter_map(|path| std::fs::read_to_string(path).ok());
    is_direct || is_driven || texts.any(|text| text.contains("#[tokio::test]") && text.contains(&call))
}

#[test]
fn every_module_of_every_plan_is_run_by_every_way_through_it() {
    let (mut modules, mut wrong) = (0, Vec::new());
    for path in quoted(&read("docs/conformance.md")).filter(|text| is_path(text)) {
        assert!(root().join(path).exists(), "{path} is not there");
    }
    for chapter in chapters() {
        let all = chapter.drivers.iter().map(|path| (path.clone(), driven(path)));
        let drivers: Vec<_> = all.filter(|(_, modules)| !modules.is_empty()).collect();
        for row in &chapter.rows {
            if !is_run(row, &drivers) {
                wrong.push(format!("{}: not every way runs {}", chapter.title, row.module));
            }
            modules += 1;
        }
        for (path, modules) in &drivers {
            for (file, test) in modules {
                let is_listed = chapter.rows.iter().any(|row| row.file() == file && row.test == *test);
                if !is_listed && !OURS.contains(&test.as_str()) {
                    wrong.push(format!("{path}: {file}: {test} stands in no row of {}", chapter.title));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(modules > 250, "{modules} modules");
}

/// Rows of ways that are no module of the suite.
const OURS: [&str; 3] = [
    "a_replayed_request_fails",
    "discovery_of_oauth",
    "a_token_without_openid_is_for_the_api_that_its_scope_means",
];

/// The ways of a plan: for each the words after its name, and the groups of modules that it goes through besides.
fn ways(path: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let text = read(path);
    let ways = text
        .lines()
        .filter_map(|line| line.strip_prefix("way! { ")?.strip_suffix('}'));
    let ways = ways.map(|way| {
        let (_, rest) = way.split_once(": ").unwrap();
        let (variant, groups) = rest.split_once(';').unwrap();
        let variant = variant.split(", ").map(|word| word.trim_matches('"').to_owned());
        (
            variant.collect(),
            groups.split_whitespace().map(str::to_owned).collect(),
        )
    });
    ways.collect()
}

fn assert_groups(variant: &[String], groups: &[String], demanded: &[(&str, bool)]) {
    for (group, is_due) in demanded {
        assert_eq!(groups.iter().any(|one| one == group), *is_due, "{variant:?}: {group}");
    }
}

/// Client authentication, sender constraint, requests and answers in every combination that the plan has, each with all the
/// modules that are about it.
#[test]
fn no_way_through_the_fapi_plans_is_left_out() {
    let mut left = BTreeSet::new();
    for (profile, jarm, openid) in [
        ("fapi2", "false", "Yes"),
        ("fapi2", "false", "No"),
        ("fapi2", "true", "Yes"),
        ("signing", "false", "Yes"),
        ("signing", "true", "Yes"),
    ] {
        for (auth, sender) in [
            ("Signature", "Proof"),
            ("Signature", "Certificate"),
            ("Certificate", "Proof"),
            ("Certificate", "Certificate"),
        ] {
            left.insert([profile, jarm, auth, sender, openid].map(str::to_owned).to_vec());
        }
    }
    // where only the protected resource is another, each method and each key once
    for (profile, jarm, openid) in [("signing", "true", "No"), ("fapi2", "false", "WithDetails")] {
        for (auth, sender) in [("Signature", "Proof"), ("Certificate", "Certificate")] {
            left.insert([profile, jarm, auth, sender, openid].map(str::to_owned).to_vec());
        }
    }
    for (variant, groups) in ways("tests/it/conformance/fapi/security.rs") {
        assert!(left.remove(&variant), "{variant:?}");
        let is = |at: usize, word: &str| variant[at] == word;
        let demanded = [
            ("signing", is(0, "signing")),
            ("private_key_jwt", is(2, "Signature")),
            ("dpop", is(3, "Proof")),
            ("dpop_at_the_resource", is(3, "Proof")),
            ("openid", is(4, "Yes")),
            ("plain_oauth", is(4, "No")),
            ("details", is(4, "WithDetails")),
        ];
        assert_groups(&variant, &groups, &demanded);
    }
    assert!(left.is_empty(), "{left:?}");

    for auth in ["Signature", "Certificate"] {
        for requests in ["ByValue", "Pushed"] {
            for jarm in ["false", "true"] {
                left.insert([auth, requests, jarm].map(str::to_owned).to_vec());
            }
        }
    }
    for (variant, groups) in ways("tests/it/conformance/fapi/advanced.rs") {
        assert!(left.remove(&variant), "{variant:?}");
        let [signs, pushes] = [variant[0] == "Signature", variant[1] == "Pushed"];
        let demanded = [
            ("private_key_jwt", signs),
            ("pushed", pushes),
            ("pushed_with_private_key_jwt", signs && pushes),
        ];
        assert_groups(&variant, &groups, &demanded);
    }
    assert!(left.is_empty(), "{left:?}");
}

/// CIBA's ways name their further modules one by one: those about assertions for who signs them, those about client_id for
/// the others.
#[test]
fn no_way_through_the_ciba_plan_leaves_a_module_out() {
    let text = read("tests/it/conformance/fapi_ciba/mod.rs");
    let ways: Vec<&str> = text.split("\nway! { ").skip(1).collect();
    let more = |way: &str| -> BTreeSet<String> {
        let body = way.split('}').next().unwrap();
        let lines = body.lines().skip(1).map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    for plan in ["poll_private_key_jwt", "ping_private_key_jwt", "poll_mtls", "ping_mtls"] {
        let way = ways.iter().find(|way| way.starts_with(&format!("{plan}:"))).unwrap();
        let is_about = |module: &str| module.contains("client_assertion") == plan.contains("private_key_jwt");
        let own: BTreeSet<String> = ways
            .iter()
            .flat_map(|way| more(way))
            .filter(|one| is_about(one))
            .collect();
        assert_eq!(more(way), own, "{plan}");
        assert!(own.len() >= 3, "{plan}");
    }
}
