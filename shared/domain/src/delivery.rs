//! Deliveries of events: what became of each attempt, and when the next one is due.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    choice::choices,
    id::{AuditId, DeliveryId},
    limits::{DELIVERY_LIFETIME, POSITION_INTERVAL, RETRY_JITTER, WEBHOOK_PATIENCE},
    time::Timestamp,
};

choices! {
    /// Why a delivery had no reply.
    DeliveryError {
        /// The name of the URL cannot be resolved.
        NameNotResolved "name_not_resolved",
        /// The name leads to an address that is not public.
        AddressNotAllowed "address_not_allowed",
        /// No connection was possible.
        ConnectionFailed "connection_failed",
        /// The TLS handshake failed, for example because the certificate is not valid for the name.
        TlsFailed "tls_failed",
        /// There was no reply in time.
        TimedOut "timed_out",
        /// The connection ended before a reply, or the reply was no HTTP.
        InvalidReply "invalid_reply",
    }
}

/// How far a subscriber was sent the feed, and its failures at the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedProgress {
    /// The events up to this one were accepted or are of other types.
    pub position: AuditId,
    /// The failed attempts at the next event.
    #[serde(default)]
    pub attempts: u32,
    /// When the first of them failed.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// When the next attempt may be made; `None` if it may be made at once.
    #[serde(default)]
    pub retry_at: Option<Timestamp>,
}

impl FeedProgress {
    /// The progress of a subscriber that was sent everything up to a position.
    pub const fn at(position: AuditId) -> Self {
        Self { position, attempts: 0, failing_since: None, retry_at: None }
    }

    /// The progress of a subscriber that is sent the events of this time and later.
    pub fn from(time: Timestamp) -> Self {
        Self::at(AuditId::first_of(time))
    }

    /// Whether an attempt may be made now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.retry_at.is_none_or(|at| at <= now)
    }

    /// Whether the stored position is so old that a later one is to be stored although no event was sent, so that the
    /// days between the two are not read again.
    pub fn is_behind(&self, reached: AuditId) -> bool {
        reached.time().since(self.position.time()) >= POSITION_INTERVAL
    }

    /// After a failed attempt. `waits` are those before the next attempts; the last one is repeated. `chance`, from 0 to
    /// 1, shortens the wait by up to [`RETRY_JITTER`] of it, so that subscribers that failed together are not tried
    /// together.
    #[must_use]
    pub fn failed(self, now: Timestamp, waits: &[Duration], chance: f64) -> Self {
        let since = self.failing_since.unwrap_or(now);
        let index = usize::try_from(self.attempts).unwrap_or(usize::MAX);
        let wait = waits.get(index).or(waits.last()).copied().unwrap_or_default();
        let wait = wait.mul_f64(1.0 - RETRY_JITTER * chance.clamp(0.0, 1.0));
        // The last attempt is made when the patience ends, and not up to twelve hours later.
        let last = since + WEBHOOK_PATIENCE;
        let retry_at = if now < last { (now + wait).min(last) } else { now + wait };
        Self { attempts: self.attempts.saturating_add(1), failing_since: Some(since), retry_at: Some(retry_at), ..self }
    }

    /// Whether the next event has failed for so long that a webhook is paused.
    pub fn has_failed_too_long(&self, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| now.since(since) >= WEBHOOK_PATIENCE)
    }
}

/// What became of one attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The event. Several attempts at one event are several deliveries.
    pub event_id: AuditId,
    /// When the attempt was made.
    pub at: Timestamp,
    /// The HTTP status of the reply; null without one. The event was accepted if it is 200 to 299.
    #[serde(default)]
    #[schema(required)]
    pub status: Option<u16>,
    /// How long the attempt took, in milliseconds.
    pub duration_ms: u64,
    /// Why there was no reply; null if there was one.
    #[serde(default)]
    #[schema(required)]
    pub error: Option<DeliveryError>,
}

/// The status with which a receiver says that it wants no more events.
const GONE: u16 = 410;

impl Delivery {
    /// Whether the event was accepted.
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver wants no more events.
    pub fn is_gone(&self) -> bool {
        self.status == Some(GONE)
    }

    /// Whether it is too old to be shown, although it may still be stored.
    pub fn is_past(&self, now: Timestamp) -> bool {
        now >= self.at + DELIVERY_LIFETIME
    }
}

/// A delivery with its id, by which deliveries are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDelivery {
    /// Identifies the delivery.
    pub delivery_id: DeliveryId,
    /// The delivery.
    #[serde(flatten)]
    pub delivery: Delivery,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::WEBHOOK_RETRIES;

    fn at(seconds: u64) -> Timestamp {
        let start = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_event_is_tried_at_growing_intervals_until_its_patience_ends() {
        let mut progress = FeedProgress::from(at(0));
        let mut now = at(0);
        for wait in WEBHOOK_RETRIES {
            progress = progress.failed(now, WEBHOOK_RETRIES, 0.0);
            assert_eq!(progress.retry_at, Some(now + *wait));
            assert!(!progress.is_due(now) && progress.is_due(now + *wait));
            now = now + *wait;
        }
        while !progress.has_failed_too_long(now) {
            progress = progress.failed(now, WEBHOOK_RETRIES, 0.0);
            now = progress.retry_at.unwrap();
        }
        assert_eq!(now, at(0) + WEBHOOK_PATIENCE, "the last attempt is made exactly then");
        assert_eq!(progress.position, FeedProgress::from(at(0)).position, "the event stays the next one");
    }

    #[test]
    fn chance_shortens_a_wait_by_a_tenth_at_most() {
        let progress = FeedProgress::from(at(0));
        let wait = |chance| progress.failed(at(0), WEBHOOK_RETRIES, chance).retry_at.unwrap().since(at(0));
        assert_eq!(wait(0.0), WEBHOOK_RETRIES[0]);
        assert_eq!(wait(1.0), WEBHOOK_RETRIES[0].mul_f64(0.9));
        assert_eq!(wait(7.0), wait(1.0));
    }
}
