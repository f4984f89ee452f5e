//! The hashes that tie an ID token to what was issued beside it.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::SigningAlg;

/// `at_hash`, `c_hash` or `s_hash` of `value`: base64url of the left half of its hash, by the hash of the algorithm that
/// signs the ID token (OIDC Core §3.1.3.6, §3.3.2.11). Ed25519 hashes with SHA-512, so EdDSA does here.
pub fn half_hash(alg: SigningAlg, value: &str) -> String {
    let algorithm = match alg {
        SigningAlg::RS256 | SigningAlg::PS256 | SigningAlg::ES256 => &digest::SHA256,
        SigningAlg::EdDSA => &digest::SHA512,
    };
    let hash = digest::digest(algorithm, value.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_hash_and_c_hash_are_those_of_the_specification() {
        // OIDC Core §A.3 and §A.4
        let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(SigningAlg::RS256, access_token), "77QmUPtjPfzWtF2AnpK9RQ");
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(half_hash(SigningAlg::PS256, code), "LDktKdoQak3Pk0cnXxCltA");
    }

    #[test]
    fn eddsa_takes_half_of_sha_512() {
        assert_eq!(half_hash(SigningAlg::EdDSA, "x").len(), 43);
        assert_eq!(half_hash(SigningAlg::ES256, "x").len(), 22);
    }
}
