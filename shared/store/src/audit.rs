//! Audit records: written in the commit of the change they describe, and never changed.

use std::{cmp::Reverse, time::Duration};

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use rollcall_domain::{
    Timestamp,
    audit::AuditRecord,
    id::{AuditId, TeamId},
    limits::AUDIT_PARTITIONS_AT_ONCE,
};

use crate::{
    error::Fault,
    item::{Item, from_items, indexed, to_item, with_ttl},
    keys,
    query::Range,
    sort_keys::SortKeys,
    table::Store,
    write::{Bookkeeping, Write},
};

/// The prefix of the partition keys of audit records. No other item has it.
pub const PREFIX: &str = keys::AUDIT;

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

    /// The number of days to read at once after `days` that were read to their end: twice as many, as long as these
    /// have at most [`AUDIT_PARTITIONS_AT_ONCE`] partitions.
    pub fn next_days_at_once(&self, days: u64) -> u64 {
        let doubled = 2 * days;
        let fits = doubled * self.partitions() as u64 <= AUDIT_PARTITIONS_AT_ONCE as u64;
        if fits { doubled } else { days }
    }
}

/// Which records of a log to read: those in a window of time and between two positions.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditWindow {
    /// Only records from this time on.
    pub from: Option<Timestamp>,
    /// Only records before this time.
    pub to: Option<Timestamp>,
    /// Only records after this one.
    pub after: Option<AuditId>,
    /// Only records before this one.
    pub before: Option<AuditId>,
}

/// The order in which records are read. With a limit, the first ones in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditOrder {
    /// The newest first, as people look at the log.
    NewestFirst,
    /// The oldest first, as programs follow it.
    OldestFirst,
}

impl AuditOrder {
    /// Sorts by id and leaves the first `limit` entries.
    fn sort_and_truncate<T, K: Ord>(self, entries: &mut Vec<T>, limit: usize, id: impl Fn(&T) -> K) {
        match self {
            Self::NewestFirst => entries.sort_unstable_by_key(|entry| Reverse(id(entry))),
            Self::OldestFirst => entries.sort_unstable_by_key(id),
        }
        entries.truncate(limit);
    }
}

impl AuditWindow {
    /// The ids of the records. An id begins with the time of its record, so the window is a range of ids.
    fn ids(self) -> SortKeys {
        let mut ids = SortKeys::default();
        if let Some(from) = self.from {
            ids = ids.from(AuditId::first_of(from).to_string());
        }
        if let Some(after) = self.after {
            ids = ids.after(&after.to_string());
        }
        for end in [self.to.map(AuditId::first_of), self.before].into_iter().flatten() {
            ids = ids.before(&end.to_string());
        }
        ids
    }
}

impl Store {
    /// The first day on which a log can have records; `None` if it cannot have any yet.
    pub async fn log_begun(&self, log: &AuditLog) -> Result<Option<NaiveDate>, Fault> {
        Ok(match log {
            AuditLog::All => self.platform_created_at().await?.map(Timestamp::date),
            AuditLog::Teams(teams) => teams.iter().map(|team_id| team_id.date()).min(),
        })
    }

    /// The first records of a day in a window, in this order; at most `limit` of them.
    pub async fn audit(
        &self,
        log: &AuditLog,
        day: NaiveDate,
        window: AuditWindow,
        order: AuditOrder,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let ids = window.ids();
        let mut records = match log {
            AuditLog::All => self.audit_of_all(day, &ids, order, limit).await?,
            AuditLog::Teams(teams) => self.audit_of_teams(teams, day, &ids, order, limit).await?,
        };
        order.sort_and_truncate(&mut records, limit, |record| record.audit_id);
        Ok(records)
    }

    async fn audit_of_all(
        &self,
        day: NaiveDate,
        ids: &SortKeys,
        order: AuditOrder,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let shards = (0..keys::AUDIT_SHARDS).map(|shard| async move {
            let shard = keys::audit_shard(day, shard);
            match order {
                AuditOrder::NewestFirst => self.last_in_index(&shard, ids.clone(), limit).await,
                AuditOrder::OldestFirst => self.first_in_index(&shard, ids.clone(), limit).await,
            }
        });
        let mut keys = try_join_all(shards).await?.concat();
        order.sort_and_truncate(&mut keys, limit, |key| key.sk.clone());
        from_items(self.batch_get(&keys).await?)
    }

    async fn audit_of_teams(
        &self,
        teams: &[TeamId],
        day: NaiveDate,
        ids: &SortKeys,
        order: AuditOrder,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let logs = teams.iter().map(|team_id| {
            let partition = keys::audit_partition(Some(*team_id), day);
            self.audit_of_team(partition, ids, order, limit)
        });
        from_items(try_join_all(logs).await?.concat())
    }

    /// The first items of a partition. One read ends after 1 MB, which three records of jobs may have.
    async fn audit_of_team(
        &self,
        partition: String,
        ids: &SortKeys,
        order: AuditOrder,
        limit: usize,
    ) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let range = Range::new(partition.clone(), limit - items.len()).keys(ids.clone()).after(after);
            let page = match order {
                AuditOrder::NewestFirst => self.query(range.descending()).await?,
                AuditOrder::OldestFirst => self.query(range).await?,
            };
            items.extend(page.items);
            after = page.next;
            if after.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }
}

/// Writes the record of a change. It is kept for `retention`.
pub fn record(record: &AuditRecord, retention: Duration) -> Result<Bookkeeping, Fault> {
    let place = keys::audit_index(record.at.date(), record.audit_id);
    Ok(put(indexed(item_of(record)?, place), record, retention))
}

/// Writes a copy of a record to the log of another team. The index, which is the log of the platform, does not have it.
pub fn copy(record: &AuditRecord, retention: Duration) -> Result<Bookkeeping, Fault> {
    Ok(put(item_of(record)?, record, retention))
}

fn item_of(record: &AuditRecord) -> Result<Item, Fault> {
    to_item(&keys::audit(record.team_id, record.at.date(), record.audit_id), record)
}

fn put(item: Item, record: &AuditRecord, retention: Duration) -> Bookkeeping {
    Write::put(with_ttl(item, record.at + retention)).bookkeeping()
}
