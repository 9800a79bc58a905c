//! Webhooks, their deliveries, and the progress of whoever is sent the feed: a webhook, or the event bus.

use std::collections::BTreeSet;

use rollcall_domain::{
    Code, Timestamp,
    delivery::{FeedProgress, StoredDelivery},
    id::{DeliveryId, TeamId, WebhookId},
    limits::{DELIVERY_LIFETIME, MAX_WEBHOOKS, NOTIFIER_LEASE},
    webhook::Webhook,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    commit::Commit,
    error::{CommitError, Fault},
    expression::Values,
    item::{from_items, indexed, number, string, string_set, timestamp, to_item, value, with_ttl},
    keys::{self, Key},
    query::{Page, Range},
    sort_keys::SortKeys,
    table::Store,
    team::check_exists,
    write::{Bookkeeping, Write},
};

const SET_FAILURES: &str = "#attempts = :attempts, #failing_since = :failing_since, #retry_at = :retry_at";

/// Who is sent the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscriber {
    /// A webhook.
    Webhook(WebhookId),
    /// The event bus.
    EventBus,
}

impl Subscriber {
    fn key(self) -> Key {
        match self {
            Self::Webhook(webhook_id) => keys::webhook(webhook_id),
            Self::EventBus => keys::event_bus(),
        }
    }
}

#[derive(Default, Deserialize)]
struct WebhookSet {
    #[serde(default)]
    webhook_ids: BTreeSet<WebhookId>,
}

impl Store {
    /// The webhook of this id.
    pub async fn webhook(&self, webhook_id: WebhookId) -> Result<Option<Webhook>, Fault> {
        self.get(&keys::webhook(webhook_id)).await
    }

    /// The webhooks of these owners, newest first: teams, or without one the platform.
    pub async fn webhooks_of(&self, owners: impl IntoIterator<Item = Option<TeamId>>) -> Result<Vec<Webhook>, Fault> {
        let sets: Vec<_> = owners.into_iter().map(keys::webhooks).collect();
        let sets: Vec<WebhookSet> = from_items(self.batch_get(&sets).await?)?;
        let keys: Vec<_> = sets.into_iter().flat_map(|set| set.webhook_ids).map(keys::webhook).collect();
        self.webhooks_at(&keys).await
    }

    /// A page of all webhooks, newest first, after `after`.
    pub async fn webhooks(&self, after: Option<WebhookId>, limit: usize) -> Result<Page<Webhook>, Fault> {
        let positions = after.map_or_else(SortKeys::default, |after| SortKeys::default().before(&after.to_string()));
        let keys = self.last_in_index(keys::WEBHOOKS, positions, limit + 1).await?;
        let page = Page::cut(keys, limit, |key| key.webhook_id().map(|id| id.to_string()).unwrap_or_default());
        Ok(Page { items: self.webhooks_at(&page.items).await?, next: page.next })
    }

    async fn webhooks_at(&self, keys: &[Key]) -> Result<Vec<Webhook>, Fault> {
        let mut webhooks: Vec<Webhook> = from_items(self.batch_get(keys).await?)?;
        webhooks.sort_unstable_by_key(|webhook| std::cmp::Reverse(webhook.webhook_id));
        Ok(webhooks)
    }

