//! How a client is told that it does not come in: RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3, RFC 9728 §5.1.

use std::{fmt, sync::Arc};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header::WWW_AUTHENTICATE},
};
use serde_json::json;

use super::proof::ALGORITHMS;

/// How a token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750 §2.1.
    Bearer,
    /// RFC 9449 §7.1: beside a proof.
    Dpop,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No token came. RFC 6750 §3.1: then no error is named.
    #[error("an access token is needed")]
    Missing,
    /// The request is malformed.
    #[error("{0}")]
    Request(&'static str),
    /// The token is not good, not for this API, or not the sender's.
    #[error("{0}")]
    Token(&'static str),
    /// The proof beside the token.
    #[error("{0}")]
    Proof(&'static str),
    /// The token is good, and permits something else.
    #[error("the token does not permit this")]
    Scope(&'static str),
    /// The person behind the token signed in longer ago than this many seconds (RFC 9470 §3).
    #[error("the person must have signed in more recently")]
    SignIn(u64),
    /// The issuer cannot be asked, and without it nothing is known.
    #[error("the issuer does not answer")]
    Issuer,
}

impl Fault {
    /// The error code, with the status that goes with it.
    fn code(self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, None),
            Self::Request(_) => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            Self::Proof(_) => (StatusCode::UNAUTHORIZED, Some("invalid_dpop_proof")),
            Self::Scope(_) => (StatusCode::FORBIDDEN, Some("insufficient_scope")),
            Self::SignIn(_) => (StatusCode::UNAUTHORIZED, Some("insufficient_user_authentication")),
            Self::Issuer => (StatusCode::SERVICE_UNAVAILABLE, None),
        }
    }
}

/// A refusal on its way to the client.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub fault: Fault,
    /// How the token came, if one came.
    pub scheme: Option<Scheme>,
    /// Where the API says who issues tokens for it.
    pub metadata: Arc<str>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl Refused {
    /// The challenge for a scheme; the error stands in that of the scheme which the client used.
    fn challenge(&self, scheme: Scheme) -> String {
        let mut members = vec![format!("resource_metadata=\"{}\"", self.metadata)];
        let used = self.scheme.unwrap_or(Scheme::Bearer);
        if let (_, Some(code)) = self.fault.code()
            && scheme == used
        {
            members.push(format!("error=\"{code}\", error_description=\"{}\"", self.fault));
            match self.fault {
                Fault::Scope(scope) => members.push(format!("scope=\"{scope}\"")),
                Fault::SignIn(seconds) => members.push(format!("max_age=\"{seconds}\"")),
                _ => {}
            }
        }
        match scheme {
            Scheme::Bearer => format!("Bearer {}", members.join(", ")),
            Scheme::Dpop => {
                let algs: Vec<String> = ALGORITHMS.iter().map(|alg| format!("{alg:?}")).collect();
                format!("DPoP algs=\"{}\", {}", algs.join(" "), members.join(", "))
            }
        }
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.fault.code().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code) = self.fault.code();
        let mut answer = HttpResponse::build(status);
        if self.fault != Fault::Issuer {
            for scheme in [Scheme::Bearer, Scheme::Dpop] {
                answer.append_header((WWW_AUTHENTICATE, self.challenge(scheme)));
            }
        }
        match code {
            Some(code) => answer.json(json!({ "error": code, "error_description": self.fault.to_string() })),
            None => answer.finish(),
        }
    }
}
