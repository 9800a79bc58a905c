//! Throttles: how often somebody may guess a password or a code.
//!
//! Every attempt counts as a failure before it is checked. A success takes that count back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    limits::{
        CODE_FAILURES_WINDOW, FIRST_WAIT, FREE_FAILURES, FREE_NETWORK_FAILURES, LONGEST_WAIT, MAX_FAILURES,
        NETWORK_WINDOW, REDEEMER_FAILURES, REDEEMER_WINDOW, REDEEMING_NETWORK_FAILURES, REDEEMING_NETWORK_WINDOW,
    },
    time::Timestamp,
};

/// What a throttle counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleKind {
    /// Attempts at the password of a login, on any route.
    Password,
    /// Attempts at the second factor of a login.
    Totp,
    /// Attempts at the codes mailed to an address.
    Code,
    /// Attempts of all kinds from one network.
    Network,
    /// Attempts at invitation codes by one user.
    Redeemer,
    /// Attempts at invitation codes from one network.
    RedeemingNetwork,
}

/// The limits of a throttle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ThrottleRule {
    /// The number of failures without a wait.
    free: i64,
    /// After how long the count restarts; `None` if only a success resets it.
    window: Option<Duration>,
    /// The number of failures after which every attempt is refused. If it equals `free`, attempts are allowed again at
    /// the end of the window.
    max: i64,
}

impl ThrottleKind {
    /// The name of the kind in the throttle's database key.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Code => "code",
            Self::Network => "network",
            Self::Redeemer => "redeemer",
            Self::RedeemingNetwork => "redeeming-network",
        }
    }

    /// A known device has to wait but is never locked out. Otherwise strangers could lock out its owner.
    const fn rule(self, is_known_device: bool) -> ThrottleRule {
        match self {
            Self::Network => ThrottleRule { free: FREE_NETWORK_FAILURES, window: Some(NETWORK_WINDOW), max: i64::MAX },
            Self::Redeemer => {
                ThrottleRule { free: REDEEMER_FAILURES, window: Some(REDEEMER_WINDOW), max: REDEEMER_FAILURES }
            }
            Self::RedeemingNetwork => ThrottleRule {
                free: REDEEMING_NETWORK_FAILURES,
                window: Some(REDEEMING_NETWORK_WINDOW),
                max: REDEEMING_NETWORK_FAILURES,
            },
            // An unverified address has no owner who could reset the count, so it restarts after a day without
            // attempts.
            Self::Code => ThrottleRule { free: FREE_FAILURES, window: Some(CODE_FAILURES_WINDOW), max: MAX_FAILURES },
            Self::Password | Self::Totp => ThrottleRule {
                free: FREE_FAILURES,
                window: None,
                max: if is_known_device { i64::MAX } else { MAX_FAILURES },
            },
        }
    }
}

/// The state of a throttle, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// The number of attempts that have not succeeded (yet). It can be negative: a success may take back an attempt of
    /// the previous window.
    pub failures: i64,
    /// When the count started.
    pub since: Timestamp,
    /// When the last attempt started.
    pub last_at: Timestamp,
}

/// An allowed attempt, with the condition under which it can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThrottleReservation {
    /// Starts the count. Condition: the throttle does not exist, or is still in this state.
    Begin(Option<Throttle>),
    /// An attempt without a wait. Condition: same window, and fewer failures than `below`.
    Free {
        /// When the window started.
        since: Timestamp,
        /// The number of failures without a wait.
        below: i64,
    },
    /// The only attempt after a wait. Condition: the throttle is still in this state.
    Waited(Throttle),
}

/// Checks whether a throttle allows an attempt now. If not, returns how long to wait.
pub fn reserve(
    kind: ThrottleKind,
    is_known_device: bool,
    throttle: Option<&Throttle>,
    now: Timestamp,
) -> Result<ThrottleReservation, Duration> {
    let Some(throttle) = throttle else { return Ok(ThrottleReservation::Begin(None)) };
    let rule = kind.rule(is_known_device);
    let is_counted_only = throttle.failures < rule.free || rule.max == rule.free;
    let until = if is_counted_only { throttle.since } else { throttle.last_at + wait(throttle.failures - rule.free) };
    if rule.window.is_some_and(|window| now >= until + window) {
        return Ok(ThrottleReservation::Begin(Some(throttle.clone())));
    }
    if throttle.failures < rule.free {
        return Ok(ThrottleReservation::Free { since: throttle.since, below: rule.free });
    }
    if throttle.failures >= rule.max {
        let end = rule.window.filter(|_| is_counted_only).map(|window| (until + window).since(now));
        return Err(end.unwrap_or(LONGEST_WAIT));
    }
    if now < until { Err(until.since(now)) } else { Ok(ThrottleReservation::Waited(throttle.clone())) }
}

