//! Every page that can be reached, and every form on it: looked at by a machine, so that a new page is looked at too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::world::{WEB_SECRET, go, prepared, sign_in};
use crate::support::browser::{Browser, Form, Page};
use crate::support::server::TestServer;

const ADMINISTRATOR: &str = r#"
[[users]]
username = "root"
password = "tide pool lantern 7"
roles = ["admin"]
[users.profile]
name = "Grace Hopper"
email = "root@example.com"
email_verified = true
"#;

/// More pages than there are kinds of.
const MOST_PAGES: usize = 120;

/// Everything that links lead to from `starts`.
async fn crawl(server: &TestServer, browser: &mut Browser, starts: &[&str]) -> Vec<Page> {
    let mut waiting: VecDeque<_> = starts.iter().map(|path| server.at(path)).collect();
    let mut seen = BTreeSet::new();
    let mut pages = Vec::new();
    while let Some(url) = waiting.pop_front() {
        // One page of each kind: rows differ by an id only.
        let kind: Vec<String> = url.path().split('/').map(|part| kind_of(part).to_owned()).collect();
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        if !seen.insert((kind, names)) || pages.len() >= MOST_PAGES {
            continue;
        }
        let page = browser.open(&url).await;
        assert_eq!(page.status, 200, "{url}");
        if !page.header("content-type").unwrap_or_default().starts_with("text/html") {
            continue;
        }
        for link in page.attributes("a[href]", "href") {
            let target = page.url.join(&link).unwrap();
            let is_inside = starts.iter().any(|start| target.path().starts_with(start));
            if target.origin() == server.at("/").origin() && is_inside {
                waiting.push_back(target);
            }
        }
        pages.push(page);
    }
    pages
}

fn kind_of(part: &str) -> &str {
    let is_id = part.len() >= 32 && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if is_id { "ID" } else { part }
}

/// A browser in which the administrator is signed in.
pub async fn administrator(server: &TestServer) -> Browser {
    server.apply(ADMINISTRATOR).await;
    let mut browser = server.browser();
    let page = browser.open(&server.at("/login")).await;
    sign_in(&mut browser, &page, "root").await;
    assert!(browser.cookie("signet-session").is_some());
    browser
}

/// What holds of every page: strict policy, nothing inline, one heading, a language, a token in each form.
fn check(page: &Page) {
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{}: {policy}",
        page.url
    );
    assert_eq!(page.header("cache-control"), Some("no-store"), "{}", page.url);
    assert_eq!(page.texts("h1").len(), 1, "{}", page.url);
    assert!(!page.attribute("html", "lang").is_empty());
    assert!(
        !page.has("[style], style, script:not([src])"),
        "{}: something inline",
        page.url
    );
    for handler in ["onclick", "onload", "onerror", "onsubmit", "onchange"] {
        assert!(!page.has(&format!("[{handler}]")), "{}: {handler}", page.url);
    }
    assert!(!page.has("a[href^='javascript:']"), "{}", page.url);
    let ids = page.attributes("[id]", "id");
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{}: an id is repeated", page.url);
    for form in page.forms().iter().filter(|form| form.method == reqwest::Method::POST) {
        assert!(
            form.field("csrf").is_some_and(|token| token.len() > 20),
            "{}: {}",
            page.url,
            form.action
        );
    }
}

/// The forms that post, one for each place that they post to.
fn posting(pages: &[Page]) -> Vec<(Page, Form)> {
    let mut found = BTreeMap::new();
    for page in pages {
        for form in page.forms() {
            if form.method == reqwest::Method::POST {
                let parts: Vec<&str> = form.action.path().split('/').map(kind_of).collect();
                found.entry(parts.join("/")).or_insert((page.clone(), form));
            }
        }
    }
    found.into_values().collect()
}

/// A form without its token, with a forged one, with another browser's, and sent from another site.
async fn is_guarded(server: &TestServer, browser: &mut Browser, page: &Page, form: &Form) {
    let mut other = server.browser();
    let foreign = other.open(&server.at("/login")).await;
    let foreign = foreign.form("sign-in").field("csrf").unwrap().to_owned();
    let mut bare = form.clone();
    bare.fields.retain(|(name, _)| name != "csrf");
    let tokens = ["".to_owned(), "AAAA".to_owned(), foreign];
    let forged = tokens.iter().map(|token| form.clone().forged("csrf", token));
    for bad in std::iter::once(bare).chain(forged) {
        let answer = browser.send_once(page, &bad).await;
        assert_eq!(
            (answer.status, answer.location()),
            (400, None),
            "{} on {}",
            form.action,
            page.url
        );
    }
    let answer = browser.send_from(&"https://evil.example/".parse().unwrap(), form).await;
    assert_eq!(
        (answer.status, answer.location()),
        (400, None),
        "{} from elsewhere",
        form.action
    );
}

