//! Request objects on their way in: fetched where they are referred to, decrypted, and verified with the keys of their
//! client.

use std::{net::IpAddr, sync::Arc};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use crate::{
    base::{Secret, secret},
    domain::{
        authorize::request_object::{self, Came, Expected, Refused, refuse},
        encryption::Encryption,
        security_profile::{self, Rules},
    },
    flow::{Core, client_keys},
    model::Client,
    spec::{
        jose::{JwkSet, JwsAlg, decryption, jwe::JweError, jwt::Keys},
        oauth::{ErrorCode, OAuthError, Params},
    },
    upstream::http::FetchError,
};

/// The parameters that the client signed.
///
/// # Errors
/// `invalid_request_object` (RFC 9101 §7); the reason that lies with the client's keys is logged.
pub(in crate::flow) async fn by_value(core: &Core, client: &Arc<Client>, object: &str) -> Result<Params, OAuthError> {
    verified(core, client, object, Came::ByValue).await
}

async fn verified(core: &Core, client: &Arc<Client>, object: &str, came: Came) -> Result<Params, OAuthError> {
    let opened = open(core, client, object)?;
    let object = opened.as_ref().map_or(object, |inner| inner.expose().as_str());
    let rules = security_profile::of(client, core.policy.security.profile);
    let algs = algs(client, rules);
    let check = |set: &JwkSet| {
        let expected = Expected {
            client_id: &client.client_id,
            algs: &algs,
            issuer: core.policy.issuer.as_str(),
            came,
            longest: rules.request_object.map(|object| object.longest),
            now: core.now(),
            skew: core.policy.tokens.clock_skew,
        };
        request_object::verify(object, Keys::Set(set), &expected)
    };
    let pick = |set: &JwkSet| match check(set) {
        Err(Refused::UnknownKey) => None,
        outcome => Some(outcome),
    };
    let found = client_keys::find(core, client, pick).await.unwrap_or_else(|error| {
        tracing::info!(client_id = client.client_id, %error, "a request object cannot be verified");
        None
    });
    let outcome = found.unwrap_or(Err(Refused::UnknownKey));
    outcome.map_err(|refused| match refused {
        Refused::UnknownKey => refuse("no key of the client fits the request object"),
        Refused::Error(error) => error,
    })
}

/// What an encrypted object holds, which must be signed all the same (RFC 9101 §6.1: signed, then encrypted); `None` for one
/// that is not encrypted.
fn open(core: &Core, client: &Client, object: &str) -> Result<Option<Secret<String>>, OAuthError> {
    let registered = Encryption::registered(
        client.metadata.request_object_encryption_alg.as_deref(),
        client.metadata.request_object_encryption_enc.as_deref(),
    );
    let Ok(registered) = registered else {
        return Err(refuse(
            "what the client registered to encrypt request objects with is not known here",
        ));
    };
    if !decryption::is_jwe(object) {
        return match registered {
            Some(_) => Err(refuse("this client registered that it encrypts its request objects")),
            None => Ok(None),
        };
    }
    let header = decryption::read(object).map_err(|error| refuse(reason(error)))?;
    if registered.is_some_and(|one| (one.alg, one.enc) != (header.alg, header.enc)) {
        return Err(refuse("the request object is not encrypted as its client registered"));
    }
    // nobody's private key is used for a client that could not have signed what is inside
    if client.metadata.jwks.is_none() && client.metadata.jwks_uri.is_none() {
        return Err(refuse("no key of the client fits the request object"));
    }
    let keys = core.keys.decryption_keys();
    let inner = decryption::decrypt(object, &keys).map_err(|error| refuse(reason(error)))?;
    let text = String::from_utf8(inner.expose().clone());
    text.map(|text| Some(Secret::new(text)))
        .map_err(|_| refuse("the encrypted request object holds no signed one"))
}

