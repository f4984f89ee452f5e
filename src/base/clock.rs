//! Where the time comes from.

use std::sync::Mutex;

use super::Time;

/// A source of the current instant, always in UTC.
pub trait Clock: Send + Sync + 'static {
    /// The instant now.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that may read it
    fn now(&self) -> Time {
        Time::now_utc()
    }
}

/// A clock for tests: it stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock(Mutex<Time>);

impl FixedClock {
    /// A clock that shows `at`.
    pub fn new(at: Time) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves the hands forward by `by`.
    pub fn advance(&self, by: time::Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
