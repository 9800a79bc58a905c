//! The circuit breaker for guesses at invitation codes, over all users and networks.
//!
//! The more unbound codes are live, the more likely a guess hits one, so the fewer wrong attempts are allowed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    limits::{BREAKER_LEAST, BREAKER_PRODUCT, BREAKER_WINDOW},
    time::Timestamp,
};

/// The state of the circuit breaker, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// The number of live invitations that are not bound to a login.
    #[serde(default)]
    pub live: i64,
    /// The number of attempts in the window that have not succeeded (yet).
    #[serde(default)]
    pub tries: i64,
    /// When the window started.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// An allowed attempt, with the condition under which it can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakerReservation {
    /// Starts a window. Condition: there was none, or the last one is still the one that started then.
    Begin(Option<Timestamp>),
    /// Counts in the current window. Condition: same window, and fewer attempts than `below`.
    Count {
        /// When the window started.
        since: Timestamp,
        /// The number of attempts that the window allows.
        below: i64,
    },
}

impl Breaker {
    /// Checks whether an attempt at an unbound code is allowed now. If not, returns how long to wait.
    pub fn reserve(&self, now: Timestamp) -> Result<BreakerReservation, Duration> {
        let Some(since) = self.since.filter(|since| now < *since + BREAKER_WINDOW) else {
            return Ok(BreakerReservation::Begin(self.since));
        };
        // The breaker opens once live × wrong exceeds the product: an attempt that finds them equal is the last.
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
    fn more_live_codes_allow_fewer_wrong_attempts_but_at_least_twenty() {
        let noon = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        let after = |live, tries, hours| {
            let breaker = Breaker { live, tries, since: Some(noon) };
            breaker.reserve(noon + Duration::from_hours(hours)).is_ok()
        };
        // 100 × 27 = 2,700 does not exceed 2,740; 100 × 28 does.
        assert!(after(100, 27, 1) && !after(100, 28, 1));
        assert!(after(1_000_000, 19, 1) && !after(1_000_000, 20, 1));
        assert!(after(1, 2_740, 1) && !after(1, 2_741, 1));
        assert!(after(0, 2_740, 1));
        assert!(!after(100, 28, 23) && after(100, 28, 24), "the count restarts after a day");
    }
}
