//! Audit records: written in the commit of the change they describe, and never changed.

use std::{cmp::Reverse, time::Duration};

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use rollcall_domain::{
    Timestamp,
    audit::AuditRecord,
    id::{AuditId, TeamId},
};

use crate::{
    error::Fault,
    item::{from_items, indexed, to_item, with_ttl},
    keys,
    query::Range,
    sort_keys::SortKeys,
    table::Store,
    write::{Bookkeeping, Write},
};

/// Which audit records are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditLog {
    /// All records.
    All,
    /// The records of these teams.
    Teams(Vec<TeamId>),
}

impl AuditLog {
    /// The number of partitions that hold one day of the log.
    pub fn partitions(&self) -> usize {
        match self {
            Self::All => keys::AUDIT_SHARDS.into(),
            Self::Teams(teams) => teams.len(),
        }
    }
}

/// Which records of a log to read: those in a window of time and before a position.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditWindow {
    /// Only records from this time on.
    pub from: Option<Timestamp>,
    /// Only records before this time.
    pub to: Option<Timestamp>,
    /// Only records before this one.
    pub before: Option<AuditId>,
}

impl AuditWindow {
    /// The ids of the records. An id begins with the time of its record, so the window is a range of ids.
    fn ids(self) -> SortKeys {
        let mut ids = SortKeys::default();
        if let Some(from) = self.from {
            ids = ids.from(AuditId::first_of(from).to_string());
        }
        for end in [self.to.map(AuditId::first_of), self.before].into_iter().flatten() {
            ids = ids.before(&end.to_string());
        }
        ids
    }
}

impl Store {
    /// The newest records of a day in a window; at most `limit` of them, newest first.
    pub async fn audit(
        &self,
        log: &AuditLog,
        day: NaiveDate,
        window: AuditWindow,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let ids = window.ids();
        let mut records = match log {
            AuditLog::All => self.audit_of_all(day, &ids, limit).await?,
            AuditLog::Teams(teams) => self.audit_of_teams(teams, day, &ids, limit).await?,
        };
        records.sort_unstable_by_key(|record| Reverse(record.audit_id));
        records.truncate(limit);
        Ok(records)
    }

    async fn audit_of_all(&self, day: NaiveDate, ids: &SortKeys, limit: usize) -> Result<Vec<AuditRecord>, Fault> {
        let shards = (0..keys::AUDIT_SHARDS)
            .map(|shard| async move { self.last_in_index(&keys::audit_shard(day, shard), ids.clone(), limit).await });
        let mut keys = try_join_all(shards).await?.concat();
        keys.sort_unstable_by(|one, other| other.sk.cmp(&one.sk));
        keys.truncate(limit);
        from_items(self.batch_get(&keys).await?)
    }

    async fn audit_of_teams(
        &self,
        teams: &[TeamId],
        day: NaiveDate,
        ids: &SortKeys,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let pages = teams.iter().map(|team_id| {
            let range = Range::new(keys::audit_partition(Some(*team_id), day), limit);
            self.query(range.keys(ids.clone()).descending())
        });
        let pages = try_join_all(pages).await?;
        from_items(pages.into_iter().flat_map(|page| page.items).collect())
    }
}

/// Writes the record of a change. It is kept for `retention`.
pub fn record(record: &AuditRecord, retention: Duration) -> Result<Bookkeeping, Fault> {
    let day = record.at.date();
    let item = to_item(&keys::audit(record.team_id, day, record.audit_id), record)?;
    let item = indexed(item, keys::audit_index(day, record.audit_id));
    Ok(Write::put(with_ttl(item, record.at + retention)).bookkeeping())
}
