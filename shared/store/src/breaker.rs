//! The breaker: one item that counts all failed attempts at unbound invitation codes, and the live ones among them.

use rollcall_domain::{
    Code, Timestamp,
    breaker::{Breaker, BreakerReservation},
    invitation::Invitation,
};

use crate::{
    error::Fault,
    expression::Values,
    item::{number, timestamp},
    keys,
    table::Store,
    write::{Bookkeeping, Write},
};

impl Store {
    /// The breaker.
    pub async fn breaker(&self) -> Result<Breaker, Fault> {
        Ok(self.get(&keys::breaker()).await?.unwrap_or_default())
    }
}

/// Counts an attempt at an unbound code, if the breaker has not changed since the reservation was made.
pub fn reserve(reservation: &BreakerReservation, now: Timestamp) -> Bookkeeping {
    const BEGIN_WINDOW: &str = "SET #tries = :one, #since = :now";
    let begin = || {
        let values = vec![(":one", number(1)), (":now", timestamp(now))];
        Write::update(keys::breaker(), BEGIN_WINDOW, values)
    };
    let write = match reservation {
        BreakerReservation::Begin(None) => {
            begin().only_if("attribute_not_exists(#since)", Values::new(), Code::Conflict)
        }
        BreakerReservation::Begin(Some(since)) => {
            begin().only_if("#since = :seen", vec![(":seen", timestamp(*since))], Code::Conflict)
        }
        BreakerReservation::Count { since, below } => add("ADD #tries :step", 1).only_if(
            "#since = :seen AND #tries < :below",
            vec![(":seen", timestamp(*since)), (":below", number(below))],
            Code::Conflict,
        ),
    };
    write.bookkeeping()
}

/// Takes back a counted attempt that tried no code, or was not made.
pub fn undo_attempt() -> Bookkeeping {
    add("ADD #tries :step", -1).bookkeeping()
}

/// Takes back a counted attempt that succeeded, and the live code that it used up.
pub fn record_success() -> Bookkeeping {
    add("ADD #tries :step, #live :step", -1).bookkeeping()
}

/// Adds to the number of live unbound codes. A code that is bound to a login does not count: others cannot guess it.
pub(crate) fn count_live(invitation: &Invitation, step: i64) -> Option<Write> {
    invitation.login.is_none().then(|| add("ADD #live :step", step))
}

fn add(update: &'static str, step: i64) -> Write {
    Write::update(keys::breaker(), update, vec![(":step", number(step))])
}
