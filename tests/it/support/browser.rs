//! A browser without script: keeps cookies, follows redirects within a site, reads and submits forms.

use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Method};
use scraper::{ElementRef, Html, Selector};
use url::{Url, form_urlencoded};

/// Redirects that are followed in a row.
const MOST_REDIRECTS: usize = 10;

/// A cookie as the server set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    pub name: String,
    pub value: String,
    /// Everything after the value, as sent.
    pub attributes: String,
    host: String,
    path: String,
}

/// One browser: its own cookies, its own languages.
pub struct Browser {
    http: Client,
    cookies: Vec<Cookie>,
    languages: String,
    address: Option<String>,
    /// `Sec-Fetch-Dest`
    destination: &'static str,
}

impl Browser {
    /// A browser without cookies that asks for English pages.
    pub fn new() -> Self {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Mozilla/5.0 (X11; Linux x86_64) TestBrowser/1.0")
            .no_proxy()
            // Servers of tests vouch for themselves.
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        Self::through(http)
    }

    /// The same over connections of another making.
    pub fn through(http: Client) -> Self {
        Self {
            http,
            cookies: Vec::new(),
            languages: "en".to_owned(),
            address: None,
            destination: "document",
        }
    }

    /// A browser that a proxy speaks for, at this address.
    pub fn at_address(address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
            ..Self::new()
        }
    }

    /// From now on what it opens is a part of a page: a frame, an image (`Sec-Fetch-Dest`).
    pub fn enter(&mut self, part: &'static str) {
        self.destination = part;
    }

    /// Goes on over other connections, with the same cookies.
    pub fn go_through(&mut self, http: Client) {
        self.http = http;
    }

    /// Asks for pages in these languages (`Accept-Language`).
    pub fn speak(&mut self, languages: &str) {
        self.languages = languages.to_owned();
    }

    /// The cookie of that name.
    pub fn cookie(&self, name: &str) -> Option<&Cookie> {
        self.cookies.iter().find(|cookie| cookie.name == name)
    }

    /// Every cookie.
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// Forgets the cookie, as a browser that was closed does.
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|cookie| cookie.name != name);
    }

    /// Puts a cookie there that no server has set, as somebody with access to the browser might.
    pub fn plant(&mut self, url: &Url, name: &str, value: &str) {
        self.forget(name);
        self.cookies.push(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: String::new(),
            host: url.host_str().unwrap().to_owned(),
            path: "/".to_owned(),
        });
    }

    /// One navigation as if the address had been typed; a redirect is returned as it is.
    pub async fn get(&mut self, url: &Url) -> Page {
        self.navigate(Method::GET, url, None, None).await
    }

    /// A navigation that follows redirects on the same origin. It ends at the first page, or at a redirect to another site:
    /// then [`Page::location`] tells where to.
    pub async fn open(&mut self, url: &Url) -> Page {
        let page = self.get(url).await;
        self.follow(page).await
    }

    /// Follows a link that stands on a page of another site.
    pub async fn open_from(&mut self, site: &Url, url: &Url) -> Page {
        let page = self.navigate(Method::GET, url, None, Some(site)).await;
        self.follow(page).await
    }

    /// Clicks the link that the selector finds.
    pub async fn click(&mut self, page: &Page, selector: &str) -> Page {
        let target = page.url.join(&page.attribute(selector, "href")).unwrap();
        let next = self.navigate(Method::GET, &target, None, Some(&page.url)).await;
        self.follow(next).await
    }

    /// Fills the form of that id and presses its only or first button. Follows redirects as [`Browser::open`] does.
    pub async fn submit(&mut self, page: &Page, form: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.form(form).filled(fields);
        self.send(page, &form).await
    }

    /// Fills the form of that id and presses the button with the id `button`.
    pub async fn press(&mut self, page: &Page, form: &str, button: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.form(form).filled(fields).pressed(page, button);
        self.send(page, &form).await
    }

    /// Sends a form that a test has changed in ways a person could not.
    pub async fn send(&mut self, page: &Page, form: &Form) -> Page {
        let answer = self.send_once(page, form).await;
        self.follow(answer).await
    }

    /// Like [`Browser::send`], but a redirect is returned as it is.
    pub async fn send_once(&mut self, page: &Page, form: &Form) -> Page {
        let body = form.encoded();
        if form.method == Method::POST {
            return self
                .navigate(Method::POST, &form.action, Some(body), Some(&page.url))
                .await;
        }
        let mut target = form.action.clone();
        target.set_query(Some(&body));
        self.navigate(Method::GET, &target, None, Some(&page.url)).await
    }

    /// Sends a form that stands on a page of another site.
    pub async fn send_from(&mut self, site: &Url, form: &Form) -> Page {
        let body = form.encoded();
        let answer = self
            .navigate(form.method.clone(), &form.action, Some(body), Some(site))
            .await;
        self.follow(answer).await
    }

    /// Follows redirects as long as they stay on the origin.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..MOST_REDIRECTS {
            let Some(location) = page.location() else {
                return page;
            };
            if location.origin() != page.url.origin() {
                return page;
            }
            page = self.navigate(Method::GET, &location, None, Some(&page.url)).await;
        }
        panic!("redirected {MOST_REDIRECTS} times, at last to {}", page.url);
    }

    async fn navigate(&mut self, method: Method, url: &Url, body: Option<String>, from: Option<&Url>) -> Page {
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header(header::ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
            .header(header::ACCEPT_LANGUAGE, &self.languages)
            .header("Sec-Fetch-Dest", self.destination)
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Site", site(from, url));
        if let Some(from) = from.filter(|_| method == Method::POST) {
            request = request.header(header::ORIGIN, from.origin().ascii_serialization());
        }
        if let Some(from) = from {
            // strict-origin-when-cross-origin, which is what pages have that say nothing
            let referrer = match from.origin() == url.origin() {
                true => from.to_string(),
                false => format!("{}/", from.origin().ascii_serialization()),
            };
            request = request.header(header::REFERER, referrer);
        }
        if let Some(address) = &self.address {
            request = request.header("X-Forwarded-For", address);
        }
        let cookies = self.cookie_header(url);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all(header::SET_COOKIE) {
            self.keep_cookie(url, line.to_str().unwrap());
        }
        let body = response.text().await.unwrap();
        Page {
            url: url.clone(),
            status,
            headers,
            body,
        }
    }

    fn cookie_header(&self, url: &Url) -> String {
        self.cookies
            .iter()
            .filter(|cookie| Some(cookie.host.as_str()) == url.host_str() && url.path().starts_with(&cookie.path))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn keep_cookie(&mut self, url: &Url, line: &str) {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name and a value");
        let attribute = |wanted: &str| {
            attributes.split(';').map(str::trim).find_map(|attribute| {
                let (name, value) = attribute.split_once('=')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
            })
        };
        let cookie = Cookie {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            attributes: attributes.trim().to_owned(),
            host: url.host_str().unwrap().to_owned(),
            path: attribute("Path").unwrap_or_else(|| "/".to_owned()),
        };
        self.cookies
            .retain(|kept| (&kept.name, &kept.host, &kept.path) != (&cookie.name, &cookie.host, &cookie.path));
        let is_removed = attribute("Max-Age").is_some_and(|seconds| seconds.parse::<i64>().unwrap() <= 0);
        if !is_removed {
            self.cookies.push(cookie);
        }
    }
}

/// `Sec-Fetch-Site` of a navigation from one address to another.
fn site(from: Option<&Url>, to: &Url) -> &'static str {
    match from {
        None => "none",
        Some(from) if from.origin() == to.origin() => "same-origin",
        Some(_) => "cross-site",
    }
}

