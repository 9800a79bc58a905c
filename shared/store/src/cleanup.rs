//! The state of the scheduled cleanup: who runs it, and how far the due index has been swept.

use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::ReturnValue};
use rollcall_domain::{Code, Timestamp, limits::CLEANUP_LEASE};
use serde::Deserialize;

use crate::{
    commit::{Commit, Meaning, Write, names_in, values_of},
    error::{CommitError, Fault},
    item::{from_item, number, string},
    keys,
    table::{Store, unavailable},
};

/// What the cleanup remembers between its runs.
#[derive(Debug, Deserialize)]
struct State {
    #[serde(default)]
    next_hour: Option<i64>,
}

impl Store {
    /// Takes the lease for one run, or nothing where another run has it. Returns the first hour still to be swept.
    ///
    /// `run` names the run, so that one whose lease ran out cannot give back another's.
    pub async fn begin_cleanup(&self, run: &str, now: Timestamp) -> Result<Option<i64>, Fault> {
        const LEASE: &str = "SET #run = :run, #leased_until = :until";
        const FREE: &str = "attribute_not_exists(#leased_until) OR #leased_until <= :now OR #run = :run";
        let values = vec![
            (":run", string(run)),
            (":now", string(now.to_string())),
            (":until", string((now + CLEANUP_LEASE).to_string())),
        ];
        // Not a commit: the reply is the state, which saves reading it.
        let request = (self.client().update_item().table_name(self.table()))
            .set_key(Some(keys::cleanup().to_item()))
            .update_expression(LEASE)
            .condition_expression(FREE)
            .set_expression_attribute_names(names_in([LEASE, FREE]))
            .set_expression_attribute_values(values_of(&values))
            .return_values(ReturnValue::AllNew);
        let state = match self.retried(|| request.clone().send(), |_| false).await {
            Ok(reply) => from_item::<State>(reply.attributes.unwrap_or_default())?,
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => return Ok(None),
            Err(error) => return Err(unavailable("UpdateItem")(error)),
        };
        // The first run looks back to the beginning, however late it comes.
        let first = match state.next_hour {
            Some(hour) => hour,
            None => self.founded_at().await?.unwrap_or(now).unix_hours(),
        };
        Ok(Some(first))
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
