//! A browser's name from its `User-Agent`, for people to recognise their own; nothing is decided by it.

use crate::base::Text;

/// Browsers by a mark in the header. The order matters: most claim to be Safari, and many to be Chrome.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by a mark in the header, with whether they are carried in a pocket.
const SYSTEMS: &[(&str, &str, bool)] = &[
    ("iPhone", "iPhone", true),
    ("iPad", "iPad", true),
    ("Android", "Android", true),
    ("Windows", "Windows", false),
    ("Mac OS X", "macOS", false),
    ("CrOS", "ChromeOS", false),
    ("Linux", "Linux", false),
];

/// What a session's browser is called, "Firefox on Linux".
pub fn device_text(user_agent: Option<&str>) -> Text {
    let agent = user_agent.unwrap_or_default();
    let browser = BROWSERS.iter().find(|(mark, _)| agent.contains(mark));
    let system = SYSTEMS.iter().find(|(mark, _, _)| agent.contains(mark));
    match (browser, system) {
        (Some((_, browser)), Some((_, system, _))) => {
            Text::new("device").with("browser", *browser).with("system", *system)
        }
        (Some((_, name)), None) | (None, Some((_, name, _))) => Text::verbatim(*name),
        (None, None) => Text::new("device-unknown"),
    }
}

/// The icon of a session's device.
pub fn device_icon(user_agent: Option<&str>) -> &'static str {
    let agent = user_agent.unwrap_or_default();
    let carried = SYSTEMS.iter().find(|(mark, _, _)| agent.contains(mark));
    match carried {
        Some((_, _, true)) => "smartphone",
        _ => "monitor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Locale, Translator};

    fn name(agent: &str) -> String {
        Translator::new(Locale::En).say(device_text(Some(agent)))
    }

    #[test]
    fn common_browsers_are_called_by_their_names() {
        let gecko = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(name(gecko), "Firefox on Linux");
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 \
                    Safari/537.36 Edg/140.0";
        assert_eq!(name(edge), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 \
                     Mobile/15E148 Safari/604.1";
        assert_eq!(name(phone), "Safari on iPhone");
        assert_eq!(device_icon(Some(phone)), "smartphone");
        assert_eq!(device_icon(Some(gecko)), "monitor");
    }

    #[test]
    fn other_agents_are_not_guessed() {
        assert_eq!(name("curl/8"), "Unknown device");
        assert_eq!(Translator::new(Locale::En).say(device_text(None)), "Unknown device");
    }
}
