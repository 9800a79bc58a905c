//! Sends the feed to one webhook.

use bytes::Bytes;
use rollcall_api::{
    Authority, Context, NotCommitted, Plan, Problem,
    feed::{Feed, FeedPage, FeedPosition},
    keyring::KeyPurpose,
};
use rollcall_domain::{
    Timestamp,
    audit::Action,
    delivery::{Delivery, DeliveryError, FeedProgress, StoredDelivery},
    event::{Event, EventFilter},
    id::DeliveryId,
    limits::{EVENTS_PER_READ, WEBHOOK_RETRIES, WEBHOOK_TIMEOUT},
    mail::Message,
    user::User,
    webhook::{self, Webhook, WebhookStatus},
};
use rollcall_store::{
    audit::AuditLog,
    webhook::{Subscriber, pause},
};
use tokio::time::Instant;

use crate::{Outbound, SecretKey, signature::sign};

/// Sends a webhook what is due, in order. Returns when the next retry is due; none if everything was accepted.
pub(crate) async fn send(
    context: &Context,
    outbound: &Outbound,
    found: Webhook,
    worker: &str,
    end: Instant,
) -> Result<Option<Timestamp>, Problem> {
    let now = context.now();
    if found.status == WebhookStatus::Paused || has_deleted_team(context, &found).await? {
        return Ok(None);
    }
    if !found.progress.is_due(now) {
        return Ok(found.progress.retry_at);
    }
    // Without anything to send nothing is written.
    let page = feed(context, &found).read(position(&found.progress), EVENTS_PER_READ, now).await?;
    if page.events.is_empty() && !found.progress.is_behind(page.position.after) {
        return Ok(None);
    }
    let subscriber = Subscriber::Webhook(found.webhook_id);
    let Some(webhook) = context.store.begin_sending::<Webhook>(subscriber, worker, now).await? else {
        return Ok(None);
    };
    // Somebody else may have sent the page meanwhile.
    let page = Some(page).filter(|_| webhook == found);
    let sent = Sending { context, outbound, worker, end, webhook }.send(page).await;
    context.store.end_sending(subscriber, worker).await?;
    sent
}

/// The feed of a webhook.
fn feed<'a>(context: &'a Context, webhook: &Webhook) -> Feed<'a> {
    let log = webhook.team_id.map_or(AuditLog::All, |team_id| AuditLog::Teams(vec![team_id]));
    Feed { context, log, filter: EventFilter::of(&webhook.types) }
}

fn position(progress: &FeedProgress) -> FeedPosition {
    FeedPosition::after(progress.position)
}

async fn has_deleted_team(context: &Context, webhook: &Webhook) -> Result<bool, Problem> {
    match webhook.team_id {
        Some(team_id) => Ok(context.store.team(team_id).await?.is_none()),
        None => Ok(false),
    }
}

/// A worker that has the lease of a webhook.
struct Sending<'a> {
    context: &'a Context,
    outbound: &'a Outbound,
    worker: &'a str,
    end: Instant,
    webhook: Webhook,
}

/// What became of an attempt.
enum Outcome {
    /// The event was accepted.
    Accepted,
    /// The event is due again at this time. `None` if the webhook was paused.
    Failed(Option<Timestamp>),
    /// The secret cannot be decrypted. Nothing is recorded; the next call tries again.
    Unreadable,
    /// Somebody else has changed the webhook, or sends to it.
    LeaseLost,
}

