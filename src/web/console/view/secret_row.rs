//! A secret of an app, as its page lists it.

use super::Choice;
use crate::{base::Text, web::When};

/// One line of the list.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// Its id.
    pub id: String,
    /// What people call it; may be empty.
    pub label: String,
    /// How it begins; empty if it was not made here.
    pub hint: String,
    /// When it was made.
    pub made: When,
    /// When it was last used, to the hour.
    pub used: Option<When>,
    /// When it ends, or ended.
    pub ends: Option<When>,
    /// Whether that is over.
    pub is_expired: bool,
}

/// The days after which something may end; the first is chosen.
const DAYS: [u32; 4] = [7, 1, 30, 90];

fn in_days(days: u32, is_chosen: bool) -> Choice {
    Choice::new(
        days.to_string(),
        Text::new("secret-in-days").count("n", days.into()),
        is_chosen,
    )
}

/// When a secret ends whose end is asked for.
pub fn ends_choices() -> Vec<Choice> {
    let now = Choice::new("0", Text::new("secret-at-once"), true);
    std::iter::once(now)
        .chain(DAYS.into_iter().map(|days| in_days(days, false)))
        .collect()
}

/// What becomes of the others when another one is made.
pub fn others_choices() -> Vec<Choice> {
    let later = DAYS.into_iter().map(|days| in_days(days, days == 7));
    let more = [
        Choice::new("0", Text::new("secret-at-once"), false),
        Choice::new("stay", Text::new("secret-others-stay"), false),
    ];
    later.chain(more).collect()
}

/// How long a new one lasts.
pub fn lifetime_choices() -> Vec<Choice> {
    let ever = Choice::new("", Text::new("secret-for-ever"), true);
    let days = [30, 90, 180, 365].into_iter();
    std::iter::once(ever)
        .chain(days.map(|days| in_days(days, false)))
        .collect()
}
