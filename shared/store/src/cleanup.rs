//! The state of the scheduled cleanup: a lease, so that one run works at a time, and its progress in the due index.

use rollcall_domain::{
    Code, Timestamp,
    limits::{CLEANUP_LEASE, DUE_HOUR_GRACE},
};
use serde::Deserialize;

use crate::{
    error::Fault,
    item::{number, string, timestamp},
    keys,
    table::Store,
    write::Write,
};

#[derive(Debug, Deserialize)]
struct CleanupState {
    #[serde(default)]
    next_hour: Option<i64>,
}

impl Store {
    /// Takes the lease for one run and returns the first hour that it has to sweep; nothing if another run has the
    /// lease.
    ///
    /// `run` names the run, so that a run whose lease has expired cannot release the lease of another.
    pub async fn begin_cleanup(&self, run: &str, now: Timestamp) -> Result<Option<i64>, Fault> {
        const LEASE: &str = "SET #run = :run, #leased_until = :until";
        const IS_FREE: &str = "attribute_not_exists(#leased_until) OR #leased_until <= :now OR #run = :run";
        let values = vec![(":run", string(run)), (":now", timestamp(now)), (":until", timestamp(now + CLEANUP_LEASE))];
        let state: Option<CleanupState> = self.update_and_get(&keys::cleanup(), LEASE, IS_FREE, &values).await?;
        let Some(state) = state else { return Ok(None) };
        // The first run sweeps from the beginning of the platform, because it may come late.
        let first_hour = match state.next_hour {
            // If the clock was set back, items fall due in hours that were swept before they were written.
            Some(hour) => hour.min((now - DUE_HOUR_GRACE).unix_hours()),
            None => self.platform_created_at().await?.unwrap_or(now).unix_hours(),
        };
        Ok(Some(first_hour))
    }

    /// Releases the lease and stores the first hour that the next run has to sweep.
    pub async fn end_cleanup(&self, run: &str, next_hour: i64) -> Result<(), Fault> {
        let values = vec![(":hour", number(next_hour)), (":run", string(run))];
        let release = Write::update(keys::cleanup(), "SET #next_hour = :hour REMOVE #leased_until", values);
        // If the lease has expired and another run has it, that run sweeps the same hours again.
        self.write_if(release.only_if("#run = :run", Vec::new(), Code::Conflict)).await.map(drop)
    }
}
