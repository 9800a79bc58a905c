//! Throttling of guesses: an attempt is counted before anything is verified, and a success takes it off again. Work
//! that is counted, such as mails and strength estimates, stays counted.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use data_encoding::HEXLOWER;
use rollcall_domain::{
    Code, Refusal, Timestamp,
    limits::MAX_RESERVATIONS,
    throttle::{self, Throttle, ThrottleKind},
};
use rollcall_store::{
    Bookkeeping, CommitError,
    throttle::{ThrottleId, clear, undo_attempt},
};

use crate::{context::Context, keyring::KeyPurpose, problem::Problem};

/// Bytes of a throttle's hash: 128 bits do not collide by chance.
const HASH_BYTES: usize = 16;

/// `Retry-After` for a caller that kept losing against concurrent attempts.
pub(crate) const WAIT_AFTER_CONTENTION: Duration = Duration::from_secs(1);

/// The network an address belongs to: an IPv4 address, or the /64 of an IPv6 address, which is one customer's.
pub fn network_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() & u128::MAX << 64)),
        None => String::new(),
    }
}

/// A keyed hash of what is throttled, so that the table does not reveal whose login or address was guessed at.
async fn hashed(context: &Context, parts: &[&str]) -> Result<String, Problem> {
    let keyring = context.keyring().await?;
    // Each part with its length, so that different parts never make the same message.
    let message: Vec<u8> =
        parts.iter().flat_map(|part| [&part.len().to_be_bytes(), part.as_bytes()].concat()).collect();
    let mac = keyring.mac(keyring.current_id(), KeyPurpose::Throttle, &message);
    Ok(HEXLOWER.encode(&mac.ok_or(Code::Internal)?[..HASH_BYTES]))
}

/// The throttle of one subject: a user, or an address.
pub(crate) async fn of_subject(context: &Context, kind: ThrottleKind, subject: &str) -> Result<ThrottleId, Problem> {
    Ok(ThrottleId { kind, is_known_device: false, hash: hashed(context, &[subject, ""]).await? })
}

/// The throttle of one network.
pub async fn of_network(context: &Context, kind: ThrottleKind, address: Option<IpAddr>) -> Result<ThrottleId, Problem> {
    of_subject(context, kind, &network_of(address)).await
}

/// The throttles of one authenticator of a login.
#[derive(Clone, Debug)]
pub struct LoginThrottles {
    /// Counts the attempts of all unknown devices.
    pub unknown_devices: ThrottleId,
    /// Counts the attempts of all known devices: many devices allow no more attempts than one.
    pub known_devices: ThrottleId,
}

impl LoginThrottles {
    /// The throttles of an authenticator of this login.
    pub async fn of(context: &Context, kind: ThrottleKind, login: &str) -> Result<Self, Problem> {
        let known_devices =
            ThrottleId { kind, is_known_device: true, hash: hashed(context, &[login, "known devices"]).await? };
        Ok(Self { unknown_devices: of_subject(context, kind, login).await?, known_devices })
    }

    /// Forgets all failures, for the recovery of an account.
    pub fn clear(&self) -> [Bookkeeping; 2] {
        [clear(&self.unknown_devices), clear(&self.known_devices)]
    }
}

/// The hash under which mails to an address are counted, and that of the network that requests one.
pub(crate) async fn mailing_hashes(
    context: &Context,
    purpose: &str,
    canonical: &str,
    address: Option<IpAddr>,
) -> Result<(String, String), Problem> {
    let to_address = hashed(context, &[canonical, purpose]).await?;
    Ok((to_address, hashed(context, &[canonical, purpose, &network_of(address)]).await?))
}

/// An attempt that is counted in these throttles.
#[derive(Debug, Default)]
#[must_use = "a successful attempt is taken off its throttles"]
pub struct Attempt {
    counted: Vec<ThrottleId>,
}

impl Attempt {
    /// Counts one attempt in each of these throttles, which were read as `found`. If one of them refuses, none of them
    /// counts it.
    ///
    /// Concurrent attempts are all counted; one that keeps losing against the others is refused as well.
    pub async fn reserve(
        context: &Context,
        ids: Vec<ThrottleId>,
        found: Vec<Option<Throttle>>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut attempt = Self::default();
        let mut pending: Vec<_> = ids.into_iter().zip(found).collect();
        for _ in 0..MAX_RESERVATIONS {
            let decide = |(id, throttle): &(ThrottleId, Option<Throttle>)| {
                throttle::reserve(id.kind, id.is_known_device, throttle.as_ref(), now)
                    .map_err(|wait| Refusal::wait(id.kind.refusal(), wait))
            };
            let reservations = match pending.iter().map(decide).collect::<Result<Vec<_>, _>>() {
                Ok(reservations) => reservations,
                Err(refusal) => return attempt.refuse(context, refusal).await,
            };
            let mut lost = Vec::new();
            for ((id, _), reservation) in pending.into_iter().zip(reservations) {
                let write = rollcall_store::throttle::reserve(&id, &reservation, now);
                match context.record([write]).await {
                    Ok(()) => attempt.counted.push(id),
                    Err(CommitError::Refused(_)) => lost.push(id),
                    Err(CommitError::Fault(fault)) => return Err(fault.into()),
                }
            }
            if lost.is_empty() {
                return Ok(attempt);
            }
            let throttles = context.store.throttles(&lost).await?;
            pending = lost.into_iter().zip(throttles).collect();
        }
        let code = pending.first().map_or(Code::TooManyAttempts, |(id, _)| id.kind.refusal());
        attempt.refuse(context, Refusal::wait(code, WAIT_AFTER_CONTENTION)).await
    }

    /// The writes of a successful attempt: the throttle of an authenticator forgets its failures, every other one loses
    /// this attempt.
    pub fn succeeded(&self) -> Vec<Bookkeeping> {
        let write = |id: &ThrottleId| match id.kind {
            ThrottleKind::Network
            | ThrottleKind::Redeemer
            | ThrottleKind::RedeemingNetwork
            | ThrottleKind::MailingNetwork
            | ThrottleKind::MailingUser
            | ThrottleKind::EstimatingNetwork => undo_attempt(id),
            ThrottleKind::Password | ThrottleKind::Totp => clear(id),
        };
        self.counted.iter().map(write).collect()
    }

    /// Takes the attempt off its throttles, since something other than the guess made it fail.
    pub async fn undo(self, context: &Context) -> Result<(), Problem> {
        for id in &self.counted {
            match context.record([undo_attempt(id)]).await {
                // A throttle that is gone counts nothing.
                Ok(()) | Err(CommitError::Refused(_)) => {}
                Err(CommitError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    /// Takes the attempt off its throttles if what it was counted for has failed.
    pub async fn undo_unless_done<T>(self, context: &Context, done: Result<T, Problem>) -> Result<T, Problem> {
        if done.is_err() {
            self.undo(context).await?;
        }
        done
    }

    async fn refuse(self, context: &Context, refusal: Refusal) -> Result<Self, Problem> {
        self.undo(context).await?;
        Err(refusal.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_ipv4_address_or_the_upper_half_of_an_ipv6_address() {
        let network = |text: &str| network_of(Some(text.parse().unwrap()));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    }
}