#[tokio::test]
async fn pages_before_the_sign_in() {
    let server = prepared().await;
    let mut browser = server.browser();
    let pages = crawl(
        &server,
        &mut browser,
        &["/login", "/register", "/recover", "/logout/done"],
    )
    .await;
    pages.iter().for_each(check);
    let forms = posting(&pages);
    assert!(forms.len() >= 3, "{}", forms.len());
    for (page, form) in forms {
        is_guarded(&server, &mut browser, &page, &form).await;
    }
}

#[tokio::test]
async fn pages_of_a_person_and_what_their_forms_refuse() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    // With an app that was allowed something, and another session.
    go(&mut browser, &app.ask(&[("scope", "openid email")]), "ada").await;
    go(&mut server.browser(), &app.ask(&[]), "ada").await;
    let pages = crawl(&server, &mut browser, &["/account", "/logout"]).await;
    pages.iter().for_each(check);
    let events = "select count(*) from audit_events";
    let before = server.count(events).await;
    let forms = posting(&pages);
    for (page, form) in &forms {
        is_guarded(&server, &mut browser, page, form).await;
    }
    assert_eq!(server.count(events).await, before, "a refused form did something");
    assert!(
        forms.len() >= 6,
        "{:?}",
        forms.iter().map(|(_, form)| form.action.path()).collect::<Vec<_>>()
    );
    // To everybody else they are closed.
    let mut stranger = server.browser();
    for page in pages.iter().filter(|page| page.url.path().starts_with("/account")) {
        let asked = stranger.get(&page.url).await;
        assert_eq!(asked.location().unwrap().path(), "/login", "{}", page.url);
    }
}

#[tokio::test]
async fn pages_of_an_administrator_and_what_their_forms_refuse() {
    let server = prepared().await;
    let mut browser = administrator(&server).await;
    let pages = crawl(&server, &mut browser, &["/console"]).await;
    pages.iter().for_each(check);
    let events = "select count(*) from audit_events";
    let before = server.count(events).await;
    let forms = posting(&pages);
    for (page, form) in &forms {
        is_guarded(&server, &mut browser, page, form).await;
    }
    assert_eq!(server.count(events).await, before, "a refused form did something");
    assert!(
        forms.len() >= 5,
        "{:?}",
        forms.iter().map(|(_, form)| form.action.path()).collect::<Vec<_>>()
    );
    assert!(
        pages.len() >= 10,
        "{:?}",
        pages.iter().map(|page| page.url.path()).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn nobody_else_sees_the_console() {
    let server = prepared().await;
    let mut root = administrator(&server).await;
    let pages = crawl(&server, &mut root, &["/console"]).await;
    let mut ada = server.browser();
    let page = ada.open(&server.at("/login")).await;
    sign_in(&mut ada, &page, "ada").await;
    let mut stranger = server.browser();
    for page in pages.iter().filter(|page| page.url.path().starts_with("/console")) {
        let refused = ada.get(&page.url).await;
        assert_eq!(refused.status, 403, "{}", page.url);
        let asked = stranger.get(&page.url).await;
        assert_eq!(asked.location().unwrap().path(), "/login", "{}", page.url);
    }
    // Not by post either, with tokens of their own.
    let token = {
        let page = ada.open(&server.at("/logout")).await;
        page.form("sign-out").field("csrf").unwrap().to_owned()
    };
    let events = "select count(*) from audit_events";
    let before = server.count(events).await;
    let forms = posting(&pages);
    let forms = forms
        .iter()
        .filter(|(_, form)| form.action.path().starts_with("/console"));
    for (page, form) in forms {
        let answer = ada.send_once(page, &form.clone().forged("csrf", &token)).await;
        assert_eq!(answer.status, 403, "{}", form.action);
    }
    assert_eq!(server.count(events).await, before);
}