const fn reason(error: JweError) -> &'static str {
    match error {
        JweError::TooLong => "the request object is too long",
        JweError::AlgNotAllowed => "the request object is encrypted by an algorithm or to a key that there is not",
        JweError::Extension => "the request object is compressed or has critical extensions",
        JweError::Malformed => "the request object is malformed",
        JweError::Key | JweError::Refused => "the request object does not decrypt",
    }
}

/// The one that the client registered, as far as its profile has it; else all of the profile's.
fn algs(client: &Client, rules: &Rules) -> Vec<JwsAlg> {
    let registered = client.metadata.request_object_signing_alg.as_deref();
    let allowed = rules.client_algs.iter().copied();
    allowed
        .filter(|alg| registered.is_none_or(|name| name == alg.name()))
        .collect()
}

/// The parameters of the object at an address that the client registered (RFC 9101 §5.2, OIDC Core §6.2).
///
/// # Errors
/// `invalid_request_uri` for an address that may not be fetched, an object that is not there or not the one that the
/// address names by its SHA-256; `invalid_request_object`.
pub(in crate::flow) async fn by_reference(
    core: &Core,
    client: &Arc<Client>,
    request_uri: &str,
    address: Option<IpAddr>,
) -> Result<Params, OAuthError> {
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidRequestUri, why));
    // RFC 9101 §10.4.1: nothing is fetched that somebody else wrote into an address
    let is_registered = client
        .metadata
        .request_uris
        .iter()
        .any(|registered| names(registered, request_uri));
    if !is_registered {
        return refuse("request_uri is not registered for the client");
    }
    let Ok(url) = Url::parse(request_uri) else {
        return refuse("request_uri is not an address");
    };
    let wanted = url.fragment().filter(|hash| !hash.is_empty());
    let pick = |object: &String| is_that(object, wanted).then(|| object.clone());
    // Each fragment says that something else is there now, and nothing says whether that is true.
    let host = url.host_str().filter(|_| client.registered_itself);
    let may_fetch = || core.fetches.allow_request_object(&client.client_id, host, address);
    let objects = &core.way_to(client).request_objects;
    match objects.find_within(&url, may_fetch, pick).await {
        Ok(Some(object)) => verified(core, client, object.trim(), Came::ByReference).await,
        Ok(None) => refuse("what is at request_uri is not what its fragment names"),
        Err(FetchError::TooOften) => {
            refuse("request objects are fetched for this client too often; try again in a minute")
        }
        Err(error) => {
            tracing::info!(client_id = client.client_id, %error, "a request object cannot be fetched");
            refuse("request_uri cannot be fetched")
        }
    }
}

/// Whether the registered address is the one that was sent. The fragment says what is there, not where (OIDC Core §6.2);
/// one that was registered without may be sent with it.
fn names(registered: &str, sent: &str) -> bool {
    let place = sent.split_once('#').map_or(sent, |(place, _)| place);
    registered == sent || registered == place
}

/// OIDC Core §6.2: "the base64url-encoded SHA-256 hash of the referenced resource's content as the fragment".
fn is_that(object: &str, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| {
        let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, object.as_bytes()));
        secret::equal(hash.as_bytes(), wanted.trim_end_matches('=').as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_registered_whole_or_without_its_fragment() {
        assert!(names("https://a.example/r#x", "https://a.example/r#x"));
        assert!(names("https://a.example/r", "https://a.example/r#x"));
        for (registered, sent) in [
            ("https://a.example/r#x", "https://a.example/r#y"),
            ("https://a.example/r#x", "https://a.example/r"),
            ("https://a.example/r", "https://a.example/r/"),
            ("https://a.example/r", "https://a.example/r?x"),
            ("https://a.example/r", "https://a.example"),
        ] {
            assert!(!names(registered, sent), "{registered} {sent}");
        }
    }

    #[test]
    fn the_fragment_is_the_hash_of_the_content() {
        // SHA-256 of "abc", FIPS 180-2
        let hash = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert!(is_that("abc", Some(hash)) && is_that("abc", None));
        assert!(!is_that("abd", Some(hash)) && !is_that("abc", Some("x")));
    }
}
