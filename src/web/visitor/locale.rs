//! In which language to answer: `ui_locales`, then the cookie, then `Accept-Language`.

use crate::base::Locale;

/// Whether the `ui_locales` of an address count. At the protocol's endpoints they are the app's word. Everywhere else they
/// stand in our own links only: a link on another site changes nobody's language. Browsers that do not say where a
/// navigation comes from are believed.
pub fn may_choose(path: &str, sec_fetch_site: Option<&str>) -> bool {
    matches!(path, "/authorize" | "/end_session") || !matches!(sec_fetch_site, Some("cross-site" | "same-site"))
}

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
    fn another_site_chooses_a_language_only_by_the_protocol() {
        for path in ["/authorize", "/end_session"] {
            assert!(may_choose(path, Some("cross-site")));
        }
        for path in ["/account", "/login", "/console/users", "/"] {
            for own in [None, Some("same-origin"), Some("none")] {
                assert!(may_choose(path, own), "{path} {own:?}");
            }
            assert!(!may_choose(path, Some("cross-site")) && !may_choose(path, Some("same-site")));
        }
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
