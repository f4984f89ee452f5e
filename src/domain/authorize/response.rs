//! The authorization response: what goes back to the client, and how (RFC 6749 §4.1.2 and §4.2.2, RFC 9207, Form Post
//! Response Mode, JARM).

use serde_json::{Map, Value};
use time::Duration;
use url::Url;

use crate::{
    base::{Secret, Time},
    model::{AuthorizationParameters, Client},
    spec::oauth::{ErrorCode, OAuthError, Params, ResponseMode, ResponseType, ScopeSet, response_mode::Carrier},
};

/// How long a signed response is good. JARM §2.1 recommends at most ten minutes; a browser needs seconds.
const SEALED_FOR: Duration = Duration::minutes(5);

/// What a response says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// What the response type promises.
    Given(Given),
    /// A refusal.
    Error(OAuthError),
}

/// What a client is given at the authorization endpoint.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// A code.
    pub code: Option<Secret<String>>,
    /// An access token (RFC 6749 §4.2.2).
    pub access_token: Option<GivenToken>,
    /// An ID token (OIDC Core §3.2.2.5).
    pub id_token: Option<Secret<String>>,
}

/// An access token that goes through the browser.
#[derive(Debug, Clone)]
pub struct GivenToken {
    /// The token.
    pub value: Secret<String>,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// What it permits.
    pub scope: ScopeSet,
}

impl Given {
    /// Each part that is a secret.
    fn secrets(&self) -> [Option<&str>; 3] {
        [
            self.code.as_ref().map(|code| code.expose().as_str()),
            self.access_token.as_ref().map(|token| token.value.expose().as_str()),
            self.id_token.as_ref().map(|token| token.expose().as_str()),
        ]
    }

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        pairs.extend(self.code.as_ref().map(|code| ("code", code.expose().clone())));
        if let Some(token) = &self.access_token {
            pairs.push(("access_token", token.value.expose().clone()));
            // nothing ties it to a key here: who must have such tokens is refused the response type
            pairs.push(("token_type", "Bearer".to_owned()));
            pairs.push(("expires_in", token.expires_in.to_string()));
            pairs.push(("scope", token.scope.to_string()));
        }
        pairs.extend(self.id_token.as_ref().map(|token| ("id_token", token.expose().clone())));
        pairs
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        let same = |pair: (Option<&str>, Option<&str>)| match pair {
            (Some(left), Some(right)) => crate::base::secret::equal(left.as_bytes(), right.as_bytes()),
            (None, None) => true,
            _ => false,
        };
        self.secrets().into_iter().zip(other.secrets()).all(same)
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
    /// What the app's pages may ask the OP iframe about (Session Management §2).
    session_state: Option<String>,
    /// All of it as a JWT, for the modes that want one.
    sealed: Option<String>,
}

impl Response {
    /// A refusal of a request whose redirect_uri is sound.
    pub fn error(parameters: &AuthorizationParameters, error: OAuthError) -> Self {
        Self::new(parameters, Answer::Error(error))
    }

    /// What was asked for.
    pub fn given(parameters: &AuthorizationParameters, given: Given) -> Self {
        Self::new(parameters, Answer::Given(given))
    }

    fn new(parameters: &AuthorizationParameters, answer: Answer) -> Self {
        Self {
            redirect_uri: parameters.redirect_uri.clone(),
            mode: parameters.response_mode,
            state: parameters.state.clone(),
            answer,
            session_state: None,
            sealed: None,
        }
    }

    /// The response with a session state.
    #[must_use]
    pub fn in_session(mut self, session_state: Option<String>) -> Self {
        self.session_state = session_state;
        self
    }

    /// The parameters, in order. `iss` names this server against mix-up (RFC 9207 §2).
    fn parameters(&self, issuer: &str) -> Vec<(&'static str, String)> {
        let mut pairs = match &self.answer {
            Answer::Given(given) => given.parameters(),
            Answer::Error(error) => vec![
                ("error", error.code.as_str().to_owned()),
                ("error_description", error.description().to_owned()),
            ],
        };
        pairs.extend(self.state.clone().map(|state| ("state", state)));
        pairs.extend(self.session_state.clone().map(|state| ("session_state", state)));
        pairs.push(("iss", issuer.to_owned()));
        pairs
    }

    /// The claims of the JWT that a signed mode sends instead of the parameters (JARM §2.1).
    ///
    /// # Errors
    /// Never in practice: all of them are text.
    pub fn claims(&self, issuer: &str, client_id: &str, now: Time) -> Result<Vec<u8>, serde_json::Error> {
        let parameters = self.parameters(issuer);
        let mut claims: Map<String, Value> = parameters
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        claims.insert("aud".to_owned(), client_id.into());
        claims.insert("exp".to_owned(), (now + SEALED_FOR).unix_timestamp().into());
        serde_json::to_vec(&claims)
    }

    /// The response with the JWT that it travels as.
    #[must_use]
    pub fn sealed(mut self, jwt: String) -> Self {
        self.sealed = Some(jwt);
        self
    }

