//! Counting tries at what can be guessed: reserved before anything is looked at, given back only by success.

use std::{net::IpAddr, time::Duration};

use data_encoding::HEXLOWER;
use rollcall_domain::{
    Code, Refusal, Timestamp,
    id::DeviceId,
    limits::MAX_RESERVATIONS,
    throttle::{self, Throttle, ThrottleKind},
};
use rollcall_store::{
    Commit, CommitError, Write,
    throttle::{ThrottleId, clear, undo_attempt},
};

use crate::{Context, Problem, keyring::KeyPurpose};

/// Bytes of a lane's hash: 128 bits meet by chance never.
const HASH_BYTES: usize = 16;

/// What callers are told to wait who lost against too many others at once.
pub(crate) const WAIT_AFTER_CROWD: Duration = Duration::from_secs(1);

/// Where a request came from, for counting: IPv6 by /64, which is one customer's.
fn network_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => HEXLOWER.encode(&address.octets()[..8]),
        None => String::new(),
    }
}

/// A keyed hash of what a lane is about, so that the table tells nobody who was guessed at.
async fn hashed(context: &Context, parts: &[&str]) -> Result<String, Problem> {
    let keyring = context.keyring().await?;
    // With their lengths, so that no parts run together into others.
    let message: Vec<u8> =
        parts.iter().flat_map(|part| [&part.len().to_be_bytes(), part.as_bytes()].concat()).collect();
    let mac = keyring.mac(keyring.current_id(), KeyPurpose::Throttle, &message);
    Ok(HEXLOWER.encode(&mac.ok_or(Code::Internal)?[..HASH_BYTES]))
}

/// The lane of everything that comes from one network.
pub async fn network_throttle(context: &Context, address: Option<IpAddr>) -> Result<ThrottleId, Problem> {
    let hash = hashed(context, &[&network_of(address)]).await?;
    Ok(ThrottleId { kind: ThrottleKind::Network, is_known_device: false, hash })
}

/// The lane of the invitation codes that are tried from one network.
pub(crate) async fn redeeming_network_throttle(
    context: &Context,
    address: Option<IpAddr>,
) -> Result<ThrottleId, Problem> {
    id(context, ThrottleKind::RedeemingNetwork, &network_of(address), None).await
}

/// The lane of one authenticator of one login or address; a device that signed in before has its own.
pub async fn id(
    context: &Context,
    kind: ThrottleKind,
    subject: &str,
    device: Option<DeviceId>,
) -> Result<ThrottleId, Problem> {
    let device_id = device.map(|device| device.to_string());
    let hash = hashed(context, &[subject, device_id.as_deref().unwrap_or_default()]).await?;
    Ok(ThrottleId { kind, is_known_device: device.is_some(), hash })
}

/// The hashes under which mails to an address are counted: all of them, and those one network asked for.
pub(crate) async fn mailing_hashes(
    context: &Context,
    purpose: &str,
    canonical: &str,
    address: Option<IpAddr>,
) -> Result<(String, String), Problem> {
    let to_address = hashed(context, &[purpose, canonical]).await?;
    Ok((to_address, hashed(context, &[purpose, canonical, &network_of(address)]).await?))
}

/// Tries that are counted already.
#[derive(Debug, Default)]
#[must_use = "a try that succeeded is to be given back"]
pub struct Attempt {
    reserved: Vec<ThrottleId>,
}

impl Attempt {
    /// Counts one try in each of these throttles, which were read as `found`; or refuses it, and then none is counted.
    ///
    /// Of others who do the same at once, each is counted: who keeps losing against them is refused as well.
    pub async fn reserve(
        context: &Context,
        ids: Vec<ThrottleId>,
        found: Vec<Option<Throttle>>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut attempt = Self::default();
        let mut pending: Vec<_> = ids.into_iter().zip(found).collect();
        for _ in 0..MAX_RESERVATIONS {
            let decide = |(id, lane): &(ThrottleId, Option<Throttle>)| {
                throttle::reserve(id.kind, id.is_known_device, lane.as_ref(), now)
            };
            let reservations = match pending.iter().map(decide).collect::<Result<Vec<_>, _>>() {
                Ok(reservations) => reservations,
                Err(wait) => return attempt.refuse(context, wait).await,
            };
            let mut lost = Vec::new();
            for ((id, _), reservation) in pending.into_iter().zip(reservations) {
                let write = rollcall_store::throttle::reserve(&id, &reservation, now);
                match context.store.commit(Commit::new([write])).await {
                    Ok(()) => attempt.reserved.push(id),
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
        attempt.refuse(context, WAIT_AFTER_CROWD).await
    }

    /// The writes of a try that succeeded: an authenticator's lane forgets its failures, every other gets its one back.
    pub fn succeeded(&self) -> Vec<Write> {
        let write = |id: &ThrottleId| match id.kind {
            ThrottleKind::Network | ThrottleKind::Redeemer | ThrottleKind::RedeemingNetwork => undo_attempt(id),
            ThrottleKind::Password | ThrottleKind::Totp | ThrottleKind::Code => clear(id),
        };
        self.reserved.iter().map(write).collect()
    }

    /// Takes the tries off the count: something else stood in their way.
    pub async fn undo_attempt(self, context: &Context) -> Result<(), Problem> {
        for id in &self.reserved {
            match context.store.commit(Commit::new([undo_attempt(id)])).await {
                // Where the lane is gone, so is the try.
                Ok(()) | Err(CommitError::Refused(_)) => {}
                Err(CommitError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    async fn refuse(self, context: &Context, wait: Duration) -> Result<Self, Problem> {
        self.undo_attempt(context).await?;
        Err(Refusal::wait(Code::TooManyAttempts, wait).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_or_half_of_a_long_one() {
        let network = |text: &str| network_of(Some(text.parse().unwrap()));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
