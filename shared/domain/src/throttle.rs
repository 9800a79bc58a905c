//! Throttles: how often somebody may guess a password or a code.
//!
//! Every attempt counts as a failure before it is checked. A success takes that count back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    error::Code,
    limits::{
        ESTIMATES_PER_NETWORK, ESTIMATES_WINDOW, FIRST_WAIT, FREE_FAILURES, FREE_NETWORK_FAILURES, LONGEST_WAIT,
        MAILS_PER_NETWORK, MAILS_PER_USER, MAILS_WINDOW, MAX_FAILURES, NETWORK_WINDOW, REDEEMER_FAILURES,
        REDEEMER_WINDOW, REDEEMING_NETWORK_FAILURES, REDEEMING_NETWORK_WINDOW,
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
    /// Attempts at passwords, second factors and mailed codes from one network.
    Network,
    /// Attempts at invitation codes by one redeemer.
    Redeemer,
    /// Attempts at invitation codes from one network.
    RedeemingNetwork,
    /// Mails with a code that one network requested.
    MailingNetwork,
    /// Mails with a code that one signed-in user requested.
    MailingUser,
    /// Passwords whose strength was estimated for one network.
    EstimatingNetwork,
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
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::Password,
        Self::Totp,
        Self::Network,
        Self::Redeemer,
        Self::RedeemingNetwork,
        Self::MailingNetwork,
        Self::MailingUser,
        Self::EstimatingNetwork,
    ];

    /// The name of the kind in the throttle's database key.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Network => "network",
            Self::Redeemer => "redeemer",
            Self::RedeemingNetwork => "redeeming-network",
            Self::MailingNetwork => "mailing-network",
            Self::MailingUser => "mailing-user",
            Self::EstimatingNetwork => "estimating-network",
        }
    }

    /// The error code of an attempt that the throttle refuses.
    pub const fn refusal(self) -> Code {
        match self {
            Self::MailingNetwork | Self::MailingUser => Code::TooManyRequests,
            Self::Password
            | Self::Totp
            | Self::Network
            | Self::Redeemer
            | Self::RedeemingNetwork
            | Self::EstimatingNetwork => Code::TooManyAttempts,
        }
    }

    /// The number of attempts after which all are refused; `None` if there is none.
    pub fn limit(self) -> Option<i64> {
        Some(self.rule().max).filter(|max| *max < i64::MAX)
    }

    /// The time after which a count starts anew; `None` if it does not end by time.
    pub fn window(self) -> Option<Duration> {
        self.rule().window
    }

    const fn rule(self) -> ThrottleRule {
        match self {
            Self::Password | Self::Totp => ThrottleRule { free: FREE_FAILURES, window: None, max: MAX_FAILURES },
            Self::Network => ThrottleRule { free: FREE_NETWORK_FAILURES, window: Some(NETWORK_WINDOW), max: i64::MAX },
            Self::Redeemer => ThrottleRule::per_window(REDEEMER_FAILURES, REDEEMER_WINDOW),
            Self::RedeemingNetwork => ThrottleRule::per_window(REDEEMING_NETWORK_FAILURES, REDEEMING_NETWORK_WINDOW),
            Self::MailingNetwork => ThrottleRule::per_window(MAILS_PER_NETWORK, MAILS_WINDOW),
            Self::MailingUser => ThrottleRule::per_window(MAILS_PER_USER, MAILS_WINDOW),
            Self::EstimatingNetwork => ThrottleRule::per_window(ESTIMATES_PER_NETWORK, ESTIMATES_WINDOW),
        }
    }
}

