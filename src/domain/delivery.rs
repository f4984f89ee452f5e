//! When to try again what could not be delivered.

use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::*;

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
