//! Security profiles: what each demands, as one table.
//!
//! A client is held to its own profile, else to the server's; [`Rules`] is everything that differs between them, and
//! whoever has to decide something asks [`of`] and looks at one field. Nobody compares profiles. Imports `model` and
//! `spec`. Absent: the decisions themselves, which stand where the thing is decided that they are about.

use time::Duration;

use crate::{
    model::{Client, SecurityProfile},
    spec::{
        jose::{JwsAlg, SigningAlg},
        oauth::{ClientAuthMethod, ResponseType},
    },
};

/// What holds for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How clients may prove who they are.
    pub client_auth: &'static [ClientAuthMethod],
    /// What clients may sign with: assertions, request objects, proofs of a key.
    pub client_algs: &'static [JwsAlg],
    /// What Signet may sign with for them.
    pub signing_algs: &'static [SigningAlg],
    /// Whom a client assertion must be meant for.
    pub assertion_audience: AssertionAudience,
    /// Whether access tokens are tied to a key.
    pub sender_constraint: SenderConstraint,
    /// How authorization requests come.
    pub requests: Requests,
    /// Which answers may be asked for.
    pub responses: Responses,
    /// Which requests need PKCE.
    pub pkce: Pkce,
    /// Whether the request must name its redirect_uri.
    pub redirect_uri: RedirectUri,
    /// Whether the token request must name it again.
    pub redirect_uri_again: RedirectUriAgain,
    /// Whether the request must say what it is for.
    pub scope: Scope,
    /// What ties the answer to the request.
    pub nonce: Nonce,
    /// What a request object must say about its time.
    pub request_object: Option<RequestObject>,
    /// What becomes of a refresh token that was used.
    pub refresh_token: RefreshTokenUse,
    /// How requests behind the scenes come.
    pub backchannel: Backchannel,
    /// Whether people are asked before a client learns about them.
    pub consent: Consent,
}

/// How requests behind the scenes come (CIBA Core §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backchannel {
    /// As the client likes and registered.
    AsRegistered,
    /// Signed, and with words by which a person knows that what they approve is what they asked for (FAPI-CIBA §5.2.2).
    Fapi,
}

/// Whether people are asked before a client learns about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// As the operator set it for the client.
    AsRegistered,
    /// They are (FAPI 1.0 Baseline §5.2.2-12).
    Always,
}

/// The audiences of client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer, the token endpoint or the endpoint that is called, alone or among others (RFC 7523 §3, OIDC Core §9).
    ServerOrEndpoint,
    /// The issuer as one string (FAPI 2.0 Security Profile §5.3.2.1).
    IssuerAlone,
}

/// What ties access tokens to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderConstraint {
    /// Whatever the client registered or proves; nothing is allowed.
    AsRegistered,
    /// DPoP or a certificate.
    Required,
    /// A certificate (FAPI 1.0 Advanced §5.2.2-5).
    Certificate,
}

/// How authorization requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requests {
    /// As the client likes and registered.
    Any,
    /// Signed: by value, by reference or pushed (FAPI 1.0 Advanced §5.2.2-1).
    Signed,
    /// Pushed (FAPI 2.0 Security Profile §5.3.2.2).
    Pushed,
    /// Pushed and signed (FAPI 2.0 Message Signing §5.3).
    PushedAndSigned,
}

impl Requests {
    /// Whether they must be pushed (RFC 9126).
    pub fn must_be_pushed(self) -> bool {
        matches!(self, Self::Pushed | Self::PushedAndSigned)
    }

    /// Whether they must be signed (RFC 9101).
    pub fn must_be_signed(self) -> bool {
        matches!(self, Self::Signed | Self::PushedAndSigned)
    }
}

/// Which answers may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Responses {
    /// Whatever the client registered.
    AsRegistered,
    /// A code, and nothing else (OAuth 2.1, FAPI 2.0 Security Profile §5.3.2.2).
    Code,
    /// `code id_token`, whose signature is over everything, or `code` in a signed answer (FAPI 1.0 Advanced §5.2.2-2).
    Signed,
}