impl ThrottleRule {
    /// So many attempts in each window, and none more.
    const fn per_window(number: i64, window: Duration) -> Self {
        Self { free: number, window: Some(window), max: number }
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
    /// An attempt that is counted but never has to wait, and does not restart the wait of others. Condition: same
    /// window.
    Exempt {
        /// When the window started.
        since: Timestamp,
    },
}

/// Checks whether a throttle allows an attempt now. If not, returns how long to wait.
///
/// A known device waits for the failures of the login's known devices only, and is never locked out of its password.
/// Otherwise strangers who guess at its owner's login, or from its network, could lock the owner out.
pub fn reserve(
    kind: ThrottleKind,
    is_known_device: bool,
    throttle: Option<&Throttle>,
    now: Timestamp,
) -> Result<ThrottleReservation, Duration> {
    let Some(throttle) = throttle else { return Ok(ThrottleReservation::Begin(None)) };
    let rule = kind.rule();
    let is_counted_only = throttle.failures < rule.free || rule.max == rule.free;
    // If the clock was set back, these may be in the future. The wait counts from now then, so that it stays bounded.
    let (since, last_at) = (throttle.since.min(now), throttle.last_at.min(now));
    let until = if is_counted_only { since } else { last_at + wait(throttle.failures - rule.free) };
    if rule.window.is_some_and(|window| now >= until + window) {
        return Ok(ThrottleReservation::Begin(Some(throttle.clone())));
    }
    if is_known_device && kind == ThrottleKind::Network {
        return Ok(ThrottleReservation::Exempt { since: throttle.since });
    }
    if throttle.failures < rule.free {
        return Ok(ThrottleReservation::Free { since: throttle.since, below: rule.free });
    }
    let is_lockable = !(is_known_device && kind == ThrottleKind::Password);
    if throttle.failures >= rule.max && is_lockable {
        let end = rule.window.filter(|_| is_counted_only).map(|window| (until + window).since(now));
        return Err(end.unwrap_or(LONGEST_WAIT));
    }
    if now < until { Err(until.since(now)) } else { Ok(ThrottleReservation::Waited(throttle.clone())) }
}

/// Checks that the throttles of one second factor have room for another failure: known and unknown devices have
/// [`MAX_FAILURES`] together. If not, returns how long to wait.
pub fn check_total<'a>(throttles: impl IntoIterator<Item = &'a Throttle>) -> Result<(), Duration> {
    let failures: i64 = throttles.into_iter().map(|throttle| throttle.failures.max(0)).sum();
    if failures < MAX_FAILURES { Ok(()) } else { Err(LONGEST_WAIT) }
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
    fn a_clock_that_was_set_back_makes_no_wait_longer() {
        let future = 1_000_000;
        let reserve = |kind, failures| reserve(kind, false, Some(&throttle(failures, future, future)), at(0));
        assert_eq!(reserve(ThrottleKind::Password, 5), Err(secs(1)));
        assert_eq!(reserve(ThrottleKind::Password, 50), Err(LONGEST_WAIT));
        assert_eq!(reserve(ThrottleKind::Redeemer, REDEEMER_FAILURES), Err(REDEEMER_WINDOW));
    }

    #[test]
    fn the_hundredth_failure_locks_a_password_for_unknown_devices_and_a_second_factor_for_all() {
        let reserve = |kind, known| reserve(kind, known, Some(&throttle(100, 0, 0)), at(1_000_000));
        assert_eq!(reserve(ThrottleKind::Password, false), Err(LONGEST_WAIT));
        assert_eq!(reserve(ThrottleKind::Password, true), Ok(ThrottleReservation::Waited(throttle(100, 0, 0))));
        for known in [false, true] {
            assert_eq!(reserve(ThrottleKind::Totp, known), Err(LONGEST_WAIT));
        }
    }

    #[test]
    fn known_and_unknown_devices_have_a_hundred_failures_at_a_second_factor_together() {
        // A success may take back an attempt of an earlier window.
        assert_eq!(check_total(&[throttle(60, 0, 0), throttle(39, 0, 0), throttle(-5, 0, 0)]), Ok(()));
        assert_eq!(check_total(&[throttle(60, 0, 0), throttle(40, 0, 0)]), Err(LONGEST_WAIT));
    }

    #[test]
    fn a_known_device_is_counted_in_its_network_and_never_waits_for_it() {
        let reserve = |known, now| reserve(ThrottleKind::Network, known, Some(&throttle(12, 0, 50)), at(now));
        assert_eq!(reserve(false, 50), Err(secs(4)));
        assert_eq!(reserve(true, 50), Ok(ThrottleReservation::Exempt { since: at(0) }));
        assert_eq!(reserve(true, 114), Ok(ThrottleReservation::Begin(Some(throttle(12, 0, 50)))));
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
}
