//! The event feed: the audit log, oldest first, up to a few seconds ago.
//!
//! The id of a record begins with the time of its request, but the record is visible only once its transaction has
//! committed and, in the feed of the whole platform, the index shows it. The feed therefore ends
//! [`EVENT_HOLD_BACK`] before the present: whatever is older is there for good, so a position never has anything behind
//! it that appears later.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use futures_util::future::try_join_all;
use rollcall_domain::{
    Timestamp,
    audit::AuditRecord,
    event::{Event, EventFilter},
    id::AuditId,
    limits::{EVENT_HOLD_BACK, EVENT_START_MARGIN, MAX_AUDIT_PARTITIONS, MAX_EVENT_PAGE_BYTES, MAX_PAGE},
};
use rollcall_store::audit::{AuditLog, AuditOrder, AuditWindow};

use crate::{context::Context, problem::Problem};

/// A position in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    /// The events up to this one were read. It need not exist.
    pub after: AuditId,
    /// Later events that are left out, because they were there when the reader began.
    left_out: BTreeSet<AuditId>,
}

impl FeedPosition {
    /// The position before the events of this time.
    pub fn at(time: Timestamp) -> Self {
        Self::after(AuditId::first_of(time))
    }

    /// The position after this event, which need not exist.
    pub const fn after(event_id: AuditId) -> Self {
        Self { after: event_id, left_out: BTreeSet::new() }
    }

    /// Parses the form that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut ids = text.split(' ').map(AuditId::parse);
        Some(Self { after: ids.next()??, left_out: ids.collect::<Option<_>>()? })
    }

    fn advance(&mut self, after: AuditId) {
        self.after = after;
        self.left_out.retain(|id| *id > after);
    }
}

impl std::fmt::Display for FeedPosition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.after.fmt(formatter)?;
        self.left_out.iter().try_for_each(|id| write!(formatter, " {id}"))
    }
}

/// A feed: a log and the types of its events that are wanted.
#[derive(Debug)]
pub struct Feed<'a> {
    /// Where the log is read.
    pub context: &'a Context,
    /// The log.
    pub log: AuditLog,
    /// The types of events.
    pub filter: EventFilter,
}

/// A page of a feed.
#[derive(Debug)]
pub struct FeedPage {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// The position after them.
    pub position: FeedPosition,
    /// Whether more may follow now.
    pub more: bool,
    bytes: usize,
}

impl FeedPage {
    fn new(position: FeedPosition) -> Self {
        Self { events: Vec::new(), position, more: true, bytes: 0 }
    }
}

impl Feed<'_> {
    /// The time before which no record is kept.
    pub fn kept_since(&self, now: Timestamp) -> Timestamp {
        now - self.context.config.audit_retention
    }

    /// The position of a reader who begins with the oldest events that are kept long enough to be read.
    pub async fn first(&self, now: Timestamp) -> Result<FeedPosition, Problem> {
        let begun = self.context.store.log_begun(&self.log).await?;
        let kept = self.kept_since(now) + EVENT_START_MARGIN;
        Ok(FeedPosition::at(begun.map_or(kept, midnight).max(kept)))
    }

    /// The position of a reader who begins now. Events of the last seconds that were committed by now are left out, as
    /// far as a page of them goes; those that are still to be committed are not.
    pub async fn now(&self, now: Timestamp) -> Result<FeedPosition, Problem> {
        let position = FeedPosition::at(now - EVENT_HOLD_BACK);
        let committed = self.read_until(position.clone(), now + EVENT_HOLD_BACK, MAX_PAGE).await?;
        Ok(FeedPosition { left_out: committed.events.iter().map(|event| event.event_id).collect(), ..position })
    }

    /// The events after a position, at most `limit` of them. A page reads a bounded number of days, so it may have
    /// fewer although more follow.
    pub async fn read(&self, position: FeedPosition, limit: usize, now: Timestamp) -> Result<FeedPage, Problem> {
        self.read_until(position, now - EVENT_HOLD_BACK, limit).await
    }

    async fn read_until(&self, position: FeedPosition, end: Timestamp, limit: usize) -> Result<FeedPage, Problem> {
        let end = AuditId::first_of(end);
        let mut page = FeedPage::new(position);
        // A log without partitions is empty: its end is reached without a read.
        if self.log.partitions() == 0 {
            page.position.advance(end.max(page.position.after));
        }
        let (mut examined, mut at_once) = (0, 1);
        while page.position.after < end {
            if examined >= MAX_AUDIT_PARTITIONS {
                return Ok(page);
            }
            let mut is_complete = true;
            for (day, records) in self.read_days(page.position.after, end, at_once, limit).await? {
                examined += self.log.partitions();
                is_complete = records.len() <= limit;
                if self.add(&mut page, records, limit) == Room::Full {
                    return Ok(page);
                }
                if !is_complete {
                    break;
                }
                page.position.advance(AuditId::first_of(midnight(day + Days::new(1))).min(end));
            }
            // A day with more records is read on alone.
            at_once = if is_complete { self.log.next_days_at_once(at_once) } else { 1 };
        }
        page.more = false;
        Ok(page)
    }

    /// Reads a number of days from a position on, in parallel, each with one record more than a page takes.
    async fn read_days(
        &self,
        after: AuditId,
        end: AuditId,
        count: u64,
        limit: usize,
    ) -> Result<Vec<(NaiveDate, Vec<AuditRecord>)>, Problem> {
        let (first, last) = (after.time().date(), end.time().date());
        let days = (0..count).map(|ahead| first + Days::new(ahead)).take_while(|day| *day <= last);
        let window = AuditWindow { after: Some(after), before: Some(end), ..AuditWindow::default() };
        try_join_all(days.map(async |day| {
            let records = self.context.store.audit(&self.log, day, window, AuditOrder::OldestFirst, limit + 1);
            Ok((day, records.await?))
        }))
        .await
    }

    /// Adds the wanted ones of these records to a page, and moves its position. Of `limit` + 1 records the last one
    /// only shows that more follow.
    fn add(&self, page: &mut FeedPage, records: Vec<AuditRecord>, limit: usize) -> Room {
        let has_surplus = records.len() > limit;
        for record in records.into_iter().take(limit) {
            if page.events.len() == limit || page.bytes >= MAX_EVENT_PAGE_BYTES {
                return Room::Full;
            }
            let audit_id = record.audit_id;
            let is_wanted = self.filter.matches(record.action) && !page.position.left_out.contains(&audit_id);
            page.position.advance(audit_id);
            if is_wanted {
                let event = Event::from(record);
                page.bytes += serde_json::to_vec(&event).map_or(0, |json| json.len());
                page.events.push(event);
            }
        }
        if has_surplus && page.events.len() == limit { Room::Full } else { Room::Left }
    }
}

/// Whether a page has room for more events.
#[derive(PartialEq, Eq)]
enum Room {
    Left,
    Full,
}

/// The beginning of a day.
fn midnight(day: NaiveDate) -> Timestamp {
    Timestamp::new(day.and_time(chrono::NaiveTime::MIN).and_utc())
}
