//! Distinguished names: of certificates (X.501, in DER) and as people write them (RFC 4514).
//!
//! Two names are the same when they have the same attributes with the same values in the same order; the values are
//! compared as they are, for an authority writes a name in one way.

use std::collections::BTreeSet;

/// What is no distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name as RFC 4514 writes it, for example CN=robot,O=Example,C=DE")]
pub struct MalformedName;

/// A distinguished name: from the outermost part to the innermost, each a set of types (as OID) and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName(Vec<BTreeSet<(String, String)>>);

/// Types that have a name: RFC 4514 §3, and those that OpenSSL prints.
const TYPES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("BUSINESSCATEGORY", "2.5.4.15"),
    ("POSTALCODE", "2.5.4.17"),
    ("GN", "2.5.4.42"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("JURISDICTIONL", "1.3.6.1.4.1.311.60.2.1.1"),
    ("JURISDICTIONST", "1.3.6.1.4.1.311.60.2.1.2"),
    ("JURISDICTIONC", "1.3.6.1.4.1.311.60.2.1.3"),
];

impl DistinguishedName {
    /// Reads the string of RFC 4514 §3, whose first part is the innermost.
    ///
    /// # Errors
    /// [`MalformedName`]; an empty name is one.
    pub fn parse(text: &str) -> Result<Self, MalformedName> {
        let mut parts = Vec::new();
        for part in split(text, ',') {
            let mut attributes = BTreeSet::new();
            for attribute in split(part, '+') {
                attributes.insert(parse_attribute(attribute)?);
            }
            parts.push(attributes);
        }
        parts.reverse();
        Ok(Self(parts))
    }

    /// Reads the DER of an X.501 `Name`.
    ///
    /// # Errors
    /// [`MalformedName`].
    pub fn from_der(der: &[u8]) -> Result<Self, MalformedName> {
        let (SEQUENCE, mut rest, []) = element(der)? else {
            return Err(MalformedName);
        };
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (SET, mut set, after) = element(rest)? else {
                return Err(MalformedName);
            };
            let mut attributes = BTreeSet::new();
            while !set.is_empty() {
                let (SEQUENCE, pair, next) = element(set)? else {
                    return Err(MalformedName);
                };
                let (OID, oid, value) = element(pair)? else {
                    return Err(MalformedName);
                };
                attributes.insert((dotted(oid)?, text_of(value)?));
                set = next;
            }
            parts.push(attributes);
            rest = after;
        }
        Ok(Self(parts))
    }
}

const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// The first DER element: tag, contents, and what comes after it (X.690 §8.1).
fn element(der: &[u8]) -> Result<(u8, &[u8], &[u8]), MalformedName> {
    let (tag, rest) = der.split_first().ok_or(MalformedName)?;
    let (first, rest) = rest.split_first().ok_or(MalformedName)?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(MalformedName)?;
            let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return Err(MalformedName),
    };
    let (contents, after) = rest.split_at_checked(length).ok_or(MalformedName)?;
    Ok((*tag, contents, after))
}

