//! Identifiers: one type per noun, so that the id of a team cannot be used as the id of an application.

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    fields::FromField,
    time::Timestamp,
    violation::{Invalid, ViolationCode},
};

/// Declares identifiers that are UUIDs in lower-case hyphenated form.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(value_type = String, format = "uuid", pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
        #[schema(example = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21")]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier with this UUID.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Parses the lower-case hyphenated form, and no other, so that every resource has one path.
            pub fn parse(text: &str) -> Option<Self> {
                let uuid = Uuid::try_parse(text).ok()?;
                let mut canonical = Uuid::encode_buffer();
                (*uuid.as_hyphenated().encode_lower(&mut canonical) == *text).then_some(Self(uuid))
            }

            /// The 16 bytes of the identifier.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The identifier with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.as_hyphenated().fmt(formatter)
            }
        }

        impl FromField for $name {
            fn from_field(value: &Value) -> Result<Self, Invalid> {
                Self::parse(&String::from_field(value)?).ok_or_else(|| {
                    Invalid::new(ViolationCode::BadFormat, "must be a UUID in lower-case hyphenated form")
                })
            }
        }
    )*};
}

/// The time of creation with which a UUID v7 starts.
fn time_of(uuid: Uuid) -> Timestamp {
    let millis = i64::try_from(uuid.as_u128() >> 80).unwrap_or_default();
    Timestamp::new(DateTime::from_timestamp_millis(millis).unwrap_or_default())
}

impl TeamId {
    /// The UTC day on which the team was created.
    pub fn date(self) -> NaiveDate {
        time_of(self.0).date()
    }
}

impl AuditId {
    /// The time of the record.
    pub fn time(self) -> Timestamp {
        time_of(self.0)
    }

    /// The smallest id that a record of this time can have: a UUID v7 starts with the time of its creation.
    pub fn first_of(at: Timestamp) -> Self {
        let millis = at.to_utc().timestamp_millis().max(0).cast_unsigned();
        Self::from_bytes((u128::from(millis) << 80).to_be_bytes())
    }
}

ids! {
    /// A console user.
    UserId;
    /// A team of console users.
    TeamId;
    /// A custom role of a team.
    CustomRoleId;
    /// An invitation into a team.
    InvitationId;
    /// An application.
    AppId;
    /// A signed-in session.
    SessionId;
    /// A device from which a user signed in.
    DeviceId;
    /// An audit record.
    AuditId;
    /// A flow of several steps: a registration, a password reset, or a sign-in between its two steps.
    FlowId;
    /// A mailed code. The code cannot be derived from it.
    CodeId;
    /// A mail to send.
    MailId;
    /// A job on many accounts.
    JobId;
    /// A webhook.
    WebhookId;
    /// An attempt to deliver an event to a webhook.
    DeliveryId;
    /// An API key.
    ApiKeyId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_id_has_the_day_of_its_creation() {
        let team_id = TeamId::parse("019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21").unwrap();
        assert_eq!(team_id.date().to_string(), "2025-11-20");
    }

    #[test]
    fn the_first_id_of_a_time_sorts_before_the_ids_of_that_time_and_after_earlier_ones() {
        let id = AuditId::parse("019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21").unwrap();
        let at = |millis| Timestamp::new(DateTime::from_timestamp_millis(millis).unwrap());
        let millis = 0x019a_a0c4_7e00;
        assert_eq!(AuditId::first_of(at(millis)).to_string(), "019aa0c4-7e00-0000-0000-000000000000");
        assert_eq!((id.time(), AuditId::first_of(at(millis)).time()), (at(millis), at(millis)));
        assert!(AuditId::first_of(at(millis)) <= id && id < AuditId::first_of(at(millis + 1)));
    }

    #[test]
    fn an_id_has_exactly_one_spelling() {
        let canonical = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";
        assert_eq!(AppId::parse(canonical).unwrap().to_string(), canonical);
        for other in [
            "019AA0C4-7E00-7C3A-9D52-6B1F0A8E4D21",
            "019aa0c47e007c3a9d526b1f0a8e4d21",
            "{019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21}",
            "urn:uuid:019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21",
            "",
        ] {
            assert_eq!(AppId::parse(other), None, "{other}");
        }
    }
}
