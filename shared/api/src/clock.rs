//! The only module that reads the clock and draws random numbers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, Utc};
use rollcall_domain::Timestamp;
use uuid::{Builder, Uuid};

/// The source of the current time, passed to everything that depends on it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The system clock.
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the system clock")]
    pub fn system() -> Self {
        Self::new(Utc::now)
    }

    /// A clock that returns what `read` returns.
    pub fn new(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        Timestamp::new((self.0)())
    }

    /// A new UUID v7. Ids sort in the order of their creation, to a quarter of a microsecond.
    ///
    /// By method 3 of RFC 9562: the 12 bits after the version hold the fraction of the millisecond; the rest is random.
    pub fn uuid(&self) -> Result<Uuid, getrandom::Error> {
        let now = (self.0)();
        uuid(now, now.timestamp_subsec_nanos() % 1_000_000 * 512 / 125_000)
    }

    /// A new UUID v7 for a given time. Ids of one millisecond sort in the order of their creation, except where the
    /// counter wraps (once in 4,096).
    ///
    /// By method 1 of RFC 9562: the 12 bits after the version are a counter.
    pub fn uuid_of(moment: Timestamp) -> Result<Uuid, getrandom::Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        uuid(moment.to_utc(), COUNT.fetch_add(1, Ordering::Relaxed) % 4096)
    }
}

/// A UUID v7 with these 12 bits after the version.
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

/// Random bytes from the operating system.
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
