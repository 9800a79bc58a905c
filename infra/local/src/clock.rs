//! A clock that tests can move.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rollcall_api::clock::Clock;

/// The system clock plus an offset; it keeps ticking unless it is frozen.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    offset_millis: Arc<AtomicI64>,
    frozen: Option<DateTime<Utc>>,
}

impl TestClock {
    /// A clock that is frozen at `moment` and moves only by [`TestClock::advance`] and [`TestClock::retreat`].
    pub fn frozen_at(moment: DateTime<Utc>) -> Self {
        Self { frozen: Some(moment), ..Self::default() }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.offset_millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Moves the clock back.
    pub fn retreat(&self, by: Duration) {
        self.offset_millis.fetch_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// The clock to pass on.
    #[expect(clippy::disallowed_methods, reason = "the test clock is the system clock plus an offset")]
    pub fn to_clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || {
            let offset = TimeDelta::milliseconds(clock.offset_millis.load(Ordering::Relaxed));
            clock.frozen.unwrap_or_else(Utc::now) + offset
        })
    }
}
