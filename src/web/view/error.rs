//! The page for what went wrong.

use askama::Template;

use crate::base::Text;
use crate::web::Layout;

/// What went wrong, in the words of the person who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No client has this `client_id`.
    UnknownApp,
    /// The `redirect_uri` is not one of the app's, so that nothing may be sent there (RFC 6749 §4.1.2.1).
    RedirectUriMismatch,
    /// The app asked in a way that cannot be answered.
    MalformedRequest,
    /// The authorization request is over, or belongs to another browser.
    ExpiredRequest,
    /// A mailed link that is used up or too old.
    ExpiredLink,
    /// The form's token is missing or of another session.
    StaleForm,
    /// Nothing is here.
    NotFound,
    /// The page is for administrators.
    Forbidden,
    /// The address is there, not for this method.
    MethodNotAllowed,
    /// More was sent than is read.
    TooLarge,
    /// The head of the request is larger than is read, most often by its cookies.
    HeadTooLarge,
    /// The request did not come to its end in time.
    TooSlow,
    /// Slowed down.
    TooManyAttempts {
        /// Seconds until the next attempt is worth making.
        retry_after_seconds: u64,
    },
    /// More work than the server takes on at once.
    Busy {
        /// Seconds until the next attempt is worth making.
        retry_after_seconds: u64,
    },
    /// The database does not answer.
    DatabaseUnavailable,
    /// A defect of the server.
    Internal,
}

impl ErrorKind {
    /// One of each.
    pub const ALL: [Self; 16] = [
        Self::UnknownApp,
        Self::RedirectUriMismatch,
        Self::MalformedRequest,
        Self::ExpiredRequest,
        Self::ExpiredLink,
        Self::StaleForm,
        Self::NotFound,
        Self::Forbidden,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::HeadTooLarge,
        Self::TooSlow,
        Self::TooManyAttempts {
            retry_after_seconds: 90,
        },
        Self::Busy { retry_after_seconds: 5 },
        Self::DatabaseUnavailable,
        Self::Internal,
    ];

    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::UnknownApp | Self::RedirectUriMismatch | Self::MalformedRequest => 400,
            Self::ExpiredRequest | Self::ExpiredLink | Self::StaleForm => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::TooLarge => 413,
            Self::TooManyAttempts { .. } => 429,
            Self::HeadTooLarge => 431,
            Self::Busy { .. } | Self::DatabaseUnavailable => 503,
            Self::Internal => 500,
        }
    }

    /// What happened.
    pub fn title(self) -> Text {
        Text::new(match self {
            Self::UnknownApp => "failure-unknown-app",
            Self::RedirectUriMismatch => "failure-redirect-uri",
            Self::MalformedRequest => "failure-malformed",
            Self::ExpiredRequest => "failure-expired",
            Self::ExpiredLink => "failure-link",
            Self::StaleForm => "failure-stale",
            Self::NotFound => "failure-not-found",
            Self::Forbidden => "failure-forbidden",
            Self::MethodNotAllowed => "failure-method",
            Self::TooLarge => "failure-too-large",
            Self::HeadTooLarge => "failure-head",
            Self::TooSlow => "failure-slow",
            Self::TooManyAttempts { .. } => "failure-too-many",
            Self::Busy { .. } => "failure-busy",
            Self::DatabaseUnavailable => "failure-database",
            Self::Internal => "failure-internal",
        })
    }

    /// What to do next.
    pub fn advice(self) -> Text {
        Text::new(match self {
            Self::UnknownApp => "failure-unknown-app-advice",
            Self::RedirectUriMismatch => "failure-redirect-uri-advice",
            Self::MalformedRequest => "failure-malformed-advice",
            Self::ExpiredRequest => "failure-expired-advice",
            Self::ExpiredLink => "failure-link-advice",
            Self::StaleForm => "failure-stale-advice",
            Self::NotFound => "failure-not-found-advice",
            Self::Forbidden => "failure-forbidden-advice",
            Self::MethodNotAllowed => "failure-method-advice",
            Self::TooLarge => "failure-too-large-advice",
            Self::HeadTooLarge => "failure-head-advice",
            Self::TooSlow => "failure-slow-advice",
            Self::TooManyAttempts { .. } => "failure-too-many-advice",
            Self::Busy { .. } => "failure-busy-advice",
            Self::DatabaseUnavailable => "failure-database-advice",
            Self::Internal => "failure-internal-advice",
        })
    }

    /// When to try again.
    pub fn retry(self) -> Option<Text> {
        let (Self::TooManyAttempts { retry_after_seconds } | Self::Busy { retry_after_seconds }) = self else {
            return None;
        };
        let seconds = i64::try_from(retry_after_seconds.max(1)).unwrap_or(i64::MAX);
        Some(if seconds < 60 {
            Text::new("retry-seconds").count("n", seconds)
        } else {
            Text::new("retry-minutes").count("n", seconds.saturating_add(59) / 60)
        })
    }
}

/// A page that says what went wrong and what to do next.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What every page needs.
    pub page: Layout,
    /// What went wrong.
    pub kind: ErrorKind,
    /// The protocol's own words for the person who helps (`invalid_request: …`); may be empty.
    pub detail: String,
    /// Finds this moment in the log; may be empty.
    pub reference: String,
    /// Where to go on, when there is such a place: the address and what it is.
    pub way_out: Option<(String, Text)>,
}

#[cfg(test)]
impl ErrorPage {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        const NAMES: [&str; 16] = [
            "app",
            "redirect",
            "malformed",
            "expired",
            "link",
            "stale",
            "lost",
            "forbidden",
            "method",
            "large",
            "head",
            "slow",
            "many",
            "busy",
            "database",
            "internal",
        ];
        let one = |kind| Self {
            page: page.clone(),
            kind,
            detail: "invalid_request: redirect_uri is not registered".to_owned(),
            reference: "0199b8d2-4c1e".to_owned(),
            way_out: Some(("/account".to_owned(), Text::new("failure-to-account"))),
        };
        let mut samples: Vec<_> = NAMES.into_iter().zip(ErrorKind::ALL.map(one)).collect();
        let bare = Self {
            detail: String::new(),
            reference: String::new(),
            way_out: None,
            ..one(ErrorKind::NotFound)
        };
        let hostile = Self {
            detail: crate::web::layout::HOSTILE.to_owned(),
            ..one(ErrorKind::MalformedRequest)
        };
        samples.extend([("bare", bare), ("hostile", hostile)]);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_seconds_and_then_in_whole_minutes() {
        let retry = |retry_after_seconds| ErrorKind::TooManyAttempts { retry_after_seconds }.retry();
        assert_eq!(retry(0), Some(Text::new("retry-seconds").count("n", 1)));
        assert_eq!(retry(59), Some(Text::new("retry-seconds").count("n", 59)));
        assert_eq!(retry(60), Some(Text::new("retry-minutes").count("n", 1)));
        assert_eq!(retry(61), Some(Text::new("retry-minutes").count("n", 2)));
        assert!(retry(u64::MAX).is_some());
        assert_eq!(ErrorKind::Internal.retry(), None);
    }
}
