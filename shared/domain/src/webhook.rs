//! Webhooks: URLs that are sent events, in order, until each was accepted.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    audit::{Action, Change, Target},
    body::{BodyField, Text},
    choice::choices,
    delivery::FeedProgress,
    error::{Code, Refusal},
    event_types::EventTypes,
    fields::Fields,
    id::{TeamId, UserId, WebhookId},
    limits::MAX_SECRET_OVERLAP_HOURS,
    patch::{PatchOptional, PatchRequired},
    request_body,
    role::Rights,
    scope::PlatformScope,
    text::Note,
    time::Timestamp,
    user::User,
    violation::{Invalid, ViolationCode},
    webhook_url::{Loopback, WebhookUrl},
};

choices! {
    /// Whether a webhook is sent events.
    WebhookStatus {
        /// It is sent events.
        Active "active",
        /// It is sent none, because it did not accept an event for three days, or answered 410. `resend` makes it active.
        Paused "paused",
    }
}

/// A webhook, as stored: its settings, its secrets, and how far it was sent the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The webhook's key.
    pub webhook_id: WebhookId,
    /// The team whose events it gets; `None` for those of the whole platform.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    /// Where events are sent to.
    pub url: WebhookUrl,
    /// The types of events that it gets; all of them if it is empty.
    #[serde(default)]
    pub types: Vec<Action>,
    /// What it is for, for the people who manage it.
    #[serde(default)]
    pub description: Option<Note>,
    /// Whether it is sent events.
    pub status: WebhookStatus,
    /// The secret, encrypted.
    pub sealed_secret: String,
    /// The secret before, while receivers may still use it.
    #[serde(default)]
    pub previous: Option<PreviousSecret>,
    /// The user who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// Starts at 1 and grows with every change, but not with deliveries.
    pub version: u64,
    /// How far it was sent the feed.
    #[serde(flatten)]
    pub progress: FeedProgress,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// The secret, encrypted.
    pub sealed: String,
    /// When events are no longer signed with it.
    pub until: Timestamp,
}

request_body! {
    /// A new webhook.
    pub struct NewWebhook from (fields, actor: &User, loopback: Loopback) {
        /// The team whose events it gets. Without it, the webhook gets the events of the whole platform: for platform
        /// admins only.
        pub team_id: Option<TeamId> = if actor.user_type.is_admin() {
            BodyField::read(fields, "team_id")
        } else {
            fields.required("team_id").map(Some)
        },
        /// Where events are sent to.
        pub url: WebhookUrl = WebhookUrl::read(fields, "url", loopback),
        /// The types of events that it gets. All of them if it is absent or empty.
        #[schema(value_type = Option<Vec<Action>>)]
        pub types: EventTypes,
        /// What it is for, for the people who manage it.
        pub description: Text<Note>,
    }
}

request_body! {
    /// A change of a webhook.
    pub struct WebhookPatch from (fields, loopback: Loopback) {
        /// Where events are sent to.
        url: PatchRequired<WebhookUrl> = if fields.has("url") {
            WebhookUrl::read(fields, "url", loopback).map(PatchRequired::Set)
        } else {
            Some(PatchRequired::Keep)
        },
        /// The types of events that it gets; all of them if it is empty or null.
        #[schema(value_type = Option<Vec<Action>>)]
        types: PatchRequired<EventTypes>,
        /// What it is for, for the people who manage it.
        description: PatchOptional<Note>,
    }
}

request_body! {
    /// A new secret in place of the present one.
    #[derive(Clone, Copy)]
    pub struct SecretRotation from (fields) {
        /// For how many hours events are signed with both secrets, so that receivers can change over.
        #[schema(minimum = 0, maximum = 168)]
        pub overlap_hours: u32 = overlap(fields),
    }
}

// The schema takes a literal only.
const _: () = assert!(MAX_SECRET_OVERLAP_HOURS == 168);

fn overlap(fields: &mut Fields) -> Option<u32> {
    let hours: u32 = fields.required("overlap_hours")?;
    if hours > MAX_SECRET_OVERLAP_HOURS {
        let rule = format!("must be between 0 and {MAX_SECRET_OVERLAP_HOURS}");
        fields.violation("overlap_hours", Invalid::new(ViolationCode::OutOfRange, rule));
        return None;
    }
    Some(hours)
}

request_body! {
    /// From which event on a webhook is sent the feed again.
    #[derive(Clone, Copy)]
    pub struct Resend from (fields, now: Timestamp) {
        /// The time from which on, inclusive, events are sent, also those that were sent before.
        pub from: Timestamp = past(fields, now),
    }
}

fn past(fields: &mut Fields, now: Timestamp) -> Option<Timestamp> {
    let from: Timestamp = fields.required("from")?;
    if from > now {
        fields.violation("from", Invalid::new(ViolationCode::OutOfRange, "must not be in the future"));
        return None;
    }
    Some(from)
}