/// Whether the answer itself is a signed JWT (JARM).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jarm {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl Responses {
    /// Whether the type may be asked for in such an answer; what the client registered is a question of its own.
    pub fn allow(self, response_type: ResponseType, jarm: Jarm) -> bool {
        match self {
            Self::AsRegistered => true,
            Self::Code => response_type == ResponseType::Code,
            Self::Signed => {
                response_type == ResponseType::CodeIdToken || (response_type == ResponseType::Code && jarm == Jarm::Yes)
            }
        }
    }
}

/// Which authorization requests need a code_challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// Those of public clients and of those that registered for it (RFC 9700 §2.1.1).
    AsRegistered,
    /// Those that are pushed, besides (FAPI 1.0 Advanced §5.2.2-18).
    WhenPushed,
    /// All.
    Always,
}

/// Whether the request must name its redirect_uri.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectUri {
    /// It may leave out the only one that is registered (RFC 6749 §3.1.2.3).
    MayBeOmitted,
    /// It must (FAPI 1.0 Baseline §5.2.2-9, FAPI 2.0 Security Profile §5.3.2.2).
    Required,
}

/// Whether the token request must name the redirect_uri that the authorization request named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectUriAgain {
    /// It must (RFC 6749 §4.1.3).
    Required,
    /// It need not where PKCE ties the two together; if it does, it is the same (draft-ietf-oauth-v2-1 §10.2).
    MayBeOmitted,
}

/// Whether the request must name a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Without one it is for nothing in particular (RFC 6749 §3.3).
    MayBeOmitted,
    /// It must: what stands outside the signed request is not used (FAPI 1.0 Advanced §5.2.2-10), and so one that lacks it
    /// was put together wrongly.
    Required,
}

/// What a request must bring that its answer is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonce {
    /// Only where the ID token comes through the browser (OIDC Core §3.2.2.1).
    AsTypeDemands,
    /// A nonce wherever it asks for `openid`, else a state (FAPI 1.0 Baseline §5.2.2.2, §5.2.2.3).
    Required,
}

/// The times of a request object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestObject {
    /// `exp` is at most so long after `nbf`, and `nbf` at most so long ago; both must be there.
    pub longest: Duration,
}

/// What becomes of a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTokenUse {
    /// Its successor takes its place (RFC 9700 §4.14.2).
    Rotates,
    /// It stays: the client has to prove itself anyway, and an answer that is lost locks nobody out (FAPI 2.0 Security
    /// Profile §5.3.2.1).
    Stays,
}

/// FAPI 1.0 Advanced §5.2.2-14, FAPI 2.0 Security Profile §5.3.2.1.
const STRONG_CLIENT_AUTH: &[ClientAuthMethod] = &[
    ClientAuthMethod::PrivateKeyJwt,
    ClientAuthMethod::TlsClientAuth,
    ClientAuthMethod::SelfSignedTlsClientAuth,
];

/// FAPI 1.0 Advanced §8.6, FAPI 2.0 Security Profile §5.4.1. EdDSA here is Ed25519.
const STRONG_CLIENT_ALGS: &[JwsAlg] = &[JwsAlg::PS256, JwsAlg::ES256, JwsAlg::EdDSA];

/// The same for what Signet signs; the first that the server has keys for is the default.
const STRONG_ALGS: &[SigningAlg] = &[SigningAlg::PS256, SigningAlg::ES256, SigningAlg::EdDSA];

/// An hour: FAPI 1.0 Advanced §5.2.2-13 and -17, FAPI 2.0 Message Signing §5.3.1.
const HOUR: RequestObject = RequestObject {
    longest: Duration::HOUR,
};

