//! Events: the records of the audit log as programs follow them, oldest first.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    audit::{Action, AuditActor, AuditRecord, Target, TargetKind},
    id::{AppId, AuditId, TeamId},
    time::Timestamp,
};

/// The version of the schema of events. It grows when a field is removed or changes its meaning; new types and fields
/// do not change it.
pub const EVENT_VERSION: u32 = 1;

/// An event: an audit record, field by field. Programs should skip types that they do not know: later versions may add
/// some.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Event {
    /// Identifies the event: the `audit_id` of its record. A repeated event has the same id.
    pub event_id: AuditId,
    /// What happened, as `noun.verb`: the `action` of the record.
    pub r#type: Action,
    /// The version of this schema. It grows when a field is removed or changes its meaning; new types and fields do not
    /// change it.
    #[schema(minimum = 1, example = 1)]
    pub version: u32,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The user who did it; null if the system did.
    #[schema(required)]
    pub actor: Option<AuditActor>,
    /// The object that was changed.
    pub target: Target,
    /// The team that owns the object; null if the platform does.
    #[schema(required)]
    pub team_id: Option<TeamId>,
    /// The application that was changed, or to which the object belongs; null if there is none.
    #[schema(required)]
    pub app_id: Option<AppId>,
    /// What changed.
    pub data: EventData,
    /// The `X-Request-Id` of the reply.
    pub request_id: String,
}

/// What changed: the fields that differ, named as in replies with the object. The API document has them for each type
/// of event.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventData {
    /// The changed fields before; null if the object is new.
    #[schema(required, value_type = Option<Object>)]
    pub before: Value,
    /// The changed fields after; null if the object was deleted.
    #[schema(required, value_type = Option<Object>)]
    pub after: Value,
}

impl From<AuditRecord> for Event {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { audit_id, at, actor, address: _, action, target, team_id, before, after, request_id } =
            record;
        let app_id = match target.kind {
            TargetKind::App => AppId::parse(&target.id),
            TargetKind::Account
            | TargetKind::User
            | TargetKind::Team
            | TargetKind::Member
            | TargetKind::Role
            | TargetKind::Invitation
            | TargetKind::Webhook
            | TargetKind::Key => target.app_id,
        };
        Self {
            event_id: audit_id,
            r#type: action,
            version: EVENT_VERSION,
            occurred_at: at,
            actor,
            target,
            team_id,
            app_id,
            data: EventData { before, after },
            request_id,
        }
    }
}

/// Which types of events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventFilter {
    /// All of them.
    #[default]
    All,
    /// Only these.
    Only(Vec<Action>),
}

impl EventFilter {
    /// Only these types; all of them if none is named.
    pub fn of(types: &[Action]) -> Self {
        if types.is_empty() { Self::All } else { Self::Only(types.to_vec()) }
    }

    /// Whether events of this type are wanted.
    pub fn matches(&self, action: Action) -> bool {
        match self {
            Self::All => true,
            Self::Only(types) => types.contains(&action),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::WebhookId;

    #[test]
    fn an_event_has_the_fields_of_its_record_and_names_its_application() {
        let app_id = AppId::parse("019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21").unwrap();
        for (target, expected) in [
            (Target::app(app_id), json!(app_id)),
            (Target::account(app_id, &"mina"), json!(app_id)),
            (Target::webhook(WebhookId::from_bytes([7; 16])), Value::Null),
        ] {
            let record: AuditRecord = serde_json::from_value(json!({
                "audit_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22", "at": "2026-11-20T12:00:00.000Z", "actor": null,
                "address": null, "action": "app.edit", "target": target, "team_id": null,
                "before": {"name": "Old"}, "after": {"name": "New"}, "request_id": "r",
            }))
            .unwrap();
            let event = serde_json::to_value(Event::from(record)).unwrap();
            assert_eq!((&event["type"], &event["version"]), (&json!("app.edit"), &json!(1)));
            assert_eq!(event["data"], json!({"before": {"name": "Old"}, "after": {"name": "New"}}));
            assert_eq!(event["app_id"], expected);
            assert_eq!(event.get("address"), None, "an event goes to other systems");
        }
    }
}
