//! Known devices: those from which a user has signed in. Their attempts are throttled apart from those of strangers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    id::DeviceId,
    limits::{DEVICE_LIFETIME, MAX_DEVICES},
    time::Timestamp,
};

/// The known devices of a user, and when each signed in last; at most [`MAX_DEVICES`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownDevices(BTreeMap<DeviceId, Timestamp>);

impl KnownDevices {
    /// Whether the device is one of them.
    pub fn contains(&self, device_id: DeviceId) -> bool {
        self.0.contains_key(&device_id)
    }

    /// Adds a device that signs in now, or renews it. If they become too many, the one that signed in longest ago is no
    /// longer known.
    #[must_use]
    pub fn with(mut self, device_id: DeviceId, now: Timestamp) -> Self {
        self.0.retain(|known, signed_in_at| *known != device_id && now < *signed_in_at + DEVICE_LIFETIME);
        while self.0.len() >= MAX_DEVICES
            && let Some((&oldest, _)) = self.0.iter().min_by_key(|(_, signed_in_at)| **signed_in_at)
        {
            self.0.remove(&oldest);
        }
        self.0.insert(device_id, now);
        self
    }

    /// Forgets all devices but this one.
    #[must_use]
    pub fn only(mut self, kept: Option<DeviceId>) -> Self {
        self.0.retain(|known, _| Some(*known) == kept);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn noon() -> Timestamp {
        Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap())
    }

    fn device(number: u8) -> DeviceId {
        DeviceId::from_bytes([number; 16])
    }

    #[test]
    fn an_eleventh_device_replaces_the_one_that_signed_in_longest_ago() {
        let at = |minute: u8| noon() + Duration::from_mins(minute.into());
        let none = KnownDevices::default();
        let devices = (1..=10).fold(none, |devices, number| devices.with(device(number), at(number)));
        // The first one signs in again, so the second one is the oldest.
        let devices = devices.with(device(1), at(11)).with(device(11), at(12));
        let known: Vec<_> = (0..=12).filter(|number| devices.contains(device(*number))).collect();
        assert_eq!(known, [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn a_device_that_has_not_signed_in_for_180_days_is_dropped() {
        let devices = KnownDevices::default().with(device(1), noon());
        let day = Duration::from_hours(24);
        assert!(devices.clone().with(device(2), noon() + day * 179).contains(device(1)));
        assert!(!devices.with(device(2), noon() + day * 180).contains(device(1)));
    }

    #[test]
    fn all_devices_but_one_can_be_forgotten() {
        let devices = KnownDevices::default().with(device(1), noon()).with(device(2), noon());
        assert_eq!(devices.clone().only(Some(device(2))), KnownDevices::default().with(device(2), noon()));
        assert_eq!(devices.clone().only(Some(device(3))), KnownDevices::default());
        assert_eq!(devices.only(None), KnownDevices::default());
    }
}
