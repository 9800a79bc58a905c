//! Audit records: written with the change they tell of, never changed.

use std::time::Duration;

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use rollcall_domain::{
    audit::AuditRecord,
    id::{AuditId, TeamId},
};

use crate::{
    commit::{Bookkeeping, Write},
    error::Fault,
    item::{ending, from_item, indexed, to_item},
    keys::{self, Key},
    query::{Order, Range},
    table::Store,
};

/// The record of a change, kept for `retention`.
pub fn record(record: &AuditRecord, retention: Duration) -> Result<Bookkeeping, Fault> {
    let day = record.at.date();
    let item = to_item(&keys::audit(record.team_id, day, record.audit_id), record)?;
    let item = indexed(item, keys::audit_index(day, record.audit_id));
    Ok(Write::put(ending(item, record.at + retention)).bookkeeping())
}

/// Whose records are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditLog {
    /// Everybody's.
    All,
    /// Those of these teams.
    Teams(Vec<TeamId>),
}

impl AuditLog {
    /// How many partitions hold one day of it.
    pub fn partitions(&self) -> usize {
        match self {
            Self::All => keys::AUDIT_SHARDS.into(),
            Self::Teams(teams) => teams.len(),
        }
    }
}

impl Store {
    /// The newest records of a day, at most `limit` of them, from before `before` down.
    pub async fn audit(
        &self,
        log: &AuditLog,
        day: NaiveDate,
        before: Option<AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let before = before.map(|id| id.to_string());
        let mut records = match log {
            AuditLog::All => self.audit_of_all(day, before.as_deref(), limit).await?,
            AuditLog::Teams(teams) => self.audit_of_teams(teams, day, before.as_deref(), limit).await?,
        };
        records.sort_unstable_by_key(|record| std::cmp::Reverse(record.audit_id));
        records.truncate(limit);
        Ok(records)
    }

    async fn audit_of_all(
        &self,
        day: NaiveDate,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let shards = (0..keys::AUDIT_SHARDS)
            .map(|shard| async move { self.index_from_end(&keys::audit_shard(day, shard), before, limit).await });
        let mut keys: Vec<Key> = try_join_all(shards).await?.into_iter().flatten().collect();
        keys.sort_unstable_by(|one, other| other.sk.cmp(&one.sk));
        keys.truncate(limit);
        self.batch_get(&keys).await?.into_iter().map(from_item).collect()
    }

    async fn audit_of_teams(
        &self,
        teams: &[TeamId],
        day: NaiveDate,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let pages = teams.iter().map(|team_id| {
            self.query(Range {
                pk: keys::audit_partition(Some(*team_id), day),
                prefix: String::new(),
                after: before.map(str::to_owned),
                order: Order::Falling,
                limit,
                filter: None,
            })
        });
        let pages = try_join_all(pages).await?;
        pages.into_iter().flat_map(|page| page.items).map(from_item).collect()
    }
}
