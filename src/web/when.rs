//! Instants as people read them: relative, with the exact one in the title.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::base::{Locale, Time, Translator};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// From here on the date says more than a number of days.
const LONG: i64 = 30 * DAY;

/// An instant in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339, for `<time datetime>`.
    pub iso: String,
    /// Date, time of day, UTC.
    pub exact: String,
    /// "5 minutes ago", "in 3 days", or the date when it is far away.
    pub relative: String,
}

impl When {
    /// `at` as seen from `now`.
    pub fn new(at: Time, now: Time, translator: Translator) -> Self {
        let exact = at.format(exact_format(translator.locale())).unwrap_or_default();
        let date = at.format(date_format(translator.locale())).unwrap_or_default();
        Self {
            iso: at.format(&Rfc3339).unwrap_or_default(),
            exact,
            relative: relative((now - at).whole_seconds(), date, translator),
        }
    }
}

fn relative(age_seconds: i64, date: String, translator: Translator) -> String {
    let distance = age_seconds.abs();
    let (unit, past, future) = if distance < MINUTE {
        return translator.t("when-now").to_string();
    } else if distance < HOUR {
        (MINUTE, "when-minutes", "when-in-minutes")
    } else if distance < DAY {
        (HOUR, "when-hours", "when-in-hours")
    } else if distance < LONG {
        (DAY, "when-days", "when-in-days")
    } else {
        return date;
    };
    // what was a while ago has lasted that long; what comes is nearer to the next number than to the one that is over
    let (key, n) = match age_seconds > 0 {
        true => (past, distance / unit),
        false => (future, (distance + unit / 2) / unit),
    };
    translator.t(key).with("n", n).to_string()
}

fn exact_format(locale: Locale) -> &'static [BorrowedFormatItem<'static>] {
    match locale {
        Locale::En => format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC"),
        Locale::De => {
            format_description!("[day padding:none].[month padding:none].[year], [hour]:[minute]:[second] UTC")
        }
    }
}

fn date_format(locale: Locale) -> &'static [BorrowedFormatItem<'static>] {
    match locale {
        Locale::En => format_description!("[day padding:none] [month repr:short] [year]"),
        Locale::De => format_description!("[day padding:none].[month padding:none].[year]"),
    }
}

#[cfg(test)]
impl When {
    /// So many minutes before a fixed moment; negative: after it.
    pub(crate) fn sample(page: &super::Layout, minutes_ago: i64) -> Self {
        let now = time::macros::datetime!(2026-11-20 12:00:00 UTC);
        Self::new(now - time::Duration::minutes(minutes_ago), now, page.translator())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: Time = datetime!(2026-11-20 12:00:00 UTC);

    fn english(at: Time) -> String {
        When::new(at, NOW, Translator::new(Locale::En)).relative
    }

    #[test]
    fn near_instants_are_distances_and_far_ones_are_dates() {
        assert_eq!(english(NOW - time::Duration::seconds(59)), "just now");
        assert_eq!(english(NOW - time::Duration::seconds(60)), "1 minute ago");
        assert_eq!(english(NOW + time::Duration::minutes(89)), "in 1 hour");
        assert_eq!(
            english(NOW + time::Duration::days(7) - time::Duration::seconds(2)),
            "in 7 days"
        );
        assert_eq!(english(NOW - time::Duration::days(29)), "29 days ago");
        assert_eq!(english(NOW - time::Duration::days(30)), "21 Oct 2026");
        assert_eq!(english(NOW + time::Duration::days(400)), "25 Dec 2027");
    }

    #[test]
    fn the_exact_instant_is_written_as_the_language_writes_it() {
        let german = When::new(NOW, NOW, Translator::new(Locale::De));
        assert_eq!(german.exact, "20.11.2026, 12:00:00 UTC");
        assert_eq!(german.iso, "2026-11-20T12:00:00Z");
    }
}