/// OpenID Connect and OAuth 2.0 with RFC 9700.
const OPEN: Rules = Rules {
    client_auth: &ClientAuthMethod::ALL,
    client_algs: &JwsAlg::SIGNATURES,
    signing_algs: &SigningAlg::ALL,
    assertion_audience: AssertionAudience::ServerOrEndpoint,
    sender_constraint: SenderConstraint::AsRegistered,
    requests: Requests::Any,
    responses: Responses::AsRegistered,
    pkce: Pkce::AsRegistered,
    redirect_uri: RedirectUri::MayBeOmitted,
    redirect_uri_again: RedirectUriAgain::Required,
    scope: Scope::MayBeOmitted,
    nonce: Nonce::AsTypeDemands,
    request_object: None,
    refresh_token: RefreshTokenUse::Rotates,
    backchannel: Backchannel::AsRegistered,
    consent: Consent::AsRegistered,
};

/// draft-ietf-oauth-v2-1 §4.1, §7.5, §10.2: a code, always with PKCE, which ties it to its request.
const OAUTH21: Rules = Rules {
    responses: Responses::Code,
    pkce: Pkce::Always,
    redirect_uri_again: RedirectUriAgain::MayBeOmitted,
    ..OPEN
};

const FAPI1_ADVANCED: Rules = Rules {
    client_auth: STRONG_CLIENT_AUTH,
    client_algs: STRONG_CLIENT_ALGS,
    signing_algs: STRONG_ALGS,
    assertion_audience: AssertionAudience::ServerOrEndpoint,
    sender_constraint: SenderConstraint::Certificate,
    requests: Requests::Signed,
    responses: Responses::Signed,
    pkce: Pkce::WhenPushed,
    redirect_uri: RedirectUri::Required,
    redirect_uri_again: RedirectUriAgain::Required,
    scope: Scope::Required,
    nonce: Nonce::Required,
    request_object: Some(HOUR),
    refresh_token: RefreshTokenUse::Rotates,
    backchannel: Backchannel::Fapi,
    consent: Consent::Always,
};

const FAPI2_SECURITY: Rules = Rules {
    client_auth: STRONG_CLIENT_AUTH,
    client_algs: STRONG_CLIENT_ALGS,
    signing_algs: STRONG_ALGS,
    assertion_audience: AssertionAudience::IssuerAlone,
    sender_constraint: SenderConstraint::Required,
    requests: Requests::Pushed,
    responses: Responses::Code,
    pkce: Pkce::Always,
    redirect_uri: RedirectUri::Required,
    redirect_uri_again: RedirectUriAgain::Required,
    scope: Scope::MayBeOmitted,
    nonce: Nonce::AsTypeDemands,
    request_object: Some(HOUR),
    refresh_token: RefreshTokenUse::Stays,
    backchannel: Backchannel::Fapi,
    consent: Consent::AsRegistered,
};

const FAPI2_MESSAGE_SIGNING: Rules = Rules {
    requests: Requests::PushedAndSigned,
    ..FAPI2_SECURITY
};

/// The rules of a profile; `None` is plain OpenID Connect.
pub fn rules(profile: Option<SecurityProfile>) -> &'static Rules {
    match profile {
        None => &OPEN,
        Some(SecurityProfile::OAuth21) => &OAUTH21,
        Some(SecurityProfile::Fapi1Advanced) => &FAPI1_ADVANCED,
        Some(SecurityProfile::Fapi2Security) => &FAPI2_SECURITY,
        Some(SecurityProfile::Fapi2MessageSigning) => &FAPI2_MESSAGE_SIGNING,
    }
}

/// The rules that hold for a client on a server of this profile.
pub fn of(client: &Client, server: Option<SecurityProfile>) -> &'static Rules {
    rules(client.metadata.security_profile.or(server))
}

impl Rules {
    /// Whether people are asked before the client learns about them.
    pub fn ask_people(&self, client: &Client) -> bool {
        client.metadata.require_consent || self.consent == Consent::Always
    }

