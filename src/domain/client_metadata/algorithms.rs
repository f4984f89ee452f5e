//! What signs and encrypts (OIDC Registration §2, RFC 9701 §6, JARM §3).

use super::{ClientMetadata, Faults, MetadataFault};
use crate::{
    domain::keys::KeyPolicy,
    spec::jose::{JweAlg, JweEnc, JwkSet, JwsAlg},
};

/// The names of the fields of one kind of encrypted thing, and what they say.
struct Pair<'a> {
    alg_field: &'static str,
    alg: &'a Option<String>,
    enc_field: &'static str,
    enc: &'a Option<String>,
}

macro_rules! pairs {
    ($metadata:expr; $($alg:ident $enc:ident),* $(,)?) => {
        [$(Pair {
            alg_field: stringify!($alg),
            alg: &$metadata.$alg,
            enc_field: stringify!($enc),
            enc: &$metadata.$enc,
        }),*]
    };
}

/// Where only `…_alg` is named, `…_enc` is the default.
pub(super) fn complete(metadata: &mut ClientMetadata) {
    for (alg, enc) in [
        (
            &metadata.id_token_encrypted_response_alg,
            &mut metadata.id_token_encrypted_response_enc,
        ),
        (
            &metadata.userinfo_encrypted_response_alg,
            &mut metadata.userinfo_encrypted_response_enc,
        ),
        (
            &metadata.introspection_encrypted_response_alg,
            &mut metadata.introspection_encrypted_response_enc,
        ),
        (
            &metadata.authorization_encrypted_response_alg,
            &mut metadata.authorization_encrypted_response_enc,
        ),
        (
            &metadata.request_object_encryption_alg,
            &mut metadata.request_object_encryption_enc,
        ),
    ] {
        if alg.is_some() && enc.is_none() {
            *enc = Some(JweEnc::default().name().to_owned());
        }
    }
}

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    let theirs = JwsAlg::SIGNATURES.map(JwsAlg::name);
    for (field, alg) in [
        // A MAC under the client_secret would need the secret itself, which is kept only for client_secret_jwt.
        ("request_object_signing_alg", &metadata.request_object_signing_alg),
        // CIBA Core §4: asymmetric only
        (
            "backchannel_authentication_request_signing_alg",
            &metadata.backchannel_authentication_request_signing_alg,
        ),
    ] {
        one_of(field, alg.as_deref(), &theirs, faults);
    }
    encryption(metadata, faults);
}

/// What Signet is to sign with, and what is encrypted to it: only what it has keys for.
pub(super) fn check_ours(metadata: &ClientMetadata, keys: &KeyPolicy, faults: &mut Faults) {
    let ours: Vec<&str> = keys.algs.iter().map(|alg| alg.name()).collect();
    for (field, alg) in [
        ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
        ("access_token_signing_alg", &metadata.access_token_signing_alg),
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
        (
            "introspection_signed_response_alg",
            &metadata.introspection_signed_response_alg,
        ),
        (
            "authorization_signed_response_alg",
            &metadata.authorization_signed_response_alg,
        ),
    ] {
        one_of(field, alg.as_deref(), &ours, faults);
    }
    let [from_client] = pairs![metadata; request_object_encryption_alg request_object_encryption_enc];
    names(&from_client, &keys.encryption_algs().collect::<Vec<_>>(), faults);
}

fn one_of(field: &'static str, alg: Option<&str>, known: &[&str], faults: &mut Faults) {
    if alg.is_some_and(|alg| !known.contains(&alg)) {
        faults.refuse(field, MetadataFault::Algorithm(known.join(", ")));
    }
}

fn encryption(metadata: &ClientMetadata, faults: &mut Faults) {
    let to_client = pairs![metadata;
        id_token_encrypted_response_alg id_token_encrypted_response_enc,
        userinfo_encrypted_response_alg userinfo_encrypted_response_enc,
        introspection_encrypted_response_alg introspection_encrypted_response_enc,
        authorization_encrypted_response_alg authorization_encrypted_response_enc,
    ];
    for pair in &to_client {
        names(pair, &JweAlg::ALL, faults);
        let alg = pair.alg.as_deref().and_then(JweAlg::from_name);
        if let Some(alg) = alg
            && !has_recipient(metadata, alg)
        {
            faults.refuse(
                pair.alg_field,
                MetadataFault::Needs("a key in jwks, or jwks_uri, that it encrypts to"),
            );
        }
    }
}

fn names(pair: &Pair<'_>, algs: &[JweAlg], faults: &mut Faults) {
    let algs: Vec<&str> = algs.iter().map(|alg| alg.name()).collect();
    one_of(pair.alg_field, pair.alg.as_deref(), &algs, faults);
    one_of(
        pair.enc_field,
        pair.enc.as_deref(),
        &JweEnc::ALL.map(JweEnc::name),
        faults,
    );
    // OIDC Registration §2: "When …_enc is included, …_alg MUST also be provided."
    if pair.enc.is_some() && pair.alg.is_none() {
        faults.refuse(pair.alg_field, MetadataFault::Missing);
    }
}

/// Whether there is a key to encrypt to; what is behind an address is seen when it is needed.
fn has_recipient(metadata: &ClientMetadata, alg: JweAlg) -> bool {
    match &metadata.jwks {
        Some(document) => JwkSet::from_value(document).is_ok_and(|keys| keys.recipient(alg).is_some()),
        None => metadata.jwks_uri.is_some(),
    }
}