    /// A page of a webhook's deliveries, newest first, after `after`. Expired ones may be among them.
    pub async fn deliveries(
        &self,
        webhook_id: WebhookId,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Page<StoredDelivery>, Fault> {
        let range = Range::new(keys::webhook_partition(webhook_id), limit + 1)
            .prefix(keys::DELIVERY)
            .descending()
            .after(after.map(|delivery_id| keys::delivery(webhook_id, delivery_id).sk));
        let deliveries = from_items(self.query(range).await?.items)?;
        Ok(Page::cut(deliveries, limit, |last: &StoredDelivery| last.delivery_id.to_string()))
    }

    /// How far the event bus was sent the feed. The first call stores that it begins with what happens from now on.
    pub async fn begin_event_bus(&self, now: Timestamp) -> Result<FeedProgress, Fault> {
        let key = keys::event_bus();
        if let Some(progress) = self.get(&key).await? {
            return Ok(progress);
        }
        let begin = FeedProgress::from(now);
        let values = vec![(":position", value(&begin.position)?)];
        let write = Write::update(key.clone(), "SET #position = :position", values);
        self.write_if(write.only_if("attribute_not_exists(#position)", Values::new(), Code::Conflict)).await?;
        // Another worker may have been first.
        Ok(self.get(&key).await?.unwrap_or(begin))
    }

    /// Takes the lease for sending events to a subscriber, and returns its state; none if somebody else has the lease,
    /// or if the subscriber does not exist. `worker` names the sender: one that restarts under the same name takes over
    /// its own lease.
    pub async fn begin_sending<T: DeserializeOwned>(
        &self,
        subscriber: Subscriber,
        worker: &str,
        now: Timestamp,
    ) -> Result<Option<T>, Fault> {
        const LEASE: &str = "SET #worker = :worker, #leased_until = :until";
        const IS_FREE: &str = "attribute_exists(#position) AND (attribute_not_exists(#leased_until) \
            OR #leased_until <= :now OR #worker = :worker)";
        let until = timestamp(now + NOTIFIER_LEASE);
        let values = vec![(":worker", string(worker)), (":now", timestamp(now)), (":until", until)];
        self.update_and_get(&subscriber.key(), LEASE, IS_FREE, &values).await
    }

    /// Writes how far a subscriber was sent the feed, and the delivery, and holds on to the lease. Returns whether the
    /// lease was still held: it is not once somebody edits or deletes the webhook, whose version was `version`, or
    /// resends its events.
    pub async fn record_sending(
        &self,
        subscriber: Subscriber,
        (worker, version): (&str, Option<u64>),
        progress: &FeedProgress,
        delivery: Option<&StoredDelivery>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let mut values = progress_values(progress)?;
        values.push((":until", timestamp(now + NOTIFIER_LEASE)));
        let update = Write::update(
            subscriber.key(),
            format!("SET #position = :position, {SET_FAILURES}, #leased_until = :until"),
            values,
        );
        let mut commit = Commit::new([only_if_held(update, worker, version)]);
        if let (Subscriber::Webhook(webhook_id), Some(delivery)) = (subscriber, delivery) {
            commit.extend([put_delivery(webhook_id, delivery)?]);
        }
        match self.commit(commit).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// Releases the lease.
    pub async fn end_sending(&self, subscriber: Subscriber, worker: &str) -> Result<(), Fault> {
        let release = Write::update(subscriber.key(), "REMOVE #leased_until, #worker", Vec::new());
        self.write_if(only_if_held(release, worker, None)).await.map(drop)
    }
}

/// Creates a webhook, unless its owner has too many.
pub fn create(webhook: &Webhook) -> Result<Commit, Fault> {
    const HAS_ROOM: &str = "attribute_not_exists(#webhook_ids) OR size(#webhook_ids) < :max";
    let item = indexed(to_item(&keys::webhook(webhook.webhook_id), webhook)?, keys::webhooks_index(webhook.webhook_id));
    let ids = vec![(":id", string_set([webhook.webhook_id]))];
    let place = Write::update(keys::webhooks(webhook.team_id), "ADD #webhook_ids :id", ids);
    let limit = vec![(":max", number(MAX_WEBHOOKS))];
    let commit = Commit::new([
        Write::put(item).only_if_absent(Code::Conflict),
        place.only_if(HAS_ROOM, limit, Code::TooManyWebhooks),
    ]);
    Ok(commit.extended(webhook.team_id.map(check_exists)))
}

/// Changes the settings of a webhook: URL, types, description and secrets. Its position is not touched. Whoever is sending
/// to it loses the lease, and failures at another URL are forgotten.
pub fn change(before: &Webhook, after: &Webhook) -> Result<Commit, Fault> {
    let mut values = vec![
        (":url", value(&after.url)?),
        (":types", value(&after.types)?),
        (":secret", value(&after.sealed_secret)?),
        (":description", value(&after.description)?),
        (":previous", value(&after.previous)?),
        (":next", number(after.version)),
    ];
    let update = "SET #url = :url, #types = :types, #sealed_secret = :secret, #description = :description, \
        #previous = :previous, #version = :next";
    let update = if before.url == after.url {
        update.to_owned()
    } else {
        values.extend(failures(&after.progress)?);
        format!("{update}, {SET_FAILURES}")
    };
    let update = Write::update(keys::webhook(before.webhook_id), update, values);
    Ok(Commit::new([update.only_if_version(before.version)]))
}

/// Sends a webhook the feed again from another position. Whoever is sending to it loses the lease.
pub fn resend(before: &Webhook, after: &Webhook) -> Result<Commit, Fault> {
    Ok(Commit::new([set_status(after)?.only_if_version(before.version)]))
}

/// Pauses a webhook after an attempt of whoever has the lease.
pub fn pause(before: &Webhook, after: &Webhook, worker: &str, delivery: &StoredDelivery) -> Result<Commit, Fault> {
    let update = only_if_held(set_status(after)?, worker, Some(before.version));
    Ok(Commit::new([update]).and(put_delivery(before.webhook_id, delivery)?))
}

/// Deletes a webhook. Its deliveries expire.
pub fn delete(webhook: &Webhook) -> Commit {
    let ids = vec![(":id", string_set([webhook.webhook_id]))];
    Commit::new([
        Write::delete(keys::webhook(webhook.webhook_id)).only_if_version(webhook.version),
        Write::update(keys::webhooks(webhook.team_id), "DELETE #webhook_ids :id", ids),
    ])
}

/// Records a delivery.
pub fn put_delivery(webhook_id: WebhookId, delivery: &StoredDelivery) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::delivery(webhook_id, delivery.delivery_id), delivery)?;
    Ok(Write::put(with_ttl(item, delivery.delivery.at + DELIVERY_LIFETIME)).bookkeeping())
}

fn progress_values(progress: &FeedProgress) -> Result<Values, Fault> {
    let mut values = failures(progress)?;
    values.push((":position", value(&progress.position)?));
    Ok(values)
}

fn failures(progress: &FeedProgress) -> Result<Values, Fault> {
    Ok(vec![
        (":attempts", number(progress.attempts)),
        (":failing_since", value(&progress.failing_since)?),
        (":retry_at", value(&progress.retry_at)?),
    ])
}

/// Sets the status and the progress of a webhook, and ends the lease.
fn set_status(after: &Webhook) -> Result<Write, Fault> {
    let mut values = progress_values(&after.progress)?;
    values.extend([(":status", value(&after.status)?), (":next", number(after.version))]);
    let update = format!(
        "SET #position = :position, {SET_FAILURES}, #status = :status, #version = :next REMOVE #leased_until, #worker"
    );
    Ok(Write::update(keys::webhook(after.webhook_id), update, values))
}

/// The worker has the lease, and a webhook still has this version.
fn only_if_held(write: Write, worker: &str, version: Option<u64>) -> Write {
    let holder = (":worker", string(worker));
    match version {
        None => write.only_if("#worker = :worker", vec![holder], Code::Conflict),
        Some(version) => {
            let values = vec![holder, (":guarded", number(version))];
            write.only_if("#worker = :worker AND #version = :guarded", values, Code::Conflict)
        }
    }
}