/// An object identifier with dots (X.690 §8.19).
fn dotted(oid: &[u8]) -> Result<String, MalformedName> {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number: u64 = 0;
    for byte in oid {
        number = number.checked_mul(128).ok_or(MalformedName)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let (first, rest) = numbers.split_first().ok_or(MalformedName)?;
    let root = (first / 40).min(2);
    let start = [root, first - root * 40];
    let parts: Vec<String> = start.iter().chain(rest).map(u64::to_string).collect();
    Ok(parts.join("."))
}

/// The value of an attribute; of a type that is no text, its DER as RFC 4514 §2.4 writes it.
fn text_of(der: &[u8]) -> Result<String, MalformedName> {
    let (tag, contents, []) = element(der)? else {
        return Err(MalformedName);
    };
    match tag {
        // UTF8String, NumericString, PrintableString, IA5String
        0x0c | 0x12 | 0x13 | 0x16 => String::from_utf8(contents.to_vec()).map_err(|_| MalformedName),
        // TeletexString, which everybody takes for Latin-1
        0x14 => Ok(contents.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString
        0x1e => {
            let units = contents.chunks_exact(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            });
            String::from_utf16(&units.collect::<Vec<_>>()).map_err(|_| MalformedName)
        }
        _ => Ok(format!("#{}", hex(der))),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Splits where the separator is not escaped.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == separator => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn parse_attribute(text: &str) -> Result<(String, String), MalformedName> {
    let (kind, value) = text.split_once('=').ok_or(MalformedName)?;
    let (kind, value) = (kind.trim(), value.trim_start());
    let is_oid = kind.contains('.') && kind.split('.').all(|part| part.parse::<u64>().is_ok());
    let kind = match TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)) {
        Some((_, oid)) => (*oid).to_owned(),
        None if is_oid => kind.to_owned(),
        None => return Err(MalformedName),
    };
    if let Some(encoded) = value.strip_prefix('#') {
        let der = unhex(encoded.trim_end()).ok_or(MalformedName)?;
        return Ok((kind, text_of(&der)?));
    }
    Ok((kind, unescape(value)?))
}

/// RFC 4514 §2.4: a backslash before a special character, or before two hexadecimal digits.
fn unescape(value: &str) -> Result<String, MalformedName> {
    let mut bytes = Vec::with_capacity(value.len());
    // how much of it an unescaped blank at the end does not count to
    let mut kept = 0;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            let mut encoded = [0; 4];
            bytes.extend_from_slice(c.encode_utf8(&mut encoded).as_bytes());
            if c != ' ' {
                kept = bytes.len();
            }
            continue;
        }
        let next = chars.next().ok_or(MalformedName)?;
        if let Some(high) = next.to_digit(16) {
            let low = chars.next().and_then(|c| c.to_digit(16)).ok_or(MalformedName)?;
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| MalformedName)?);
        } else if " \"#+,;<=>\\".contains(next) {
            bytes.push(u8::try_from(next).map_err(|_| MalformedName)?);
        } else {
            return Err(MalformedName);
        }
        kept = bytes.len();
    }
    bytes.truncate(kept);
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())
        .ok_or(MalformedName)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let pairs = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DistinguishedName {
        DistinguishedName::parse(text).unwrap()
    }

    #[test]
    fn ways_to_write_one_name() {
        let name = parse("CN=robot,O=Möwe\\, Inc.,C=DE");
        for same in [
            "cn=robot, o=Möwe\\, Inc. ,c=DE",
            "2.5.4.3=robot,O=M\\C3\\B6we\\2C Inc.,C=DE",
            "CN=#0c05726f626f74,O=Möwe\\, Inc.,C=DE",
        ] {
            assert_eq!(parse(same), name, "{same}");
        }
        assert_eq!(parse("CN=a+UID=b,C=DE"), parse("UID=b+CN=a,C=DE"));
    }

    #[test]
    fn names_that_look_alike_are_not_the_same() {
        let name = parse("CN=robot,O=Example,C=DE");
        for other in [
            "C=DE,O=Example,CN=robot",
            "CN=robot,O=Example",
            "CN=robot,O=Example,C=DE,C=DE",
            "CN=robot+O=Example,C=DE",
            "CN=robot\\,O\\=Example,C=DE",
            "CN=Robot,O=Example,C=DE",
            "OU=robot,O=Example,C=DE",
            "CN=robot\\ ,O=Example,C=DE",
        ] {
            assert_ne!(parse(other), name, "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            ",",
            "CN",
            "CN=",
            "CN=a,,C=DE",
            "XYZ=a",
            "CN=a\\",
            "CN=a\\x",
            "CN=#0",
            "CN=#0c",
            "/C=DE/CN=a",
            "CN=\\ff",
        ] {
            assert_eq!(DistinguishedName::parse(text), Err(MalformedName), "{text}");
        }
        for der in [
            &b""[..],
            &[0x30],
            &[0x30, 0x05, 0x31],
            &[0x31, 0x00],
            &[0x30, 0x84, 0, 0, 0, 0],
            &[0x30, 0x00, 0x00],
        ] {
            assert_eq!(DistinguishedName::from_der(der), Err(MalformedName), "{der:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read_or_refused_without_panic(text in "\\PC{0,40}", der in proptest::collection::vec(0_u8.., 0..60)) {
            let _ = DistinguishedName::parse(&text);
            let _ = DistinguishedName::from_der(&der);
        }
    }
}
