//! Throttles. Each is an item of its own, so that attempts at many logins cannot push out the count of another login.

use rollcall_domain::{
    Code, Timestamp,
    credential::Credential,
    id::UserId,
    limits::THROTTLE_LIFETIME,
    text::Login,
    throttle::{Throttle, ThrottleKind, ThrottleReservation},
    user::User,
};

use crate::{
    error::Fault,
    item::{ItemsByKey, number, timestamp},
    keys::{self, Key},
    table::Store,
    write::{Bookkeeping, Write},
};

/// Names a throttle: what is guessed at, and a keyed hash of whose it is or where from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleId {
    /// What is guessed at.
    pub kind: ThrottleKind,
    /// Whether the attempt is that of a known device.
    pub is_known_device: bool,
    /// The keyed hash of a login, a user, an address or a network.
    pub hash: String,
}

impl ThrottleId {
    /// The same throttle, for an attempt of a known or an unknown device.
    #[must_use]
    pub fn for_device(self, is_known_device: bool) -> Self {
        Self { is_known_device, ..self }
    }

    pub(crate) fn key(&self) -> Key {
        keys::throttle(self.kind, &self.hash)
    }
}

/// What is read before an attempt at a login is counted.
#[derive(Debug)]
pub struct SignInState {
    /// The credential of the login.
    pub credential: Option<Credential>,
    /// The user that was asked for.
    pub user: Option<User>,
    /// The requested throttles, in their order.
    pub throttles: Vec<Option<Throttle>>,
}

impl Store {
    /// The throttles of these ids, in their order.
    pub async fn throttles(&self, ids: &[ThrottleId]) -> Result<Vec<Option<Throttle>>, Fault> {
        let items = self.items_by_key(ids.iter().map(ThrottleId::key)).await?;
        throttles_among(&items, ids)
    }

    /// What is read before an attempt at a login is counted, in one consistent read. Without a login, a credential is
    /// looked up that does not exist. The user is read if the attempt has the mark of one of their devices.
    pub async fn sign_in_state(
        &self,
        login: Option<&Login>,
        user_id: Option<UserId>,
        ids: &[ThrottleId],
    ) -> Result<SignInState, Fault> {
        let (credential, user) = (keys::credential(login), user_id.map(keys::user));
        let others = [credential.clone()].into_iter().chain(user.clone());
        let items = self.items_by_key(ids.iter().map(ThrottleId::key).chain(others)).await?;
        Ok(SignInState {
            credential: items.get(&credential)?,
            user: user.map_or(Ok(None), |user| items.get(&user))?,
            throttles: throttles_among(&items, ids)?,
        })
    }
}

/// The throttles of these ids among the items that were read, in the order of the ids.
pub(crate) fn throttles_among(items: &ItemsByKey, ids: &[ThrottleId]) -> Result<Vec<Option<Throttle>>, Fault> {
    ids.iter().map(|id| items.get(&id.key())).collect()
}

/// Counts an attempt, if the throttle has not changed since the reservation was made. An attempt whose reply is lost is
/// counted at least once.
pub fn reserve(id: &ThrottleId, reservation: &ThrottleReservation, now: Timestamp) -> Bookkeeping {
    const BEGIN: &str = "SET #failures = :one, #since = :now, #last_at = :now, #ttl = :ttl";
    const COUNT: &str = "SET #failures = #failures + :one, #last_at = :now, #ttl = :ttl";
    // The time of the last attempt stays, so that nobody's wait starts again.
    const COUNT_EXEMPT: &str = "SET #failures = #failures + :one";
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
        ThrottleReservation::Exempt { since } => Write::update(id.key(), COUNT_EXEMPT, vec![(":one", number(1))])
            .only_if("#since = :since", vec![(":since", timestamp(*since))], Code::Conflict),
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
