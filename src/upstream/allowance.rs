//! How often this server lets others send it somewhere: whoever can name an address to be fetched must not hold it like a
//! hose. Counted in each process by itself; what is counted is only what would really be fetched.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use moka::sync::Cache;
use time::Duration;

use crate::base::{Clock, Time};

/// So many are counted at once; more cost memory, and the oldest are forgotten first.
const MOST_COUNTED: u64 = 10_000;

/// So many fetches within a span, for each key.
pub struct Allowance<K> {
    most: u32,
    span: Duration,
    clock: Arc<dyn Clock>,
    counts: Cache<K, Arc<Mutex<(Time, u32)>>>,
}

impl<K: Hash + Eq + Send + Sync + 'static> Allowance<K> {
    /// `most` within `span`.
    pub fn new(most: u32, span: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            most,
            span,
            clock,
            counts: Cache::builder().max_capacity(MOST_COUNTED).build(),
        }
    }

    /// Takes one, if one is left.
    pub fn take(&self, key: K) -> bool {
        let now = self.clock.now();
        let count = self.counts.get_with(key, || Arc::new(Mutex::new((now, 0))));
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, taken) = &mut *count;
        // a clock that was set back begins anew as well
        if (now - *since).abs() >= self.span {
            (*since, *taken) = (now, 0);
        }
        let is_left = *taken < self.most;
        *taken += u32::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FixedClock;

    #[test]
    fn so_many_within_the_span_for_each_and_then_again() {
        let clock = Arc::new(FixedClock::new(Time::UNIX_EPOCH));
        let allowance = Allowance::new(2, Duration::MINUTE, clock.clone());
        assert!(allowance.take("a") && allowance.take("a"));
        assert!(!allowance.take("a") && allowance.take("b"));
        clock.advance(Duration::seconds(59));
        assert!(!allowance.take("a"));
        clock.advance(Duration::seconds(1));
        assert!(allowance.take("a"));
    }
}
