//! When to try again what could not be delivered, and whose turn it is.

use std::{collections::HashMap, time::Duration};

use crate::base::Time;

/// The wait after the first failure; each further one doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait.
pub const MAX_WAIT: Duration = Duration::from_secs(60 * 60);
/// How long a message is worth trying.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What to do with a message that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again then.
    At(Time),
    /// Leave it: nobody waits for it any more.
    GiveUp,
}

/// Decides after failure number `attempts` of a message from `created_at`. `jitter`, 0 to 999, spreads the retries of
/// messages that failed together over a quarter of the wait, or else they would fail together again.
pub fn after_failure(created_at: Time, now: Time, attempts: u32, jitter: u32) -> Next {
    let doublings = attempts.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(MAX_WAIT);
    let wait = wait + wait / 4 * jitter.min(999) / 1000;
    let next = now + wait;
    if next - created_at > GIVE_UP_AFTER {
        Next::GiveUp
    } else {
        Next::At(next)
    }
}

/// The longest rest of an app that cannot be reached.
pub const MAX_REST: Duration = Duration::from_secs(5 * 60);

/// What an attempt says about the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It can be reached, whatever it said.
    Answered,
    /// It could not be reached, or not now.
    Failed,
}

/// Whose turn it is: a recipient is called again only when what is on its way to it has ended, and one that fails is left
/// alone for a while, longer each time, so that it does not keep the places of others occupied.
#[derive(Debug, Default)]
pub struct Turns {
    under_way: HashMap<String, u32>,
    resting: HashMap<String, Rest>,
}

#[derive(Debug)]
struct Rest {
    failures: u32,
    until: Time,
}

impl Turns {
    /// A message for the recipient has begun to go.
    pub fn begin(&mut self, recipient: &str) {
        *self.under_way.entry(recipient.to_owned()).or_default() += 1;
    }

    /// An attempt has ended.
    pub fn end(&mut self, recipient: &str, outcome: Outcome, now: Time) {
        if let Some(count) = self.under_way.get_mut(recipient) {
            *count = count.saturating_sub(1);
        }
        self.under_way.retain(|_, count| *count > 0);
        match outcome {
            Outcome::Answered => {
                self.resting.remove(recipient);
            }
            Outcome::Failed => {
                let rest = self.resting.entry(recipient.to_owned());
                let rest = rest.or_insert(Rest {
                    failures: 0,
                    until: now,
                });
                // what failed side by side is one failure
                if rest.until <= now {
                    rest.failures = rest.failures.saturating_add(1);
                    let wait = FIRST_WAIT.saturating_mul(1 << (rest.failures - 1).min(16));
                    rest.until = now + wait.min(MAX_REST);
                }
            }
        }
    }

    /// Whose turn it is not.
    pub fn not_now(&self, now: Time) -> Vec<String> {
        let resting = self.resting.iter().filter(|(_, rest)| now < rest.until);
        let both = self.under_way.keys().chain(resting.map(|(recipient, _)| recipient));
        both.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_waits_for_its_own_messages_and_after_failures() {
        let mut turns = Turns::default();
        let later = |seconds| START + Duration::from_secs(seconds);
        turns.begin("a");
        turns.begin("a");
        assert_eq!(turns.not_now(START), ["a"]);
        turns.end("a", Outcome::Answered, START);
        assert_eq!(turns.not_now(START), ["a"], "one is still under way");
        turns.end("a", Outcome::Failed, START);
        assert_eq!(turns.not_now(later(4)), ["a"]);
        assert!(turns.not_now(later(5)).is_empty());
        // two at a time are one failure
        for _ in 0..2 {
            turns.begin("a");
        }
        for _ in 0..2 {
            turns.end("a", Outcome::Failed, later(5));
        }
        assert_eq!(turns.not_now(later(14)), ["a"]);
        assert!(turns.not_now(later(15)).is_empty());
        let mut now = later(15);
        for _ in 0..40 {
            turns.end("a", Outcome::Failed, now);
            now += MAX_REST;
            assert!(turns.not_now(now).is_empty(), "never longer");
        }
        turns.end("a", Outcome::Failed, now);
        turns.end("a", Outcome::Answered, now);
        assert!(turns.not_now(now).is_empty(), "who answers is there again");
    }

    const START: Time = time::macros::datetime!(2026-11-21 12:00 UTC);

    #[test]
    fn waits_double_up_to_an_hour() {
        let wait = |attempts| after_failure(START, START, attempts, 0);
        assert_eq!(wait(1), Next::At(START + Duration::from_secs(5)));
        assert_eq!(wait(2), Next::At(START + Duration::from_secs(10)));
        assert_eq!(wait(10), Next::At(START + Duration::from_secs(2560)));
        assert_eq!(wait(11), Next::At(START + MAX_WAIT));
        assert_eq!(wait(u32::MAX), Next::At(START + MAX_WAIT));
    }

    #[test]
    fn jitter_adds_up_to_a_quarter() {
        assert_eq!(
            after_failure(START, START, 4, 0),
            Next::At(START + Duration::from_secs(40))
        );
        let Next::At(latest) = after_failure(START, START, 4, 999) else {
            panic!("given up");
        };
        let wait = latest - START;
        assert!(
            wait > Duration::from_millis(49_900) && wait < Duration::from_secs(50),
            "{wait}"
        );
    }

    #[test]
    fn a_message_is_tried_for_a_day() {
        let mut now = START;
        let mut attempts = 1;
        while let Next::At(next) = after_failure(START, now, attempts, 500) {
            assert!(next > now);
            now = next;
            attempts += 1;
            assert!(attempts < 100);
        }
        assert!(now - START > Duration::from_secs(22 * 3600), "{now}");
        assert!(attempts > 25, "{attempts}");
    }
}
