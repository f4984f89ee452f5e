//! Nonces for proofs (RFC 9449 §8). A nonce is the number of a span of time and a MAC over it, so that every process of the
//! server makes and knows the same ones and none of them is kept.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use time::Duration;

use crate::base::Time;

/// The purpose under which the sealer gives the key.
pub const MAC_PURPOSE: &str = "dpop_nonce";

/// How long one nonce is given out. It is taken for as long again, so that the answer that brings the next one need not
/// hurry.
pub const SPAN: Duration = Duration::minutes(2);

const NUMBER: usize = 8;
const TAG: usize = 16;

/// The nonce to give out now.
pub fn make(key: &hmac::Key, now: Time) -> String {
    encode(key, number(now))
}

/// Until when a proof with this nonce is good; `None` if it is none of ours, or an old one. The span that is to come counts
/// too: another process's clock may be ahead.
pub(super) fn end(key: &hmac::Key, nonce: &str, now: Time) -> Option<Time> {
    let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
    let (named, tag) = bytes.split_at_checked(NUMBER)?;
    let named = i64::from_be_bytes(named.try_into().ok()?);
    let current = number(now);
    let is_near = (current - 1..=current + 1).contains(&named);
    let is_ours = crate::base::secret::equal(tag, &mac(key, named));
    (is_near && is_ours).then(|| now + SPAN * 3)
}

fn number(now: Time) -> i64 {
    now.unix_timestamp().div_euclid(SPAN.whole_seconds())
}

fn encode(key: &hmac::Key, number: i64) -> String {
    let mut bytes = Vec::with_capacity(NUMBER + TAG);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&mac(key, number));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn mac(key: &hmac::Key, number: i64) -> [u8; TAG] {
    let mut tag = [0; TAG];
    let whole = hmac::sign(key, &number.to_be_bytes());
    for (to, from) in tag.iter_mut().zip(whole.as_ref()) {
        *to = *from;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture::NOW;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    #[test]
    fn a_nonce_is_good_for_a_span_and_the_next_one() {
        let nonce = make(&key(1), NOW);
        assert_eq!(nonce, make(&key(1), NOW));
        assert!(end(&key(1), &nonce, NOW).is_some());
        assert!(end(&key(1), &nonce, NOW + SPAN).is_some());
        assert!(end(&key(1), &nonce, NOW - SPAN).is_some());
        assert!(end(&key(1), &nonce, NOW + SPAN * 2).is_none());
        assert!(make(&key(1), NOW) != make(&key(1), NOW + SPAN));
    }

    #[test]
    fn a_use_is_remembered_for_longer_than_the_nonce_is_taken() {
        let nonce = make(&key(1), NOW);
        let until = end(&key(1), &nonce, NOW - SPAN).unwrap();
        assert!(end(&key(1), &nonce, until).is_none());
    }

    #[test]
    fn nobody_else_makes_one() {
        let nonce = make(&key(2), NOW);
        for other in [nonce.as_str(), "", "AAAA", "!", &"A".repeat(32)] {
            assert!(end(&key(1), other, NOW).is_none(), "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in "[A-Za-z0-9_-]{0,60}") {
            proptest::prop_assert!(end(&key(1), &text, NOW).is_none());
        }
    }
}
