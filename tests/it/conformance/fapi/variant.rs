//! The variants of the FAPI plans: one way through a plan.

use serde_json::Value;
use url::Url;

/// How a client proves itself, and what its tokens are tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `private_key_jwt`.
    Signature,
    /// `tls_client_auth`, or tokens that are bound to the certificate.
    Certificate,
    /// DPoP.
    Proof,
}

/// One way through a plan.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    pub profile: &'static str,
    pub auth: By,
    pub sender: By,
    /// Whether the answer is asked for as a signed JWT.
    pub jarm: bool,
    /// Whether requests are of OpenID Connect.
    pub openid: Openid,
    /// How requests come.
    pub requests: Requests,
}

/// How authorization requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requests {
    Pushed,
    /// As a request object in the address.
    ByValue,
}

/// Whether a request has the scope `openid`, and with it what the token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openid {
    /// It has, and userinfo is the protected resource.
    Yes,
    /// It has the scope of an API.
    No,
    /// It has, and `authorization_details` of an API beside it.
    WithDetails,
}

impl Variant {
    /// Where a client calls an endpoint: with a certificate at its alias (RFC 8705 §5).
    pub fn endpoint(self, metadata: &Value, name: &str) -> Url {
        let uses_certificate = self.auth == By::Certificate || self.sender == By::Certificate;
        let at = if uses_certificate {
            &metadata["mtls_endpoint_aliases"][name]
        } else {
            &metadata[name]
        };
        at.as_str()
            .unwrap_or_else(|| panic!("{name}: {metadata}"))
            .parse()
            .unwrap()
    }

    /// Whether requests are signed.
    pub fn signs(self) -> bool {
        self.profile != "fapi2"
    }

    /// FAPI 1.0 Advanced §5.2.2-2: what is not signed as a whole has an ID token beside it that is.
    pub fn response_type(self) -> &'static str {
        match (self.profile, self.jarm) {
            ("fapi1", false) => "code id_token",
            _ => "code",
        }
    }
}
