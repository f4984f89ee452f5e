//! Opaque cursors of lists: where the last page ended, as base64url of a JSON tuple. They hold no secret and prove
//! nothing; a changed one only moves the place where a page begins.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::Error;
use crate::base::{Time, storable::is_storable_json};

/// Longest cursor that is read.
const MAX_LENGTH: usize = 2048;

/// The cursor of a row with these sort values.
pub fn encode(place: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(place).map_err(|_| Error::BadCursor)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The sort values that the cursor names; `None` without a cursor.
pub fn decode<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, Error> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    if cursor.len() > MAX_LENGTH {
        return Err(Error::BadCursor);
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::BadCursor)?;
    let place = serde_json::from_slice(&json).ok().filter(is_storable_json);
    let place = place.and_then(|place| serde_json::from_value(place).ok());
    place.map(Some).ok_or(Error::BadCursor)
}

/// After every row of a list.
const END_OF_TIME: Time = time::macros::datetime!(9999-12-31 0:00 UTC);

/// For lists with the newest first: the instant and key before which the page begins. Without a cursor that is the end of
/// time, so that one statement serves all pages and finds its place by the index under every plan.
pub fn decode_newest_first<K: DeserializeOwned + Default>(cursor: Option<&str>) -> Result<(Time, K), Error> {
    match decode::<(i64, K)>(cursor)? {
        Some((at, key)) => Ok((instant(at)?, key)),
        None => Ok((END_OF_TIME, K::default())),
    }
}

/// The cursor that [`decode_newest_first`] reads.
pub fn encode_newest_first(at: Time, key: &impl Serialize) -> Result<String, Error> {
    encode(&(micros(at), key))
}

/// An instant as PostgreSQL keeps it: microseconds since 1970.
fn micros(at: Time) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// The instant of that many microseconds since 1970.
fn instant(micros: i64) -> Result<Time, Error> {
    let at = Time::from_unix_timestamp_nanos(i128::from(micros) * 1000).map_err(|_| Error::BadCursor)?;
    // PostgreSQL's timestamps end later than `Time`, but begin in 4713 BC.
    if at.year() < -4000 {
        Err(Error::BadCursor)
    } else {
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_mangled_one_is_refused() {
        let at = Time::UNIX_EPOCH + time::Duration::microseconds(1_234_567);
        let cursor = encode(&(micros(at), "id")).unwrap();
        let (read, id): (i64, String) = decode(Some(&cursor)).unwrap().unwrap();
        assert_eq!((instant(read).unwrap(), id.as_str()), (at, "id"));
        for bad in ["", "%%%", "bnVsbA", &"A".repeat(3000)] {
            assert!(
                matches!(decode::<(i64, String)>(Some(bad)), Err(Error::BadCursor)),
                "{bad}"
            );
        }
        let nul = encode(&(1, "a\0b")).unwrap();
        assert!(matches!(decode::<(i64, String)>(Some(&nul)), Err(Error::BadCursor)));
        assert!(decode::<(i64, String)>(None).unwrap().is_none());
        assert!(instant(i64::MIN).is_err());
    }
}
