//! Timestamps: UTC, to the millisecond, written as in RFC 3339.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// A moment in UTC. Truncated to milliseconds, so that a stored moment equals the one in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00.000Z")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Truncates `time` to milliseconds.
    pub fn new(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(3))
    }

    /// The moment as a `chrono` type.
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// The UTC day.
    pub fn date(self) -> NaiveDate {
        self.0.date_naive()
    }

    /// Whole seconds since the Unix epoch. The database's TTL attribute has this unit.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// Whole hours since the Unix epoch. Each is a partition of the due index.
    pub fn unix_hours(self) -> i64 {
        self.unix_seconds().div_euclid(60 * 60)
    }

    /// The time since `earlier`; zero if the clock stepped back.
    pub fn since(self, earlier: Self) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the end of the calendar instead of panicking.
    fn add(self, duration: Duration) -> Self {
        let delta = TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        Self::new(self.0.checked_add_signed(delta).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the start of the calendar instead of panicking.
    fn sub(self, duration: Duration) -> Self {
        let delta = TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        Self::new(self.0.checked_sub_signed(delta).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::<Utc>::deserialize(deserializer).map(Self::new)
    }
}

impl FromField for Timestamp {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let text = String::from_field(value)?;
        let parsed = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.with_timezone(&Utc));
        // A time with an offset can be in a year of five digits in UTC. As a text it would not sort by time, and neither
        // would a leap second, which has more than a second's worth of nanoseconds.
        let is_sortable =
            |time: &DateTime<Utc>| (0..=9_999).contains(&time.year()) && time.nanosecond() < 1_000_000_000;
        let parsed = parsed.filter(is_sortable).map(Self::new);
        let rule = "must be an RFC 3339 time such as 2026-11-20T12:00:00Z";
        parsed.ok_or_else(|| Invalid::new(ViolationCode::BadFormat, rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_in_utc_with_milliseconds() {
        let moment: Timestamp = serde_json::from_str("\"2026-11-20T21:00:00.0009+09:00\"").unwrap();
        assert_eq!(moment.to_string(), "2026-11-20T12:00:00.000Z");
    }

    #[test]
    fn a_time_that_would_not_sort_as_text_is_refused() {
        let last = "9999-12-31T23:59:59.999Z";
        assert_eq!(Timestamp::from_field(&last.into()).unwrap().to_string(), last);
        for beyond in
            ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01", "10000-01-01T00:00:00Z", "2026-12-31T23:59:60Z"]
        {
            assert_eq!(Timestamp::from_field(&beyond.into()).unwrap_err().code, ViolationCode::BadFormat);
        }
    }

    #[test]
    fn the_time_since_a_later_timestamp_is_zero() {
        let earlier: Timestamp = serde_json::from_str("\"2026-11-20T12:00:00Z\"").unwrap();
        assert_eq!(earlier.since(earlier + Duration::from_secs(5)), Duration::ZERO);
        assert_eq!((earlier + Duration::from_secs(5)).since(earlier), Duration::from_secs(5));
    }
}
