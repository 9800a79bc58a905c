//! The breaker: how many wrong invitation codes the whole platform bears, by how many there are to be hit.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    limits::{BREAKER_LEAST, BREAKER_PRODUCT, BREAKER_WINDOW},
    time::Timestamp,
};

/// What stands against each other, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Live invitations that are bound to no login.
    #[serde(default)]
    pub live: i64,
    /// Tries within the window that have not succeeded (yet).
    #[serde(default)]
    pub tries: i64,
    /// When the window began.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// A try that may be made, and what must still hold when it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakerReservation {
    /// The window begins: there was none, or the one that began then is over.
    Begin(Option<Timestamp>),
    /// One more of the same window, which has room below this.
    Count {
        /// When the window began.
        since: Timestamp,
        /// The tries that it takes.
        below: i64,
    },
}

impl Breaker {
    /// Whether another try at an unbound code may be made now; if not, after how long one may.
    pub fn reserve(&self, now: Timestamp) -> Result<BreakerReservation, Duration> {
        let Some(since) = self.since.filter(|since| now < *since + BREAKER_WINDOW) else {
            return Ok(BreakerReservation::Begin(self.since));
        };
        // Shut once live × wrong passes the product: the try that finds it just there is the last.
        let below = BREAKER_LEAST.max(BREAKER_PRODUCT / self.live.max(1) + 1);
        if self.tries < below {
            return Ok(BreakerReservation::Count { since, below });
        }
        Err((since + BREAKER_WINDOW).since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_codes_are_live_the_fewer_wrong_tries_are_borne_but_never_under_twenty() {
        let noon = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        let after = |live, tries, hours| {
            let breaker = Breaker { live, tries, since: Some(noon) };
            breaker.reserve(noon + Duration::from_hours(hours)).is_ok()
        };
        // 100 × 27 = 2,700 has not passed 2,740, and 100 × 28 has.
        assert!(after(100, 27, 1) && !after(100, 28, 1));
        assert!(after(1_000_000, 19, 1) && !after(1_000_000, 20, 1));
        assert!(after(1, 2_740, 1) && !after(1, 2_741, 1));
        assert!(after(0, 2_740, 1));
        assert!(!after(100, 28, 23) && after(100, 28, 24), "a day later the count begins anew");
    }
}
