//! The state of the scheduled cleanup: who runs it, and how far the due index has been swept.

use rollcall_domain::{Code, Timestamp, limits::CLEANUP_LEASE};
use serde::Deserialize;

use crate::{
    commit::{Commit, Meaning, Write},
    error::{CommitError, Fault},
    item::{number, string},
    keys,
    table::Store,
};

/// What the cleanup remembers between its runs.
#[derive(Debug, Default, Deserialize)]
struct State {
    #[serde(default)]
    next_hour: Option<i64>,
}

impl Store {
    /// Takes the lease for one run, or nothing where another run has it. Returns the first hour still to be swept.
    ///
    /// `run` names the run, so that one whose lease ran out cannot give back another's.
    pub async fn begin_cleanup(&self, run: &str, now: Timestamp) -> Result<Option<i64>, Fault> {
        let values = vec![(":run", string(run)), (":until", string((now + CLEANUP_LEASE).to_string()))];
        let lease = Write::update(keys::cleanup(), "SET #run = :run, #leased_until = :until", values).only_if(
            "attribute_not_exists(#leased_until) OR #leased_until <= :now OR #run = :run",
            vec![(":now", string(now.to_string()))],
            Meaning::Always(Code::Conflict),
        );
        match self.commit(Commit::new([lease])).await {
            Ok(()) => {}
            Err(CommitError::Refused(_)) => return Ok(None),
            Err(CommitError::Fault(fault)) => return Err(fault),
        }
        let state: Option<State> = self.get(&keys::cleanup()).await?;
        Ok(Some(state.unwrap_or_default().next_hour.unwrap_or_else(|| now.unix_hours())))
    }

    /// Gives the lease back and remembers the first hour the next run has to look at.
    pub async fn end_cleanup(&self, run: &str, next_hour: i64) -> Result<(), Fault> {
        let values = vec![(":hour", number(next_hour)), (":run", string(run))];
        let release = Write::update(keys::cleanup(), "SET #next_hour = :hour REMOVE #leased_until", values).only_if(
            "#run = :run",
            Vec::new(),
            Meaning::Always(Code::Conflict),
        );
        match self.commit(Commit::new([release])).await {
            // Refused: the lease ran out and another run has it; that run sweeps the same hours again.
            Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}
