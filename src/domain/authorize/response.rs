//! The authorization response: what goes back to the client, and how (RFC 6749 §4.1.2, RFC 9207, Form Post Response Mode).

use url::Url;

use crate::{
    base::Secret,
    model::{AuthorizationParameters, Client},
    spec::oauth::{OAuthError, ResponseMode},
};

/// What a response says.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A code.
    Code(Secret<String>),
    /// A refusal.
    Error(OAuthError),
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Code(left), Self::Code(right)) => {
                crate::base::secret::equal(left.expose().as_bytes(), right.expose().as_bytes())
            }
            (Self::Error(left), Self::Error(right)) => left == right,
            _ => false,
        }
    }
}

/// A response to a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Where it goes; a registered address.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// As it came.
    pub state: Option<String>,
    /// What it says.
    pub answer: Answer,
}

impl Response {
    /// A refusal of a request whose redirect_uri is sound.
    pub fn error(parameters: &AuthorizationParameters, error: OAuthError) -> Self {
        Self::new(parameters, Answer::Error(error))
    }

    /// A code for the client.
    pub fn code(parameters: &AuthorizationParameters, code: Secret<String>) -> Self {
        Self::new(parameters, Answer::Code(code))
    }

    fn new(parameters: &AuthorizationParameters, answer: Answer) -> Self {
        Self {
            redirect_uri: parameters.redirect_uri.clone(),
            mode: parameters.response_mode,
            state: parameters.state.clone(),
            answer,
        }
    }

    /// The parameters, in order. `iss` names this server against mix-up (RFC 9207 §2).
    pub fn parameters(&self, issuer: &str) -> Vec<(&'static str, String)> {
        let mut pairs = match &self.answer {
            Answer::Code(code) => vec![("code", code.expose().clone())],
            Answer::Error(error) => vec![
                ("error", error.code.as_str().to_owned()),
                ("error_description", error.description().to_owned()),
            ],
        };
        pairs.extend(self.state.clone().map(|state| ("state", state)));
        pairs.push(("iss", issuer.to_owned()));
        pairs
    }

    /// Where to send the browser, for the modes that redirect; `None` for `form_post`.
    ///
    /// The registered part is kept byte for byte (RFC 6749 §3.1.2: an existing query is retained).
    pub fn location(&self, issuer: &str) -> Option<String> {
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.parameters(issuer))
            .finish();
        let uri = &self.redirect_uri;
        match self.mode {
            ResponseMode::Query if uri.ends_with('?') || uri.ends_with('&') => Some(format!("{uri}{encoded}")),
            ResponseMode::Query if uri.contains('?') => Some(format!("{uri}&{encoded}")),
            ResponseMode::Query => Some(format!("{uri}?{encoded}")),
            ResponseMode::Fragment => Some(format!("{uri}#{encoded}")),
            ResponseMode::FormPost => None,
        }
    }
}

/// What `form-action` of a Content-Security-Policy must name so that a form may lead to `uri`: its origin, or the bare
/// scheme for private-use schemes of native apps.
pub fn form_action_source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let origin = url.origin();
    let source = if origin.is_tuple() {
        origin.ascii_serialization()
    } else {
        format!("{}:", url.scheme())
    };
    let safe = source
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b":/.-+[]_".contains(&b));
    safe.then_some(source)
}

/// The origins that a form of a sign-in page may lead to: where the answer goes, and the client's other registered places,
/// to which its callback may send the browser on. Browsers hold the redirects after a form against `form-action` too.
pub fn form_action_sources(client: &Client, redirect_uri: &str) -> Vec<String> {
    let metadata = &client.metadata;
    let mut sources: Vec<String> = Vec::new();
    let places = std::iter::once(redirect_uri)
        .chain(metadata.redirect_uris.iter().map(String::as_str))
        .chain(metadata.client_uri.as_deref());
    for source in places.filter_map(form_action_source) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::oauth::ErrorCode;

    fn response(redirect_uri: &str, mode: ResponseMode) -> Response {
        Response {
            redirect_uri: redirect_uri.to_owned(),
            mode,
            state: Some("a&b=c #é".to_owned()),
            answer: Answer::Code(Secret::new("C-1".to_owned())),
        }
    }

    const TAIL: &str = "code=C-1&state=a%26b%3Dc+%23%C3%A9&iss=https%3A%2F%2Fid.example";

    #[test]
    fn a_code_travels_in_the_query_and_an_existing_query_is_kept() {
        for (uri, start) in [
            ("https://a.example/cb", "https://a.example/cb?"),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&"),
            ("https://a.example/cb?", "https://a.example/cb?"),
            ("com.example.app:/cb", "com.example.app:/cb?"),
        ] {
            let location = response(uri, ResponseMode::Query).location("https://id.example");
            assert_eq!(location, Some(format!("{start}{TAIL}")));
        }
    }

    #[test]
    fn a_fragment_leaves_the_query_alone_and_a_form_has_no_location() {
        let fragment = response("https://a.example/cb?x=1", ResponseMode::Fragment).location("https://id.example");
        assert_eq!(fragment, Some(format!("https://a.example/cb?x=1#{TAIL}")));
        let form = response("https://a.example/cb", ResponseMode::FormPost);
        assert_eq!(form.location("https://id.example"), None);
        assert_eq!(form.parameters("https://id.example").len(), 3);
    }

    #[test]
    fn every_error_carries_iss_and_state() {
        let mut refused = response("https://a.example/cb", ResponseMode::Query);
        refused.answer = Answer::Error(OAuthError::new(ErrorCode::AccessDenied, "no"));
        let names: Vec<_> = refused
            .parameters("https://id.example")
            .into_iter()
            .map(|(n, _)| n)
            .collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
    }

    #[test]
    fn a_code_is_never_printed() {
        assert!(!format!("{:?}", response("https://a.example/cb", ResponseMode::Query)).contains("C-1"));
    }

    #[test]
    fn form_action_names_an_origin_or_a_scheme_and_nothing_that_ends_the_policy() {
        assert_eq!(
            form_action_source("https://a.example:8443/cb?x"),
            Some("https://a.example:8443".to_owned())
        );
        assert_eq!(
            form_action_source("http://[::1]:3000/cb"),
            Some("http://[::1]:3000".to_owned())
        );
        assert_eq!(
            form_action_source("com.example.app:/cb"),
            Some("com.example.app:".to_owned())
        );
        assert_eq!(form_action_source("https://a.example;script-src/cb"), None);
        assert_eq!(form_action_source("/cb"), None);
    }

    #[test]
    fn a_form_may_lead_to_every_registered_place_of_the_client() {
        let mut client = crate::model::sample::client();
        client.metadata.client_uri = Some("https://www.app.example/".to_owned());
        let sources = form_action_sources(&client, "http://127.0.0.1:5000/cb");
        assert_eq!(
            sources,
            [
                "http://127.0.0.1:5000",
                "https://app.example",
                "https://www.app.example"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_state_it_comes_back_as_it_was(state in "\\PC{0,64}") {
            let mut answer = response("https://a.example/cb?x=1", ResponseMode::Query);
            answer.state = Some(state.clone());
            let url = Url::parse(&answer.location("https://id.example").unwrap()).unwrap();
            let back = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
            proptest::prop_assert_eq!(back, Some(state));
        }
    }
}