/// What the server answered to a navigation.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    /// The page again, after a look at where the browser is.
    ///
    /// # Panics
    /// If it is somewhere else.
    pub fn at(self, status: u16, path: &str) -> Self {
        assert_eq!((self.status, self.url.path()), (status, path), "{}", self.body);
        self
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Where the answer redirects to.
    pub fn location(&self) -> Option<Url> {
        let is_redirect = (300..400).contains(&self.status);
        let location = self.header("location").filter(|_| is_redirect)?;
        Some(self.url.join(location).unwrap())
    }

    /// A parameter of the address that the answer redirects to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = self.location();
        let location = location.unwrap_or_else(|| panic!("{} {}", self.status, self.body));
        let found = location.query_pairs().find(|(found, _)| found == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// Whether the page has such an element.
    pub fn has(&self, selector: &str) -> bool {
        self.document().select(&parse(selector)).next().is_some()
    }

    /// The text of the first such element, its white space collapsed.
    pub fn text(&self, selector: &str) -> String {
        match self.texts(selector).into_iter().next() {
            Some(text) => text,
            None => panic!("no {selector} on {}: {}", self.url, self.body),
        }
    }

    /// The texts of all such elements.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.document()
            .select(&parse(selector))
            .map(|element| {
                let text: String = element.text().collect();
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    /// An attribute of the first such element.
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let document = self.document();
        let found = document
            .select(&parse(selector))
            .next()
            .and_then(|element| element.attr(name));
        match found {
            Some(value) => value.to_owned(),
            None => panic!("no {selector} with {name} on {}: {}", self.url, self.body),
        }
    }

    /// An attribute of all such elements.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let (document, selector) = (self.document(), parse(selector));
        document
            .select(&selector)
            .filter_map(|element| element.attr(name))
            .map(str::to_owned)
            .collect()
    }

    /// Every form, with the values that it was served with.
    pub fn forms(&self) -> Vec<Form> {
        let (document, selector) = (self.document(), parse("form"));
        document.select(&selector).map(|form| self.read_form(form)).collect()
    }

    /// The form of that id, with the values that it was served with.
    pub fn form(&self, id: &str) -> Form {
        let document = self.document();
        let Some(form) = document.select(&parse(&format!("form#{id}"))).next() else {
            panic!("no form#{id} on {} ({}): {}", self.url, self.status, self.body);
        };
        self.read_form(form)
    }

    fn read_form(&self, form: ElementRef<'_>) -> Form {
        let action = self.url.join(form.attr("action").unwrap_or_default()).unwrap();
        let is_post = form
            .attr("method")
            .is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let controls = parse("input, textarea, select");
        let mut fields = Vec::new();
        let mut blank = Vec::new();
        for control in form.select(&controls) {
            let Some(name) = control.attr("name").filter(|_| control.attr("disabled").is_none()) else {
                continue;
            };
            match value_of(control) {
                Some(value) => fields.push((name.to_owned(), value)),
                None => blank.push(name.to_owned()),
            }
        }
        Form {
            action,
            method: if is_post { Method::POST } else { Method::GET },
            fields,
            blank,
        }
    }

    fn document(&self) -> Html {
        Html::parse_document(&self.body)
    }
}

fn parse(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"))
}

/// What a control sends as it was served; `None` for an unchecked box and for buttons.
fn value_of(control: ElementRef<'_>) -> Option<String> {
    let value = || control.attr("value").unwrap_or_default().to_owned();
    match (control.value().name(), control.attr("type").unwrap_or("text")) {
        ("textarea", _) => Some(control.text().collect()),
        ("select", _) => {
            let options: Vec<_> = control.select(&parse("option")).collect();
            let chosen = options.iter().find(|option| option.attr("selected").is_some());
            let option = chosen.or(options.first())?;
            let text = || option.text().collect::<String>().trim().to_owned();
            Some(option.attr("value").map_or_else(text, str::to_owned))
        }
        (_, "checkbox" | "radio") => control.attr("checked").map(|_| match control.attr("value") {
            Some(value) => value.to_owned(),
            None => "on".to_owned(),
        }),
        (_, "submit" | "button" | "reset" | "image") => None,
        _ => Some(value()),
    }
}

/// A form with its values.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: Url,
    pub method: Method,
    pub fields: Vec<(String, String)>,
    /// Controls that send nothing as they were served: unchecked boxes.
    blank: Vec<String>,
}

