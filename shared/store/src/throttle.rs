//! Throttle throttles: items of their own, so that no flood of logins pushes another login's count out.

use rollcall_domain::{
    Code, Timestamp,
    credential::Credential,
    limits::THROTTLE_LIFETIME,
    text::Login,
    throttle::{Throttle, ThrottleKind, ThrottleReservation},
};

use crate::{
    commit::{Bookkeeping, Meaning, Write},
    error::Fault,
    item::{from_item, key_of, number, string},
    keys::{self, Key},
    table::Store,
};

/// Which lane: what is guessed at, and by a keyed hash whose or from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleId {
    /// What is guessed at.
    pub kind: ThrottleKind,
    /// Whether it is the lane of a device that signed in before.
    pub is_known_device: bool,
    /// The keyed hash of login, address or network.
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
        let mut items = self.batch_get(&ids.iter().map(ThrottleId::key).collect::<Vec<_>>()).await?;
        let mut take = |id: &ThrottleId| {
            let index = items.iter().position(|item| key_of(item) == id.key())?;
            Some(from_item(items.swap_remove(index)))
        };
        ids.iter().map(|id| take(id).transpose()).collect()
    }

    /// The credential of a login and the throttles of these ids, in one consistent read. A login that could not exist is
    /// looked up like one that nobody has.
    pub async fn credential_and_throttles(
        &self,
        login: Option<&Login>,
        ids: &[ThrottleId],
    ) -> Result<(Option<Credential>, Vec<Option<Throttle>>), Fault> {
        let login = keys::credential(login);
        let keys: Vec<_> = [login.clone()].into_iter().chain(ids.iter().map(ThrottleId::key)).collect();
        let (mut credential, mut throttles) = (None, vec![None; ids.len()]);
        for item in self.batch_get(&keys).await? {
            let key = key_of(&item);
            match ids.iter().position(|id| id.key() == key) {
                Some(index) => throttles[index] = Some(from_item(item)?),
                None => credential = Some(from_item(item)?),
            }
        }
        Ok((credential, throttles))
    }
}

/// Counts a try, if the lane still stands as the reservation found it. One whose reply is lost may be counted twice;
/// it is never counted not at all.
pub fn reserve(id: &ThrottleId, reservation: &ThrottleReservation, now: Timestamp) -> Bookkeeping {
    const BEGIN: &str = "SET #failures = :one, #since = :now, #last_at = :now, #ttl = :ttl";
    const COUNT: &str = "SET #failures = #failures + :one, #last_at = :now, #ttl = :ttl";
    let taken = Meaning::Always(Code::Conflict);
    let values = vec![
        (":one", number(1)),
        (":now", string(now.to_string())),
        (":ttl", number((now + THROTTLE_LIFETIME).unix_seconds())),
    ];
    let seen = |lane: &Throttle| vec![(":seen", number(lane.failures)), (":last", string(lane.last_at.to_string()))];
    let unchanged = "#failures = :seen AND #last_at = :last";
    let write = match reservation {
        ThrottleReservation::Begin(None) => Write::update(id.key(), BEGIN, values).only_if_absent(Code::Conflict),
        ThrottleReservation::Begin(Some(lane)) => {
            Write::update(id.key(), BEGIN, values).only_if(unchanged, seen(lane), taken)
        }
        ThrottleReservation::Free { since, below } => Write::update(id.key(), COUNT, values).only_if(
            "#since = :since AND #failures < :below",
            vec![(":since", string(since.to_string())), (":below", number(below))],
            taken,
        ),
        ThrottleReservation::Waited(lane) => {
            Write::update(id.key(), COUNT, values).only_if(unchanged, seen(lane), taken)
        }
    };
    write.bookkeeping()
}

/// Takes one try off the count: it succeeded, or was not made. A lane that somebody's success has forgotten meanwhile
/// stays forgotten: it holds no try to be given back.
pub fn undo_attempt(id: &ThrottleId) -> Bookkeeping {
    Write::update(id.key(), "ADD #failures :minus", vec![(":minus", number(-1))])
        .only_if_present(Code::Conflict)
        .bookkeeping()
}

/// Forgets all failures.
pub fn clear(id: &ThrottleId) -> Bookkeeping {
    Write::delete(id.key()).bookkeeping()
}
