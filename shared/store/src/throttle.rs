//! Throttles. Each is an item of its own, so that attempts at many logins cannot push out the count of another login.

use rollcall_domain::{
    Code, Timestamp,
    credential::Credential,
    limits::THROTTLE_LIFETIME,
    text::Login,
    throttle::{Throttle, ThrottleKind, ThrottleReservation},
};

use crate::{
    error::Fault,
    item::{number, timestamp},
    keys::{self, Key},
    table::Store,
    write::{Bookkeeping, Write},
};

/// Names a throttle: what is guessed at, and a keyed hash of whose it is or where from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleId {
    /// What is guessed at.
    pub kind: ThrottleKind,
    /// Whether it counts the attempts of a device that has signed in before.
    pub is_known_device: bool,
    /// The keyed hash of a login, an address or a network.
    pub hash: String,
}

impl ThrottleId {
    pub(crate) fn key(&self) -> Key {
        keys::throttle(self.kind, &self.hash)
    }
}

impl Store {
    /// The throttles of these ids, in their order.
    pub async fn throttles(&self, ids: &[ThrottleId]) -> Result<Vec<Option<Throttle>>, Fault> {
        let items = self.items_by_key(ids.iter().map(ThrottleId::key)).await?;
        ids.iter().map(|id| items.get(&id.key())).collect()
    }

    /// The credential of a login and the throttles of these ids, in one consistent read. Without a login, a credential
    /// is looked up that does not exist.
    pub async fn credential_and_throttles(
        &self,
        login: Option<&Login>,
        ids: &[ThrottleId],
    ) -> Result<(Option<Credential>, Vec<Option<Throttle>>), Fault> {
        let credential = keys::credential(login);
        let items = self.items_by_key(ids.iter().map(ThrottleId::key).chain([credential.clone()])).await?;
        let throttles = ids.iter().map(|id| items.get(&id.key())).collect::<Result<_, _>>()?;
        Ok((items.get(&credential)?, throttles))
    }
}

/// Counts an attempt, if the throttle has not changed since the reservation was made. An attempt whose reply is lost is
/// counted at least once.
pub fn reserve(id: &ThrottleId, reservation: &ThrottleReservation, now: Timestamp) -> Bookkeeping {
    const BEGIN: &str = "SET #failures = :one, #since = :now, #last_at = :now, #ttl = :ttl";
    const COUNT: &str = "SET #failures = #failures + :one, #last_at = :now, #ttl = :ttl";
    let update = |expression| {
        let ttl = number((now + THROTTLE_LIFETIME).unix_seconds());
        Write::update(id.key(), expression, vec![(":one", number(1)), (":now", timestamp(now)), (":ttl", ttl)])
    };
    let write = match reservation {
        ThrottleReservation::Begin(None) => update(BEGIN).only_if_absent(Code::Conflict),
        ThrottleReservation::Begin(Some(throttle)) => only_if_unchanged(update(BEGIN), throttle),
        ThrottleReservation::Waited(throttle) => only_if_unchanged(update(COUNT), throttle),
        ThrottleReservation::Free { since, below } => update(COUNT).only_if(
            "#since = :since AND #failures < :below",
            vec![(":since", timestamp(*since)), (":below", number(below))],
            Code::Conflict,
        ),
    };
    write.bookkeeping()
}

/// Takes back a counted attempt that succeeded, or was not made. A throttle that was cleared meanwhile stays cleared,
/// because it no longer counts the attempt.
pub fn undo_attempt(id: &ThrottleId) -> Bookkeeping {
    Write::update(id.key(), "ADD #failures :minus_one", vec![(":minus_one", number(-1))])
        .only_if_present(Code::Conflict)
        .bookkeeping()
}

/// Forgets all failures.
pub fn clear(id: &ThrottleId) -> Bookkeeping {
    Write::delete(id.key()).bookkeeping()
}

fn only_if_unchanged(write: Write, throttle: &Throttle) -> Write {
    let seen = vec![(":seen", number(throttle.failures)), (":last", timestamp(throttle.last_at))];
    write.only_if("#failures = :seen AND #last_at = :last", seen, Code::Conflict)
}
