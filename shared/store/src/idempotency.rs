//! Remembered replies to requests with an `Idempotency-Key`.

use rollcall_domain::{Code, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    error::Fault,
    item::{string, timestamp, to_item, with_ttl},
    keys,
    table::Store,
    write::{Bookkeeping, Write},
};

/// An encrypted reply, and the hash of the request's body that it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RememberedReply {
    /// SHA-256 of the request's body, in hex.
    pub body_hash: String,
    /// The encrypted reply, in base64.
    pub sealed_reply: String,
    /// Until when a request of several commits may still extend the reply.
    #[serde(default)]
    pub running_until: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Store {
    /// The reply remembered under this hash, unless it has expired.
    pub async fn remembered_reply(&self, hash: &str, now: Timestamp) -> Result<Option<RememberedReply>, Fault> {
        let reply: Option<RememberedReply> = self.get(&keys::idempotency(hash)).await?;
        Ok(reply.filter(|reply| now < reply.expires_at))
    }
}

/// Remembers a reply. The commit fails if another reply is stored under the same hash, unless that reply has expired or
/// is `replaced`, which this request has written itself.
pub fn remember(
    hash: &str,
    record: &RememberedReply,
    replaced: Option<&str>,
    now: Timestamp,
) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::idempotency(hash), record)?;
    let values = vec![(":now", timestamp(now)), (":replaced", string(replaced.unwrap_or_default()))];
    Ok(Write::put(with_ttl(item, record.expires_at))
        .only_if(
            "attribute_not_exists(#pk) OR #expires_at <= :now OR #sealed_reply = :replaced",
            values,
            Code::IdempotencyInProgress,
        )
        .bookkeeping())
}
