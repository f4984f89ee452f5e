//! Expressions that try to burn time, memory or stack.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    cel::{EvaluationFault, Expression, ExpressionFault},
    fixture::Fixture,
};
use crate::model::Placement;

/// What `source` gives when it is compiled and, if that succeeds, evaluated on a thread with a small stack.
fn outcome(source: &str, fixture: Fixture) -> Result<Option<serde_json::Value>, String> {
    let source = source.to_owned();
    let run = move || {
        let expression = Expression::compile(&source).map_err(|fault| fault.to_string())?;
        expression
            .evaluate(&fixture.ask(Placement::IdToken))
            .map_err(|fault| fault.to_string())
    };
    let started = Instant::now();
    let thread = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(run)
        .unwrap();
    let outcome = thread.join().unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "took {:?}",
        started.elapsed()
    );
    outcome
}

/// A person with a little data under the same names.
fn light() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.user.custom_data.insert("list".into(), json!([1, 2, 3]));
    fixture.user.custom_data.insert("text".into(), json!("x"));
    fixture
}

/// A person whose data is as large as it may be.
fn heavy() -> Fixture {
    let mut fixture = Fixture::new();
    let numbers: Vec<u32> = (0..8000).collect();
    fixture.user.custom_data.insert("list".into(), json!(numbers));
    fixture
        .user
        .custom_data
        .insert("text".into(), json!("x".repeat(30_000)));
    fixture.user.roles = (0..500).map(|n| format!("role-{n}")).collect();
    fixture
}

#[test]
fn deep_nesting_is_refused_without_overflowing_the_stack() {
    for n in [33, 200, 490, 5000] {
        for (open, close) in [("(", ")"), ("[", "]"), ("{1:", "}"), ("size(", ")")] {
            let source = format!("{}1{}", open.repeat(n), close.repeat(n));
            assert!(outcome(&source, Fixture::new()).is_err(), "{n} {open}");
        }
    }
    for source in [
        format!("{}true", "!".repeat(1000)),
        format!("{}1", "-".repeat(1000)),
        format!("{}1", "- ".repeat(500)),
        format!("1{}", "+1".repeat(500)),
        format!("user{}", ".a".repeat(500)),
        format!("user.custom_data{}", ".a".repeat(400)),
        format!("user.roles{}", "[0]".repeat(300)),
        format!("true{}", "?true:true".repeat(100)),
        format!("{}1", "true?1:".repeat(140)),
        format!("true{}", "&&true".repeat(160)),
        format!("'a'{}", ".size()".repeat(140)),
        format!("{}{}", "[".repeat(23), "]".repeat(23)),
        format!("1{}", "+1".repeat(23)),
        format!("{}1{}", "size([".repeat(12), "])".repeat(12)),
        format!("{}1{}", "[1].map(x, ".repeat(7), ")".repeat(7)),
        "(".repeat(1000),
        "[".repeat(31),
        "\"".repeat(1000),
        "?".repeat(1000),
    ] {
        // some of these are fine expressions; none may take the process down
        let _ = outcome(&source, Fixture::new());
    }
}

#[test]
fn what_is_not_an_expression_is_refused() {
    for source in [
        "",
        "  ",
        "1 +",
        "user.",
        "'",
        "a b",
        "user.email ==",
        "\u{0}",
        "msg{a: 1}",
        "foo()",
        "user.email.foo()",
    ] {
        assert!(Expression::compile(source).is_err(), "{source}");
    }
    assert_eq!(
        Expression::compile("foo").unwrap_err(),
        ExpressionFault::UnknownVariable("foo".into())
    );
    assert_eq!(
        Expression::compile("user.passwort").unwrap_err(),
        ExpressionFault::UnknownVariable("user.passwort".into())
    );
    assert_eq!(
        Expression::compile("[1].map(user, user)").unwrap_err(),
        ExpressionFault::Shadows("user".into())
    );
    assert_eq!(
        Expression::compile(&"1".repeat(1025)).unwrap_err(),
        ExpressionFault::TooLong
    );
}