impl Sending<'_> {
    /// Sends a page of the feed that was read already, or the one at the position, and those that follow.
    async fn send(&mut self, page: Option<FeedPage>) -> Result<Option<Timestamp>, Problem> {
        let now = self.context.now();
        if self.webhook.status == WebhookStatus::Paused {
            return Ok(None);
        }
        if !self.webhook.progress.is_due(now) {
            return Ok(self.webhook.progress.retry_at);
        }
        let mut page = match page {
            Some(page) => page,
            None => self.read(position(&self.webhook.progress), now).await?,
        };
        loop {
            for event in page.events {
                if Instant::now() >= self.end {
                    return Ok(Some(now));
                }
                if has_deleted_team(self.context, &self.webhook).await? {
                    return Ok(None);
                }
                match self.attempt(&event).await? {
                    Outcome::Accepted => {}
                    Outcome::Failed(retry_at) => return Ok(retry_at),
                    Outcome::Unreadable => return Ok(None),
                    // At once, to go on with the changed webhook.
                    Outcome::LeaseLost => return Ok(Some(now)),
                }
            }
            let reached = page.position.after;
            if self.webhook.progress.is_behind(reached) && !self.record(FeedProgress::at(reached), None).await? {
                return Ok(Some(now));
            }
            if !page.more {
                return Ok(None);
            }
            page = self.read(page.position, now).await?;
        }
    }

    async fn read(&self, position: FeedPosition, now: Timestamp) -> Result<FeedPage, Problem> {
        feed(self.context, &self.webhook).read(position, EVENTS_PER_READ, now).await
    }

    /// Sends one event and records what became of it.
    async fn attempt(&mut self, event: &Event) -> Result<Outcome, Problem> {
        let Some(delivery) = deliver(self.context, self.outbound, &self.webhook, event, WEBHOOK_TIMEOUT).await? else {
            return Ok(Outcome::Unreadable);
        };
        let now = self.context.now();
        if delivery.delivery.is_accepted() {
            let is_recorded = self.record(FeedProgress::at(event.event_id), Some(&delivery)).await?;
            return Ok(if is_recorded { Outcome::Accepted } else { Outcome::LeaseLost });
        }
        let failed = self.webhook.progress.failed(now, WEBHOOK_RETRIES, fastrand::f64());
        if delivery.delivery.is_gone() || failed.has_failed_too_long(now) {
            return self.pause(failed, &delivery).await;
        }
        let is_recorded = self.record(failed, Some(&delivery)).await?;
        Ok(if is_recorded { Outcome::Failed(failed.retry_at) } else { Outcome::LeaseLost })
    }

    /// Writes how far the webhook was sent the feed. Returns whether the lease was still held.
    async fn record(&mut self, progress: FeedProgress, delivery: Option<&StoredDelivery>) -> Result<bool, Problem> {
        let subscriber = Subscriber::Webhook(self.webhook.webhook_id);
        let holder = (self.worker, Some(self.webhook.version));
        self.webhook.progress = progress;
        Ok(self.context.store.record_sending(subscriber, holder, &progress, delivery, self.context.now()).await?)
    }

    /// Pauses the webhook and tells its owner.
    async fn pause(&self, failed: FeedProgress, delivery: &StoredDelivery) -> Result<Outcome, Problem> {
        let after = self.webhook.clone().paused(failed);
        let failing_since = failed.failing_since.unwrap_or(delivery.delivery.at);
        let message = Message::WebhookPaused { url: after.url.clone(), failing_since };
        let commit = pause(&self.webhook, &after, self.worker, delivery)?;
        let change = webhook::change(Action::WebhookPause, &after, Some(&self.webhook), Some(&after));
        let mut plan = Plan::new(Authority::System, commit).audit(change);
        for owner in owners(self.context, &self.webhook).await? {
            plan = plan.notify(&owner, message.clone());
        }
        match self.context.try_commit(plan).await {
            Ok(_) => {
                tracing::warn!(webhook_id = %after.webhook_id, "a webhook was paused");
                Ok(Outcome::Failed(None))
            }
            Err(NotCommitted::Refused(_)) => Ok(Outcome::LeaseLost),
            Err(NotCommitted::Problem(problem)) => Err(problem),
        }
    }
}

/// Who is told about a webhook: whoever created it, if they are a person who still manages it; otherwise the team's
/// admins or, for the platform's, the super admins.
async fn owners(context: &Context, webhook: &Webhook) -> Result<Vec<User>, Problem> {
    let managers: Vec<_> = match webhook.team_id {
        Some(team_id) => context.store.team(team_id).await?.into_iter().flat_map(|team| team.admins).collect(),
        None => context.store.super_admins().await?,
    };
    let mut users = context.store.users_of(managers.into_iter().chain([webhook.created_by])).await?;
    users.retain(|_, user| user.is_enabled() && !user.user_type.is_service());
    let creator = users.remove(&webhook.created_by).filter(|creator| match webhook.team_id {
        Some(team_id) => creator.teams.role_at(team_id, context.now()).is_some_and(|held| held.role_id.is_admin()),
        None => creator.user_type.is_admin(),
    });
    Ok(creator.map_or_else(|| users.into_values().collect(), |creator| vec![creator]))
}

/// Sends one event to a webhook. Returns what to record; nothing if its secret can no longer be decrypted, which is
/// logged.
pub async fn deliver(
    context: &Context,
    outbound: &Outbound,
    webhook: &Webhook,
    event: &Event,
    timeout: std::time::Duration,
) -> Result<Option<StoredDelivery>, Problem> {
    // Deliveries are listed by their ids, and shown with this time.
    let (at, delivery_id) = (context.now(), DeliveryId::new(context.uuid()?));
    let Some(keys) = keys(context, webhook, at).await? else {
        tracing::error!(webhook_id = %webhook.webhook_id, "the secret of a webhook cannot be decrypted");
        return Ok(None);
    };
    let body = serde_json::to_vec(event).map_err(|error| Problem::Internal(error.to_string()))?;
    let (id, seconds) = (event.event_id.to_string(), at.unix_seconds());
    let headers = [
        ("webhook-signature", sign(&keys, &id, seconds, &body)),
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
    ];
    let begun = Instant::now();
    let posted = outbound.post(&webhook.url, context.config.webhook_loopback, &headers, Bytes::from(body));
    let (status, error) = match tokio::time::timeout(timeout, posted).await {
        Ok(Ok(status)) => (Some(status), None),
        Ok(Err(error)) => (None, Some(error)),
        Err(_) => (None, Some(DeliveryError::TimedOut)),
    };
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let delivery = Delivery { event_id: event.event_id, at, status, duration_ms, error };
    Ok(Some(StoredDelivery { delivery_id, delivery }))
}

/// The secrets to sign with; none if one of them was encrypted with a master key that was removed.
async fn keys(context: &Context, webhook: &Webhook, now: Timestamp) -> Result<Option<Vec<SecretKey>>, Problem> {
    let mut keys = Vec::new();
    for sealed in webhook.sealed_secrets(now) {
        let opened =
            context.keyring_of(sealed).await?.open(KeyPurpose::WebhookSecret, webhook.webhook_id.as_bytes(), sealed);
        let Some(bytes) = opened else { return Ok(None) };
        keys.push(SecretKey::of_bytes(bytes));
    }
    Ok(Some(keys))
}
