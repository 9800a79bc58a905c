//! What was replied to a request with an `Idempotency-Key`.

use rollcall_domain::{Code, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    commit::{Bookkeeping, Meaning, Write},
    error::Fault,
    item::{ending, string, to_item},
    keys,
    table::Store,
};

/// A reply, sealed, and the body it answered, hashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RememberedReply {
    /// SHA-256 of the request's body, in hex.
    pub body_hash: String,
    /// The encrypted reply, in base64.
    pub sealed_reply: String,
    /// Until when a request of several commits may still be adding to the reply.
    #[serde(default)]
    pub running_until: Option<Timestamp>,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

impl Store {
    /// The reply remembered under this hash, unless it is over.
    pub async fn remembered_reply(&self, hash: &str, now: Timestamp) -> Result<Option<RememberedReply>, Fault> {
        let reply: Option<RememberedReply> = self.get(&keys::idempotency(hash)).await?;
        Ok(reply.filter(|reply| now < reply.expires_at))
    }
}

/// Remembers a reply. Another one under the same hash fails the commit, unless it is over or is `replaced`, which
/// this request itself has written.
pub fn remember(
    hash: &str,
    record: &RememberedReply,
    replaced: Option<&str>,
    now: Timestamp,
) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::idempotency(hash), record)?;
    let values = vec![(":now", string(now.to_string())), (":replaced", string(replaced.unwrap_or_default()))];
    Ok(Write::put(ending(item, record.expires_at))
        .only_if(
            "attribute_not_exists(#pk) OR #expires_at <= :now OR #sealed_reply = :replaced",
            values,
            Meaning::Always(Code::IdempotencyInProgress),
        )
        .bookkeeping())
}