/// The wait after `beyond` failures more than the free ones.
fn wait(beyond: i64) -> Duration {
    let doublings = u32::try_from(beyond).unwrap_or_default();
    2_u32.checked_pow(doublings).map_or(LONGEST_WAIT, |times| (FIRST_WAIT * times).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap()) + Duration::from_secs(seconds)
    }

    fn throttle(failures: i64, since: u64, last_at: u64) -> Throttle {
        Throttle { failures, since: at(since), last_at: at(last_at) }
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn after_five_failures_the_wait_doubles_up_to_15_minutes() {
        let reserve = |failures, now| reserve(ThrottleKind::Password, false, Some(&throttle(failures, 0, 0)), at(now));
        assert_eq!(reserve(4, 0), Ok(ThrottleReservation::Free { since: at(0), below: 5 }));
        for (failures, wait) in [(5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (99, 900)] {
            assert_eq!(reserve(failures, wait - 1), Err(secs(1)), "{failures}");
            assert_eq!(
                reserve(failures, wait),
                Ok(ThrottleReservation::Waited(throttle(failures, 0, 0))),
                "{failures}"
            );
        }
    }

    #[test]
    fn the_hundredth_failure_locks_out_all_but_a_known_device() {
        let reserve = |known| reserve(ThrottleKind::Totp, known, Some(&throttle(100, 0, 0)), at(1_000_000));
        assert_eq!(reserve(false), Err(LONGEST_WAIT));
        assert_eq!(reserve(true), Ok(ThrottleReservation::Waited(throttle(100, 0, 0))));
    }

    #[test]
    fn a_network_has_ten_failures_a_minute_without_a_wait() {
        let reserve = |throttle: &Throttle, now| reserve(ThrottleKind::Network, false, Some(throttle), at(now));
        assert_eq!(reserve(&throttle(9, 0, 50), 59), Ok(ThrottleReservation::Free { since: at(0), below: 10 }));
        assert_eq!(reserve(&throttle(9, 0, 50), 60), Ok(ThrottleReservation::Begin(Some(throttle(9, 0, 50)))));
        assert_eq!(reserve(&throttle(10, 0, 50), 50), Err(secs(1)));
        assert_eq!(reserve(&throttle(10, 0, 50), 51), Ok(ThrottleReservation::Waited(throttle(10, 0, 50))));
        // After more failures, the count restarts after a minute without attempts, beginning at the end of the wait.
        assert_eq!(reserve(&throttle(12, 0, 50), 113), Ok(ThrottleReservation::Waited(throttle(12, 0, 50))));
        assert_eq!(reserve(&throttle(12, 0, 50), 114), Ok(ThrottleReservation::Begin(Some(throttle(12, 0, 50)))));
    }

    #[test]
    fn a_user_has_ten_wrong_invitation_codes_a_day_and_a_network_twenty_an_hour() {
        let reserve = |kind, failures, now| reserve(kind, false, Some(&throttle(failures, 0, 0)), at(now));
        let (hour, day) = (60 * 60, 24 * 60 * 60);
        assert_eq!(
            reserve(ThrottleKind::Redeemer, 9, day - 1),
            Ok(ThrottleReservation::Free { since: at(0), below: 10 })
        );
        assert_eq!(reserve(ThrottleKind::Redeemer, 10, 5), Err(secs(day - 5)));
        assert_eq!(reserve(ThrottleKind::Redeemer, 10, day), Ok(ThrottleReservation::Begin(Some(throttle(10, 0, 0)))));
        assert_eq!(reserve(ThrottleKind::RedeemingNetwork, 20, hour - 1), Err(secs(1)));
        assert_eq!(
            reserve(ThrottleKind::RedeemingNetwork, 20, hour),
            Ok(ThrottleReservation::Begin(Some(throttle(20, 0, 0))))
        );
    }

    #[test]
    fn the_count_of_an_address_restarts_after_a_day_without_attempts() {
        let reserve = |failures, now| reserve(ThrottleKind::Code, false, Some(&throttle(failures, 0, 0)), at(now));
        let day = 24 * 60 * 60;
        assert_eq!(reserve(100, 900 + day - 1), Err(LONGEST_WAIT));
        assert_eq!(reserve(100, 900 + day), Ok(ThrottleReservation::Begin(Some(throttle(100, 0, 0)))));
        assert_eq!(reserve(4, day), Ok(ThrottleReservation::Begin(Some(throttle(4, 0, 0)))));
    }

    #[test]
    fn a_clock_that_steps_back_does_not_shorten_a_wait() {
        assert_eq!(reserve(ThrottleKind::Password, false, Some(&throttle(5, 300, 300)), at(0)), Err(secs(301)));
    }
}
