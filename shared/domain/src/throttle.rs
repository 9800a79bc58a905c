//! Lanes: how often somebody may guess. A try is counted before it is looked at, and counts no more once it succeeded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    limits::{
        CODE_FAILURES_WINDOW, FIRST_WAIT, FREE_FAILURES, FREE_NETWORK_FAILURES, LONGEST_WAIT, MAX_FAILURES,
        NETWORK_WINDOW, REDEEMER_FAILURES, REDEEMER_WINDOW, REDEEMING_NETWORK_FAILURES, REDEEMING_NETWORK_WINDOW,
    },
    time::Timestamp,
};

/// What is guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleKind {
    /// A login's password, whatever the path that asks for it.
    Password,
    /// A login's second factor.
    Totp,
    /// The codes mailed to an address.
    Code,
    /// Anything, from one network.
    Network,
    /// Invitation codes, by one redeemer.
    Redeemer,
    /// Invitation codes, from one network.
    RedeemingNetwork,
}

/// How a throttle slows down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ThrottleRule {
    /// Failures that cost no wait.
    free: i64,
    /// After how long the count begins anew; never, where it takes a success.
    window: Option<Duration>,
    /// Failures after which waiting helps no more; where these are the free ones, all there is to wait for is the end of
    /// the window.
    most: i64,
}

impl ThrottleKind {
    /// The kind's word in the throttle's key.
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

    /// A device that signed in before is made to wait and never shut out: that would let strangers shut out its owner.
    const fn rule(self, is_known_device: bool) -> ThrottleRule {
        match self {
            Self::Network => ThrottleRule { free: FREE_NETWORK_FAILURES, window: Some(NETWORK_WINDOW), most: i64::MAX },
            Self::Redeemer => {
                ThrottleRule { free: REDEEMER_FAILURES, window: Some(REDEEMER_WINDOW), most: REDEEMER_FAILURES }
            }
            Self::RedeemingNetwork => ThrottleRule {
                free: REDEEMING_NETWORK_FAILURES,
                window: Some(REDEEMING_NETWORK_WINDOW),
                most: REDEEMING_NETWORK_FAILURES,
            },
            // Nobody can recover an address that is nobody's yet; a day without a try does.
            Self::Code => ThrottleRule { free: FREE_FAILURES, window: Some(CODE_FAILURES_WINDOW), most: MAX_FAILURES },
            Self::Password | Self::Totp => ThrottleRule {
                free: FREE_FAILURES,
                window: None,
                most: if is_known_device { i64::MAX } else { MAX_FAILURES },
            },
        }
    }
}

/// One throttle, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Tries that have not succeeded (yet). Giving one back across the turn of a window may leave it below zero.
    pub failures: i64,
    /// When the count began.
    pub since: Timestamp,
    /// When the last try began.
    pub last_at: Timestamp,
}

/// A try that may be made, and what must still hold when it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThrottleReservation {
    /// The count begins: nothing was there, or it stood like this.
    Begin(Option<Throttle>),
    /// One of the free ones: the count is of the same window and below this.
    Free {
        /// The window.
        since: Timestamp,
        /// The failures that are free.
        below: i64,
    },
    /// The one try after a wait: the throttle stands just like this.
    Waited(Throttle),
}

/// Whether a throttle takes another try now; if not, after how long it may.
pub fn reserve(
    kind: ThrottleKind,
    is_known_device: bool,
    throttle: Option<&Throttle>,
    now: Timestamp,
) -> Result<ThrottleReservation, Duration> {
    let Some(throttle) = throttle else { return Ok(ThrottleReservation::Begin(None)) };
    let rule = kind.rule(is_known_device);
    let is_counted_only = throttle.failures < rule.free || rule.most == rule.free;
    let until = if is_counted_only { throttle.since } else { throttle.last_at + wait(throttle.failures - rule.free) };
    if rule.window.is_some_and(|window| now >= until + window) {
        return Ok(ThrottleReservation::Begin(Some(throttle.clone())));
    }
    if throttle.failures < rule.free {
        return Ok(ThrottleReservation::Free { since: throttle.since, below: rule.free });
    }
    if throttle.failures >= rule.most {
        let end = rule.window.filter(|_| is_counted_only).map(|window| (until + window).since(now));
        return Err(end.unwrap_or(LONGEST_WAIT));
    }
    if now < until { Err(until.since(now)) } else { Ok(ThrottleReservation::Waited(throttle.clone())) }
}

/// The wait after this many failures beyond the free ones.
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
    fn five_failures_are_free_and_then_the_wait_doubles_to_a_quarter_of_an_hour() {
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
    fn the_hundredth_failure_shuts_a_lane_but_to_a_known_device() {
        let reserve = |known| reserve(ThrottleKind::Totp, known, Some(&throttle(100, 0, 0)), at(1_000_000));
        assert_eq!(reserve(false), Err(LONGEST_WAIT));
        assert_eq!(reserve(true), Ok(ThrottleReservation::Waited(throttle(100, 0, 0))));
    }

    #[test]
    fn a_network_has_ten_failures_a_minute() {
        let reserve = |throttle: &Throttle, now| reserve(ThrottleKind::Network, false, Some(throttle), at(now));
        assert_eq!(reserve(&throttle(9, 0, 50), 59), Ok(ThrottleReservation::Free { since: at(0), below: 10 }));
        assert_eq!(reserve(&throttle(9, 0, 50), 60), Ok(ThrottleReservation::Begin(Some(throttle(9, 0, 50)))));
        assert_eq!(reserve(&throttle(10, 0, 50), 50), Err(secs(1)));
        assert_eq!(reserve(&throttle(10, 0, 50), 51), Ok(ThrottleReservation::Waited(throttle(10, 0, 50))));
        // Beyond the free ones, only a minute without a try after the wait begins anew.
        assert_eq!(reserve(&throttle(12, 0, 50), 113), Ok(ThrottleReservation::Waited(throttle(12, 0, 50))));
        assert_eq!(reserve(&throttle(12, 0, 50), 114), Ok(ThrottleReservation::Begin(Some(throttle(12, 0, 50)))));
    }

    #[test]
    fn a_redeemer_has_ten_wrong_codes_a_day_and_its_network_twenty_an_hour() {
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
    fn an_address_is_open_again_after_a_day_without_a_try() {
        let reserve = |failures, now| reserve(ThrottleKind::Code, false, Some(&throttle(failures, 0, 0)), at(now));
        let day = 24 * 60 * 60;
        assert_eq!(reserve(100, 900 + day - 1), Err(LONGEST_WAIT));
        assert_eq!(reserve(100, 900 + day), Ok(ThrottleReservation::Begin(Some(throttle(100, 0, 0)))));
        assert_eq!(reserve(4, day), Ok(ThrottleReservation::Begin(Some(throttle(4, 0, 0)))));
    }

    #[test]
    fn a_clock_that_steps_back_makes_wait_and_frees_nothing() {
        assert_eq!(reserve(ThrottleKind::Password, false, Some(&throttle(5, 300, 300)), at(0)), Err(secs(301)));
    }
}
