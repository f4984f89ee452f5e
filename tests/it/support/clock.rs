//! A clock that runs like the machine's and can be moved forward.

use std::sync::atomic::{AtomicI64, Ordering};

use signet::base::{Clock, SystemClock, Time};
use time::Duration;

/// The machine's clock, some seconds ahead.
#[derive(Debug, Default)]
pub struct OffsetClock {
    ahead_seconds: AtomicI64,
}

impl OffsetClock {
    /// Moves the hands forward.
    pub fn advance(&self, by: Duration) {
        self.ahead_seconds.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }
}

impl Clock for OffsetClock {
    fn now(&self) -> Time {
        SystemClock.now() + Duration::seconds(self.ahead_seconds.load(Ordering::SeqCst))
    }
}
