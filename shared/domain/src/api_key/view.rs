//! An API key as replies and audit records show it.

use std::{collections::BTreeSet, net::IpAddr};

use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiKey, KeyStatus};
use crate::{
    audit::{Action, Change, Target},
    id::{ApiKeyId, AppId, UserId},
    network::Network,
    scope::Scope,
    text::KeyName,
    time::Timestamp,
    user::{User, UserRef},
};

/// An API key: nothing of its secret but the end.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyView<'a> {
    /// Identifies the key.
    key_id: ApiKeyId,
    /// The owner, in whose name requests with the key are made.
    user_id: UserId,
    /// The name by which people recognise the key.
    name: &'a KeyName,
    /// The last four characters of the secret.
    #[schema(min_length = 4, max_length = 4)]
    hint: &'a str,
    /// What the key may be used for, within what its owner may do.
    #[schema(max_items = 16)]
    scopes: &'a BTreeSet<Scope>,
    /// The applications for which alone the key may be used; null if it is not bound to any.
    #[schema(required, max_items = 100)]
    app_ids: Option<&'a BTreeSet<AppId>>,
    /// The networks from which alone the key may be used; null if it is not bound to any.
    #[schema(required, max_items = 20)]
    cidrs: Option<&'a Vec<Network>>,
    /// Who created the key.
    created_by: &'a UserRef,
    /// When the key was created.
    created_at: Timestamp,
    /// When the key expires.
    expires_at: Timestamp,
    /// When the key last got a new secret; null if it still has its first one.
    #[schema(required)]
    rotated_at: Option<Timestamp>,
    /// Until when the secret before the last rotation works; null if it does not.
    #[schema(required)]
    previous_until: Option<Timestamp>,
    /// When the key was last used, to the minute; null if it never was.
    #[schema(required)]
    last_used_at: Option<Timestamp>,
    /// The network address of the last use, of IPv4 or IPv6; null if there is none or it is unknown.
    #[schema(value_type = Option<String>, required, max_length = 45, example = "203.0.113.7")]
    last_used_address: Option<IpAddr>,
    /// Whether the key may be used.
    status: KeyStatus,
    /// Starts at 1 and grows with every change.
    version: u64,
}

impl<'a> ApiKeyView<'a> {
    /// The view of a key of `owner`.
    pub fn new(key: &'a ApiKey, owner: &User, now: Timestamp) -> Self {
        Self {
            key_id: key.key_id,
            user_id: key.user_id,
            name: &key.name,
            hint: &key.hint,
            scopes: &key.scopes,
            app_ids: key.app_ids.as_ref(),
            cidrs: key.cidrs.as_ref(),
            created_by: &key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            rotated_at: key.rotated_at,
            previous_until: key.previous.as_ref().map(|previous| previous.until).filter(|until| now < *until),
            last_used_at: key.last_used_at,
            last_used_address: key.last_used_address,
            status: key.status(owner, now),
            version: key.version,
        }
    }
}

/// The change from one state of a key of `owner` to another, for the audit log. It belongs to the log of the team whose
/// service account the owner is.
pub fn change(action: Action, owner: &User, before: Option<&ApiKey>, after: Option<&ApiKey>, now: Timestamp) -> Change {
    let key_id = before.or(after).map_or(ApiKeyId::from_bytes([0; 16]), |key| key.key_id);
    let view = |key| ApiKeyView::new(key, owner, now);
    let (before, after) = (before.map(view), after.map(view));
    Change::between(action, Target::key(key_id), owner.home_team_id, before.as_ref(), after.as_ref())
}
