//! `docs/standards.md` names files and tests: what it names is there.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_path(text: &str) -> bool {
    ["src/", "tests/", "static/", "docs/", "config/", "benches/"]
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

#[test]
fn every_module_of_every_plan_has_its_test() {
    let text = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let mut modules = 0;
    for line in text.lines() {
        let named: Vec<&str> = quoted(line).collect();
        for path in named.iter().filter(|text| is_path(text)) {
            assert!(root().join(path).exists(), "{path} is not there");
        }
        if !line.starts_with("| `") {
            continue;
        }
        let [module, path, test] = named[..] else {
            panic!("{line}")
        };
        let source = std::fs::read_to_string(root().join(path)).unwrap();
        assert!(
            source.contains(&format!("async fn {test}(")),
            "{module}: no test {test} in {path}"
        );
        modules += 1;
    }
    assert!(modules > 250, "{modules} modules");
}