    /// What Signet signs with for a client: what it registered if that is allowed, else `default` if that is and there is a
    /// key for it, else the server's best.
    pub fn signing_alg(&self, registered: Option<&str>, default: SigningAlg, ring: &[SigningAlg]) -> SigningAlg {
        // one whose ring was given up later still has its last key
        let registered: Option<SigningAlg> = registered.and_then(|name| name.parse().ok());
        if let Some(registered) = registered.filter(|alg| self.signing_algs.contains(alg)) {
            return registered;
        }
        let wanted = registered.unwrap_or(default);
        if self.signing_algs.contains(&wanted) && ring.contains(&wanted) {
            return wanted;
        }
        let best = self.usable_algs(ring).next();
        best.or(self.signing_algs.first().copied()).unwrap_or(wanted)
    }

    /// What Signet can sign with: what is allowed and has a ring of keys, the best first.
    pub fn usable_algs(&self, ring: &[SigningAlg]) -> impl Iterator<Item = SigningAlg> {
        let allowed = self.signing_algs.iter().copied();
        allowed.filter(|alg| ring.contains(alg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture::client;

    const FAPI: [SecurityProfile; 3] = [
        SecurityProfile::Fapi1Advanced,
        SecurityProfile::Fapi2Security,
        SecurityProfile::Fapi2MessageSigning,
    ];

    #[test]
    fn a_client_is_held_to_its_own_profile_else_to_the_servers() {
        let mut client = client();
        let server = Some(SecurityProfile::Fapi2Security);
        assert_eq!(of(&client, None), &OPEN);
        assert_eq!(of(&client, server), &FAPI2_SECURITY);
        client.metadata.security_profile = Some(SecurityProfile::Fapi1Advanced);
        assert_eq!(of(&client, server), &FAPI1_ADVANCED);
    }

    #[test]
    fn fapi_knows_no_secrets_no_rs256_and_no_bearer_tokens() {
        for profile in FAPI {
            let rules = rules(Some(profile));
            assert!(!rules.client_auth.iter().any(|method| method.uses_secret()));
            assert!(!rules.client_auth.contains(&ClientAuthMethod::None));
            assert!(!rules.client_algs.contains(&JwsAlg::RS256) && !rules.signing_algs.contains(&SigningAlg::RS256));
            assert_ne!(rules.sender_constraint, SenderConstraint::AsRegistered);
            assert_eq!(rules.redirect_uri, RedirectUri::Required);
        }
    }

    #[test]
    fn an_answer_through_the_browser_is_signed_under_fapi_1_and_a_code_under_fapi_2() {
        let (one, two) = (FAPI1_ADVANCED.responses, FAPI2_SECURITY.responses);
        assert!(one.allow(ResponseType::CodeIdToken, Jarm::No) && one.allow(ResponseType::Code, Jarm::Yes));
        assert!(!one.allow(ResponseType::Code, Jarm::No) && !one.allow(ResponseType::IdTokenToken, Jarm::Yes));
        assert!(two.allow(ResponseType::Code, Jarm::No) && two.allow(ResponseType::Code, Jarm::Yes));
        assert!(!two.allow(ResponseType::CodeIdToken, Jarm::Yes));
        for response_type in ResponseType::ALL {
            assert!(OPEN.responses.allow(response_type, Jarm::No));
        }
    }

    #[test]
    fn what_a_profile_forbids_is_signed_by_the_best_that_there_is_a_key_for() {
        use SigningAlg::{ES256, EdDSA, PS256, RS256};
        assert_eq!(OPEN.signing_alg(None, RS256, &[RS256]), RS256);
        assert_eq!(OPEN.signing_alg(Some("ES256"), RS256, &[RS256]), ES256);
        // the default of access tokens, where the operator wants RSA alone
        assert_eq!(OPEN.signing_alg(None, ES256, &[RS256]), RS256);
        assert_eq!(FAPI2_SECURITY.signing_alg(None, RS256, &[RS256, ES256, EdDSA]), ES256);
        assert_eq!(FAPI2_SECURITY.signing_alg(Some("RS256"), RS256, &[RS256, PS256]), PS256);
        assert_eq!(FAPI2_SECURITY.signing_alg(Some("EdDSA"), RS256, &[PS256, EdDSA]), EdDSA);
    }
}
