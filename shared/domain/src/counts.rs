//! All counts of attempts and mails in one table: who is charged, what they have proved, how much is allowed, and what
//! ends the count.
//!
//! Nothing is counted against somebody who is only named, with two exceptions. Guesses at a password count against the
//! login, since nothing else is common to all who guess at it; therefore known devices are counted apart from them, and
//! a reset by mail works whatever that count. Mails count against their address, whose owner keeps a share of them.

use std::time::Duration;

use crate::{
    limits::{
        BREAKER_PRODUCT, BREAKER_WINDOW, CODE_LIFETIME, ESTIMATES_PER_NETWORK, ESTIMATES_WINDOW, FREE_NETWORK_FAILURES,
        MAILS_PER_ADDRESS, MAILS_PER_NETWORK, MAILS_PER_USER, MAILS_WINDOW, MAX_CODE_TRIES, MAX_FAILURES,
        MAX_REFUSALS_AFTER_RIGHT_CODE, MAX_TICKET_TRIES, NETWORK_WINDOW, REDEEMER_FAILURES, REDEEMER_WINDOW,
        REDEEMING_NETWORK_FAILURES, REDEEMING_NETWORK_WINDOW, TICKET_LIFETIME,
    },
    throttle::ThrottleKind,
};

/// What is counted, and against whom.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// What is counted.
    pub what: &'static str,
    /// The throttle that counts it; `None` if another item does.
    pub throttle: Option<ThrottleKind>,
    /// Who is charged.
    pub charged: &'static str,
    /// What whoever is charged has proved.
    pub proved: &'static str,
    /// How many are allowed; `None` if more and more time between them is the only limit.
    pub limit: Option<u64>,
    /// Within which time; `None` if the count does not end by time.
    pub window: Option<Duration>,
    /// What happens then.
    pub then: &'static str,
    /// What ends the count.
    pub ended_by: &'static str,
}

/// All counts.
pub const COUNTS: &[Count] = &[
    Count {
        what: "wrong passwords from unknown devices",
        throttle: Some(ThrottleKind::Password),
        charged: "the login",
        proved: "nothing",
        limit: Some(MAX_FAILURES.unsigned_abs()),
        window: None,
        then: "5 free, then a wait of 1 s to 15 min",
        ended_by: "a success, a reset",
    },
    Count {
        what: "wrong passwords from known devices",
        throttle: Some(ThrottleKind::Password),
        charged: "all known devices of the login",
        proved: "a mark of such a device",
        limit: None,
        window: None,
        then: "5 free, then a wait of 1 s to 15 min",
        ended_by: "a success, a reset",
    },
    Count {
        what: "wrong second factors of a login",
        throttle: Some(ThrottleKind::Totp),
        charged: "the login; known devices wait for their own failures only",
        proved: "the password",
        limit: Some(MAX_FAILURES.unsigned_abs()),
        window: None,
        then: "5 free, then a wait of 1 s to 15 min",
        ended_by: "a success, removal by an admin",
    },
    Count {
        what: "wrong second factors of a sign-in",
        throttle: None,
        charged: "the sign-in",
        proved: "the password",
        limit: Some(MAX_TICKET_TRIES as u64),
        window: Some(TICKET_LIFETIME),
        then: "refused",
        ended_by: "another sign-in",
    },
    Count {
        what: "wrong passwords, second factors and mailed codes",
        throttle: Some(ThrottleKind::Network),
        charged: "the network",
        proved: "its address",
        limit: Some(FREE_NETWORK_FAILURES.unsigned_abs()),
        window: Some(NETWORK_WINDOW),
        then: "a wait of 1 s to 15 min, but not for known devices",
        ended_by: "the window",
    },
    Count {
        what: "wrong mailed codes of a flow",
        throttle: None,
        charged: "the flow",
        proved: "having begun it",
        limit: Some(MAX_CODE_TRIES as u64),
        window: Some(CODE_LIFETIME),
        then: "refused",
        ended_by: "another flow",
    },
    Count {
        what: "refusals after a right mailed code of a flow",
        throttle: None,
        charged: "the flow",
        proved: "the address",
        limit: Some(MAX_REFUSALS_AFTER_RIGHT_CODE as u64),
        window: Some(CODE_LIFETIME),
        then: "refused",
        ended_by: "another flow",
    },
    Count {
        what: "mails with a code to an address for a purpose",
        throttle: None,
        charged: "the address; 3 mails are kept for its owner's known devices and for networks that have not asked",
        proved: "nothing",
        limit: Some(MAILS_PER_ADDRESS[0].0 as u64),
        window: Some(MAILS_PER_ADDRESS[0].1),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "the same in a day",
        throttle: None,
        charged: "the same",
        proved: "nothing",
        limit: Some(MAILS_PER_ADDRESS[1].0 as u64),
        window: Some(MAILS_PER_ADDRESS[1].1),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "mails with a code, whatever the addresses",
        throttle: Some(ThrottleKind::MailingNetwork),
        charged: "the network",
        proved: "its address",
        limit: Some(MAILS_PER_NETWORK.unsigned_abs()),
        window: Some(MAILS_WINDOW),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "mails with a code for changes of address",
        throttle: Some(ThrottleKind::MailingUser),
        charged: "the user",
        proved: "a session",
        limit: Some(MAILS_PER_USER.unsigned_abs()),
        window: Some(MAILS_WINDOW),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "estimates of password strength without a session",
        throttle: Some(ThrottleKind::EstimatingNetwork),
        charged: "the network",
        proved: "its address",
        limit: Some(ESTIMATES_PER_NETWORK.unsigned_abs()),
        window: Some(ESTIMATES_WINDOW),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "wrong invitation codes of a redeemer",
        throttle: Some(ThrottleKind::Redeemer),
        charged: "the user, or the address that registers",
        proved: "a session, or a mailed code",
        limit: Some(REDEEMER_FAILURES.unsigned_abs()),
        window: Some(REDEEMER_WINDOW),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "wrong invitation codes from a network",
        throttle: Some(ThrottleKind::RedeemingNetwork),
        charged: "the network",
        proved: "its address",
        limit: Some(REDEEMING_NETWORK_FAILURES.unsigned_abs()),
        window: Some(REDEEMING_NETWORK_WINDOW),
        then: "refused",
        ended_by: "the window",
    },
    Count {
        what: "wrong invitation codes × live unbound codes",
        throttle: None,
        charged: "the platform",
        proved: "nothing",
        limit: Some(BREAKER_PRODUCT.unsigned_abs()),
        window: Some(BREAKER_WINDOW),
        then: "unbound codes are refused, but never before 20 wrong ones",
        ended_by: "the window",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_throttle_is_in_the_table() {
        for kind in ThrottleKind::ALL {
            let count = COUNTS.iter().find(|count| count.throttle == Some(*kind)).unwrap();
            // The failures of a network are never refused for good: after these, only the waits between them grow.
            let limit = kind.limit().unwrap_or(FREE_NETWORK_FAILURES).unsigned_abs();
            assert_eq!((count.limit, count.window), (Some(limit), kind.window()), "{kind:?}");
        }
    }
}