#[test]
fn chains_that_multiply_are_refused() {
    for step in [
        ".map(x, [x, x, x, x, x, x, x, x])",
        ".map(x, x + x + x + x + x + x + x)",
        ".map(x, {'a': x, 'b': x, 'c': x, 'd': x, 'e': x, 'f': x})",
        ".map(x, string(x) + string(x) + string(x) + string(x))",
        ".map(x, [x, [x, [x, [x, x, x]]]])",
    ] {
        let long = format!("['a']{}", step.repeat(16));
        assert!(Expression::compile(&long).is_err(), "{long}");
        let short = format!("['aaaaaaaaaaaaaaaaaaaa']{}", step.repeat(8));
        assert_eq!(
            Expression::compile(&short).unwrap_err(),
            ExpressionFault::TooCostly,
            "{short}"
        );
    }
}

#[test]
fn nested_loops_are_bounded_when_they_are_written() {
    for source in [
        "user.roles.map(a, user.roles.map(b, user.roles.map(c, a + b + c)))",
        "user.roles.all(a, user.roles.all(b, user.roles.all(c, user.roles.all(d, a + b != c + d))))",
        "user.roles.exists(a, user.roles.exists(b, user.roles.exists(c, user.roles.exists_one(d, a == b + c + d))))",
    ] {
        assert_eq!(
            Expression::compile(source).unwrap_err(),
            ExpressionFault::TooCostly,
            "{source}"
        );
    }
    let digits = format!("[{}]", vec!["1"; 100].join(","));
    let source = format!("{digits}.map(a, {digits}.map(b, {digits}.map(c, 1)))");
    assert_eq!(Expression::compile(&source).unwrap_err(), ExpressionFault::TooCostly);
}

#[test]
fn heavy_data_is_bounded_when_an_expression_meets_it() {
    for source in [
        "user.custom_data.list.map(a, user.custom_data.list.exists(b, a == b + 1))",
        "user.custom_data.list.filter(a, a in user.custom_data.list)",
        "user.roles.map(a, user.custom_data.text + a)",
        "user.roles.map(a, user.custom_data)",
        "user.roles.map(a, user.roles.map(b, a + b))",
        "user.roles.all(a, user.custom_data.text.contains(a + 'y'))",
        "user.roles.exists(a, a.matches('^(a|b|ab)*$'))",
    ] {
        let refused = outcome(source, heavy()).unwrap_err();
        assert_eq!(refused, EvaluationFault::TooCostly.to_string(), "{source}");
        assert!(outcome(source, light()).is_ok(), "{source}");
    }
}

#[test]
fn the_costliest_expressions_that_pass_are_still_quick() {
    for source in [
        "user.custom_data.list.filter(a, a > 1000000)",
        "size(user.custom_data.text) + size(user.custom_data.list)",
        "user.custom_data.text.contains('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy')",
        "user.custom_data.text.matches('(x+x+)+y')",
        "user.roles.filter(a, a.endsWith('-499'))",
    ] {
        let started = Instant::now();
        let _ = outcome(source, heavy());
        // unoptimised code on a busy machine; a bound that fails is off by orders of magnitude
        assert!(
            started.elapsed() < Duration::from_millis(1500),
            "{source} {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn patterns_are_literal_and_cannot_count() {
    for source in [
        "user.email.matches(user.name)",
        "user.email.matches('((((a{100}){100}){100}){100})')",
        "user.email.matches('a' + 'b')",
    ] {
        assert_eq!(
            Expression::compile(source).unwrap_err(),
            ExpressionFault::Pattern,
            "{source}"
        );
    }
    let long = format!("user.email.matches('{}')", "a".repeat(201));
    assert_eq!(Expression::compile(&long).unwrap_err(), ExpressionFault::Pattern);
}

#[test]
fn a_large_result_is_left_out() {
    let refused = outcome("user.custom_data.text", heavy()).unwrap_err();
    assert_eq!(refused, EvaluationFault::TooLarge.to_string());
}

#[test]
fn a_result_that_the_database_cannot_hold_is_left_out() {
    for source in [r"'a\u0000'", r"{'a\u0000': 1}", r"[['\u0000']]"] {
        let refused = outcome(source, light()).unwrap_err();
        assert_eq!(refused, EvaluationFault::Failed.to_string(), "{source}");
    }
}

proptest::proptest! {
    #[test]
    fn no_source_brings_the_compiler_down(source in "[a-z0-9 .,()\\[\\]{}'\"?:+*!&|<>=-]{0,80}") {
        let _ = Expression::compile(&source);
    }
}