impl NewWebhook {
    /// Creates the webhook. It is sent what happens from now on.
    pub fn create(self, webhook_id: WebhookId, sealed_secret: String, creator: &User, now: Timestamp) -> Webhook {
        Webhook {
            webhook_id,
            team_id: self.team_id,
            url: self.url,
            types: self.types.0,
            description: self.description.0,
            status: WebhookStatus::Active,
            sealed_secret,
            previous: None,
            created_by: creator.user_id,
            created_at: now,
            version: 1,
            progress: FeedProgress::from(now),
        }
    }
}

impl Webhook {
    /// Checks that the caller manages the webhooks of this owner: a team's are for its role `admin`, the platform's for
    /// admins of the platform, who also manage those of teams. For anybody else there are none.
    pub fn permit(rights: &Rights, owner: Option<TeamId>) -> Result<(), Code> {
        if may_manage(rights, owner) { rights.check_scope(PlatformScope::WebhooksManage) } else { Err(Code::NotFound) }
    }

    /// Applies a change. If nothing changes, the version stays the same. Another URL is tried at once.
    pub fn edited(self, fields: Fields, loopback: Loopback) -> Result<Self, Refusal> {
        let patch = fields.parse(|fields| {
            let patch = WebhookPatch::read(fields, loopback);
            fields.immutable("team_id");
            patch
        })?;
        let after = Self {
            url: patch.url.apply(self.url.clone()),
            types: patch.types.apply(EventTypes(self.types.clone())).0,
            description: patch.description.apply(self.description.clone()),
            ..self.clone()
        };
        let progress = if after.url == self.url { self.progress } else { FeedProgress::at(self.progress.position) };
        Ok(if after == self { self } else { Self { progress, ..after }.next() })
    }

    /// With a new secret. The present one is used besides it for the overlap; an earlier one no longer is.
    #[must_use]
    pub fn rotated(self, sealed_secret: String, rotation: SecretRotation, now: Timestamp) -> Self {
        let overlap = Duration::from_hours(rotation.overlap_hours.into());
        let previous = PreviousSecret { sealed: self.sealed_secret.clone(), until: now + overlap };
        Self { sealed_secret, previous: Some(previous).filter(|_| !overlap.is_zero()), ..self }.next()
    }

    /// Sent the feed again from a time on, and active.
    #[must_use]
    pub fn resent(self, from: Timestamp) -> Self {
        Self { status: WebhookStatus::Active, progress: FeedProgress::from(from), ..self }.next()
    }

    /// Not sent events until somebody resends them.
    #[must_use]
    pub fn paused(self, progress: FeedProgress) -> Self {
        Self { status: WebhookStatus::Paused, progress, ..self }.next()
    }

    /// The secrets to sign with at this time, encrypted.
    pub fn sealed_secrets(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        [Some(self.sealed_secret.as_str()), previous.map(|previous| previous.sealed.as_str())].into_iter().flatten()
    }

    fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }
}

/// Whether somebody with these rights manages the webhooks of this owner.
pub fn may_manage(rights: &Rights, owner: Option<TeamId>) -> bool {
    let is_admin_of = |team_id| rights.role_in(team_id).is_some_and(|role| role.role_id.is_admin());
    rights.is_platform_admin() || owner.is_some_and(is_admin_of)
}

/// The change from one state of `webhook` to another, for the audit log.
pub fn change(action: Action, webhook: &Webhook, before: Option<&Webhook>, after: Option<&Webhook>) -> Change {
    let (before, after) = (before.map(WebhookView::from), after.map(WebhookView::from));
    let target = Target::webhook(webhook.webhook_id);
    Change::between(action, target, webhook.team_id, before.as_ref(), after.as_ref())
}

/// The change that sends a webhook the feed again, for the audit log.
pub fn resend_change(before: &Webhook, after: &Webhook, from: Timestamp) -> Change {
    let after_resend = json!({"from": from, "status": after.status});
    Change { after: after_resend, ..change(Action::WebhookResend, before, Some(before), Some(after)) }
}

/// A webhook, as replies show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// Identifies the webhook.
    webhook_id: WebhookId,
    /// Where events are sent to.
    url: WebhookUrl,
    /// The types of events that it gets; all of them if it is empty.
    types: Vec<Action>,
    /// The team whose events it gets; null for those of the whole platform.
    #[schema(required)]
    team_id: Option<TeamId>,
    /// What it is for; null if nobody has said.
    #[schema(required)]
    description: Option<Note>,
    /// Whether it is sent events.
    status: WebhookStatus,
    /// When it was created.
    created_at: Timestamp,
    /// Starts at 1 and grows with every change.
    version: u64,
}

impl From<&Webhook> for WebhookView {
    fn from(webhook: &Webhook) -> Self {
        Self {
            webhook_id: webhook.webhook_id,
            url: webhook.url.clone(),
            types: webhook.types.clone(),
            team_id: webhook.team_id,
            description: webhook.description.clone(),
            status: webhook.status,
            created_at: webhook.created_at,
            version: webhook.version,
        }
    }
}