    /// What is sent: the parameters, or the one that holds them all.
    pub fn wire(&self, issuer: &str) -> Vec<(&'static str, String)> {
        match (&self.sealed, self.mode.is_signed()) {
            (Some(jwt), _) => vec![("response", jwt.clone())],
            (None, false) => self.parameters(issuer),
            // what was to be signed never leaves as it is
            (None, true) => vec![("error", ErrorCode::ServerError.as_str().to_owned())],
        }
    }

    /// Where to send the browser, for the modes that redirect; `None` for forms.
    ///
    /// The registered part is kept byte for byte (RFC 6749 §3.1.2: an existing query is retained).
    pub fn location(&self, issuer: &str) -> Option<String> {
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.wire(issuer))
            .finish();
        let uri = &self.redirect_uri;
        match self.mode.carrier() {
            Carrier::Query if uri.ends_with('?') || uri.ends_with('&') => Some(format!("{uri}{encoded}")),
            Carrier::Query if uri.contains('?') => Some(format!("{uri}&{encoded}")),
            Carrier::Query => Some(format!("{uri}?{encoded}")),
            Carrier::Fragment => Some(format!("{uri}#{encoded}")),
            Carrier::Form => None,
        }
    }
}

/// The response type and mode that a request names, as far as they may answer anything: also a refusal of it. What is
/// unknown, or may not carry what was asked for, gives way to the default, which for tokens is never the query.
pub fn asked(params: &Params, client: &Client) -> (ResponseType, ResponseMode) {
    let text = params.get("response_type").unwrap_or_default();
    let (response_type, default) = match ResponseType::parse(text) {
        Some(known) => (known, known.default_mode()),
        None if text.split(' ').any(|word| word.ends_with("token")) => (ResponseType::Code, ResponseMode::Fragment),
        None => (ResponseType::Code, ResponseMode::Query),
    };
    let travels =
        |mode: &ResponseMode| mode.carrier() != Carrier::Query || default == ResponseMode::Query || mode.is_signed();
    let mode = params
        .get("response_mode")
        .and_then(|sent| ResponseMode::parse(sent, default))
        .filter(travels)
        .unwrap_or(default);
    if client.allows_mode(mode, default) {
        return (response_type, mode);
    }
    // what says that the mode is not the client's goes in one that is
    let registered = client.metadata.response_modes.iter();
    let mut registered = registered.filter_map(|name| ResponseMode::parse(name, default));
    (response_type, registered.find(travels).unwrap_or(default))
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
            answer: Answer::Given(Given {
                code: Some(Secret::new("C-1".to_owned())),
                ..Given::default()
            }),
            session_state: None,
            sealed: None,
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
        assert_eq!(form.wire("https://id.example").len(), 3);
    }

    #[test]
    fn every_error_carries_iss_and_state() {
        let mut refused = response("https://a.example/cb", ResponseMode::Query);
        refused.answer = Answer::Error(OAuthError::new(ErrorCode::AccessDenied, "no"));
        let names: Vec<_> = refused.wire("https://id.example").into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
    }

    #[test]
    fn a_token_comes_with_its_type_lifetime_and_scope() {
        let mut all = response("https://a.example/cb", ResponseMode::Fragment);
        all.answer = Answer::Given(Given {
            code: Some(Secret::new("C".to_owned())),
            access_token: Some(GivenToken {
                value: Secret::new("A".to_owned()),
                expires_in: 300,
                scope: ScopeSet::parse("openid email").unwrap(),
            }),
            id_token: Some(Secret::new("I".to_owned())),
        });
        let location = all.location("https://id.example").unwrap();
        let start =
            "https://a.example/cb#code=C&access_token=A&token_type=Bearer&expires_in=300&scope=openid+email&id_token=I";
        assert!(location.starts_with(start), "{location}");
    }

    #[test]
    fn a_signed_response_is_one_parameter_and_never_leaves_unsigned() {
        for mode in [
            ResponseMode::QueryJwt,
            ResponseMode::FragmentJwt,
            ResponseMode::FormPostJwt,
        ] {
            let open = response("https://a.example/cb", mode);
            assert_eq!(open.wire("https://id.example"), [("error", "server_error".to_owned())]);
            let sealed = open.sealed("a.b.c".to_owned());
            assert_eq!(sealed.wire("https://id.example"), [("response", "a.b.c".to_owned())]);
        }
        let query = response("https://a.example/cb", ResponseMode::QueryJwt).sealed("a.b.c".to_owned());
        assert_eq!(
            query.location("https://id.example").unwrap(),
            "https://a.example/cb?response=a.b.c"
        );
    }

    #[test]
    fn the_signed_form_names_issuer_audience_and_end() {
        let response = response("https://a.example/cb", ResponseMode::QueryJwt);
        let json = response.claims("https://id.example", "app", Time::UNIX_EPOCH).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&json).unwrap(),
            serde_json::json!({
                "iss": "https://id.example", "aud": "app", "exp": 300, "code": "C-1", "state": "a&b=c #é",
            })
        );
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
