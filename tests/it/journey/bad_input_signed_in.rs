//! The same input at the pages of somebody who is signed in and may do everything: without a session most of them only
//! lead to the page for signing in.

use reqwest::{
    Method,
    header::{COOKIE, HeaderMap},
};
use url::Url;

use super::bad_input::{PAGES, check, send, values, wholes};
use super::crawl::administrator;
use super::world::prepared;

/// Pages of the console, with a place in the path for anything.
const CONSOLE_PATHS: &[&str] = &[
    "/console/users/{}",
    "/console/users/{}/delete",
    "/console/users/{}/password",
    "/console/apps/{}",
    "/console/apps/{}/secret",
    "/console/apps/{}/delete",
    "/console/apis/{}",
    "/console/{}",
];

#[tokio::test]
async fn pages_bear_anything_in_the_address_that_an_administrator_opens() {
    let server = prepared().await;
    let browser = administrator(&server).await;
    let jar: Vec<String> = browser
        .cookies()
        .iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    let cookies = HeaderMap::from_iter([(COOKIE, jar.join("; ").parse().unwrap())]);
    let shown = send(Method::GET, server.at("/console/users"), cookies.clone(), None).await;
    assert_eq!(shown.status, 200, "the administrator is signed in");
    for (path, names) in PAGES {
        for name in *names {
            let queries = values().into_iter().map(|value| format!("{name}={value}"));
            for query in queries.chain(wholes(name)) {
                let mut url = server.at(path);
                url.set_query(Some(&query));
                let answer = send(Method::GET, url, cookies.clone(), None).await;
                check(&server, &format!("GET {path}?{query:.60}"), &answer);
            }
        }
    }
    for path in CONSOLE_PATHS {
        for value in values() {
            let path = path.replace("{}", &value.replace('+', "%20"));
            let url: Url = format!("{}{path}", server.issuer()).parse().unwrap();
            let answer = send(Method::GET, url, cookies.clone(), None).await;
            check(&server, &format!("GET {path:.80}"), &answer);
        }
    }
}
