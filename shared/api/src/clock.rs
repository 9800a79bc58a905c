//! The one place that reads the clock and draws random numbers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, Utc};
use rollcall_domain::Timestamp;
use uuid::{Builder, Uuid};

/// Tells the time. Everything that depends on it is handed one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    pub fn system() -> Self {
        Self::new(Utc::now)
    }

    /// A clock that says what `read` says.
    pub fn new(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The moment it is.
    pub fn now(&self) -> Timestamp {
        Timestamp::new((self.0)())
    }

    /// A new UUID v7: its order is the order of creation, to a quarter of a microsecond.
    ///
    /// RFC 9562's method 3: the 12 bits after the version hold the fraction of the millisecond, the rest is random.
    pub fn uuid(&self) -> Result<Uuid, getrandom::Error> {
        let now = (self.0)();
        uuid(now, now.timestamp_subsec_nanos() % 1_000_000 * 512 / 125_000)
    }

    /// A new UUID v7 of a moment that may be past: those of one moment are in the order of their making, but for one in
    /// four thousand.
    ///
    /// RFC 9562's method 1: the 12 bits after the version count.
    pub fn uuid_of(moment: Timestamp) -> Result<Uuid, getrandom::Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        uuid(moment.to_utc(), COUNT.fetch_add(1, Ordering::Relaxed) % 4096)
    }
}

/// The UUID v7 of a millisecond with these 12 bits after the version.
fn uuid(time: DateTime<Utc>, bits: u32) -> Result<Uuid, getrandom::Error> {
    let mut random = random::<10>()?;
    let [.., high, low] = bits.to_be_bytes();
    (random[0], random[1]) = (high, low);
    let millis = u64::try_from(time.timestamp_millis()).unwrap_or_default();
    Ok(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Clock({})", self.now())
    }
}

/// Random bytes of the operating system.
pub fn random<const BYTES: usize>() -> Result<[u8; BYTES], getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    #[test]
    fn ids_made_one_after_the_other_sort_in_that_order() {
        let clock = Clock::new({
            let ticks = AtomicI64::new(0);
            move || {
                DateTime::from_timestamp_nanos(1_763_600_000_000_000_000 + ticks.fetch_add(1_000, Ordering::Relaxed))
            }
        });
        let ids: Vec<_> = (0..5_000).map(|_| clock.uuid().unwrap()).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids[0].get_version_num(), 7);
    }
}
