//! In which language to answer: `ui_locales`, then the cookie, then `Accept-Language`.

use crate::base::Locale;

/// The first language of a blank-separated list of tags that Signet speaks (OIDC Core §3.1.2.1).
pub fn of_ui_locales(list: &str) -> Option<Locale> {
    list.split(' ')
        .filter(|tag| !tag.is_empty())
        .take(20)
        .find_map(Locale::from_tag)
}

/// The language of an `Accept-Language` header with the greatest weight (RFC 9110 §12.5.4); earlier ones win ties.
pub fn of_accept_language(header: &str) -> Option<Locale> {
    let mut best: Option<(u32, Locale)> = None;
    for range in header.split(',').take(20) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = weight(parameters);
        if let Some(locale) = Locale::from_tag(tag.trim())
            && weight > best.map_or(0, |(most, _)| most)
        {
            best = Some((weight, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

/// `q=0.8` in thousandths; 1 when it is left out, 0 when it cannot be read.
fn weight(parameters: &str) -> u32 {
    let Some(value) = parameters.trim().strip_prefix("q=") else {
        return 1000;
    };
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = format!("{fraction:0<3}");
    let thousandths = digits.get(..3).and_then(|digits| digits.parse::<u32>().ok());
    match (whole.parse::<u32>(), thousandths) {
        (Ok(whole), Some(thousandths)) => (whole.min(1) * 1000 + thousandths).min(1000),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_ui_locale_wins() {
        assert_eq!(of_ui_locales("se fr-CA de en"), Some(Locale::De));
        assert_eq!(of_ui_locales("se"), None);
        assert_eq!(of_ui_locales(""), None);
    }

    #[test]
    fn accept_language_is_weighed() {
        for (header, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Locale::De)),
            ("fr, en;q=0.7, de;q=0.8", Some(Locale::De)),
            ("en,de", Some(Locale::En)),
            ("de;q=0, en;q=0.1", Some(Locale::En)),
            ("de;q=x", None),
            ("fr", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(of_accept_language(header), expected, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_ignored(header in "\\PC{0,80}") {
            let _ = of_accept_language(&header);
            let _ = of_ui_locales(&header);
        }
    }
}