impl Form {
    /// A form of another site's page that posts these fields.
    pub fn foreign(action: &Url, fields: Vec<(String, String)>) -> Self {
        Self {
            action: action.clone(),
            method: Method::POST,
            fields,
            blank: Vec::new(),
        }
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// The form with these values typed, chosen or checked.
    ///
    /// # Panics
    /// For a field that the form does not have: nobody could have filled it.
    pub fn filled(mut self, fields: &[(&str, &str)]) -> Self {
        for (name, value) in fields {
            if let Some(field) = self.fields.iter_mut().find(|(field, _)| field == name) {
                (*value).clone_into(&mut field.1);
            } else if self.blank.iter().any(|blank| blank == name) {
                self.fields.push(((*name).to_owned(), (*value).to_owned()));
            } else {
                panic!(
                    "the form has no field {name}, only {:?} and {:?}",
                    self.fields, self.blank
                );
            }
        }
        self
    }

    /// The form with a field that it may not have, for tests of hostile input.
    pub fn forged(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The form with the name and value of the button that is pressed.
    fn pressed(mut self, page: &Page, button: &str) -> Self {
        let selector = format!("button#{button}");
        let name = page.attribute(&selector, "name");
        self.fields.push((name, page.attribute(&selector, "value")));
        self
    }

    fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish()
    }
}
