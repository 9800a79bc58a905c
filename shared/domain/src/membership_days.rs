//! The length of a membership that an invitation grants.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::{
    fields::FromField,
    limits::MAX_MEMBERSHIP_DAYS,
    time::Timestamp,
    violation::{Invalid, ViolationCode},
};

/// A whole number of days of 24 hours, from 1 to [`MAX_MEMBERSHIP_DAYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MembershipDays(u32);

impl MembershipDays {
    /// The end of a membership that begins at `start`.
    pub fn after(self, start: Timestamp) -> Timestamp {
        start + Duration::from_hours(24 * u64::from(self.0))
    }
}

impl FromField for MembershipDays {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let days = u32::from_field(value)?;
        let rule = || Invalid::new(ViolationCode::OutOfRange, format!("must be between 1 and {MAX_MEMBERSHIP_DAYS}"));
        if (1..=MAX_MEMBERSHIP_DAYS).contains(&days) { Ok(Self(days)) } else { Err(rule()) }
    }
}

impl PartialSchema for MembershipDays {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer);
        let schema = schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)));
        let schema = schema.minimum(Some(1)).maximum(Some(MAX_MEMBERSHIP_DAYS));
        schema.description(Some("The length of a membership, in days of 24 hours.")).examples([90]).into()
    }
}

impl ToSchema for MembershipDays {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_membership_has_1_to_3650_days() {
        let start = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        let end = |days: Value| MembershipDays::from_field(&days).map(|days| days.after(start).to_string());
        assert_eq!(end(json!(1)).unwrap(), "2026-11-21T12:00:00.000Z");
        assert_eq!(end(json!(3650)).unwrap(), "2036-11-17T12:00:00.000Z");
        for days in [json!(0), json!(3651), json!(-1)] {
            assert_eq!(end(days).unwrap_err().code, ViolationCode::OutOfRange);
        }
        assert_eq!(end(json!("7")).unwrap_err().code, ViolationCode::WrongType);
    }
}
