//! Audit records: list, newest first.

use std::ops::RangeInclusive;

use axum::extract::State;
use chrono::{Days, NaiveDate};
use futures_util::future::try_join_all;
use rollcall_api::{Call, Context, List, PageParameters, PageRequest, Parameters, Problem, Reply};
use rollcall_domain::{
    Code, Timestamp,
    audit::{Action, AuditRecord},
    id::{AuditId, TeamId, UserId},
    limits::MAX_AUDIT_PARTITIONS,
};
use rollcall_store::audit::{AuditLog, AuditOrder, AuditWindow};

use crate::readable_log;

/// Which records the caller asks for. All filters apply together.
struct AuditFilter {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    actor: Option<UserId>,
    target: Option<String>,
    action: Option<Action>,
    team_id: Option<TeamId>,
}

impl AuditFilter {
    fn read(parameters: &mut Parameters) -> Self {
        Self {
            from: parameters.field("from"),
            to: parameters.field("to"),
            actor: parameters.field("actor"),
            target: parameters.field("target"),
            action: parameters.field("action"),
            team_id: parameters.field("team_id"),
        }
    }

    fn matches(&self, record: &AuditRecord) -> bool {
        self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
            && self.actor.is_none_or(|wanted| record.actor.as_ref().is_some_and(|actor| actor.user_id == wanted))
            && self.target.as_ref().is_none_or(|target| record.concerns(target))
            && self.action.is_none_or(|action| record.action == action)
            && self.team_id.is_none_or(|team_id| record.team_id == Some(team_id))
    }
}

/// A position in the log: a day, and the record of that day before which to go on; without one, the end of the day.
#[derive(Clone, Copy)]
struct Position {
    day: NaiveDate,
    before: Option<AuditId>,
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let (day, before) = text.split_once('#')?;
        Some(Self { day: day.parse().ok()?, before: AuditId::parse(before) })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}#{}", self.day, self.before.map(|id| id.to_string()).unwrap_or_default())
    }
}

/// `GET /v1/audit`: lists audit records, newest first. A page looks at a bounded number of days and records, so a
/// filter that matches rarely may take several pages.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list_audit_records",
    tag = "audit",
    params(
        ("from" = Option<Timestamp>, Query, description = "Only records of this moment and later."),
        ("to" = Option<Timestamp>, Query, description = "Only records before this moment."),
        ("actor" = Option<UserId>, Query, description = "Only changes made by this user."),
        ("target" = Option<String>, Query, description = "Only changes of what has this id."),
        ("action" = Option<Action>, Query, description = "Only changes of this kind."),
        ("team_id" = Option<TeamId>, Query, description = "Only changes of what this team owns."),
        PageParameters,
    ),
    responses((status = 200, body = List<AuditRecord>)),
    extensions(("x-codes" = json!([Code::NotFound])), ("x-scopes" = json!(["audit.read"]))),
)]
pub(crate) async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let readable = readable_log(&context, &call).await?;
    let mut parameters = call.request.parameters();
    let filter = AuditFilter::read(&mut parameters);
    let page = PageRequest::read(&context, &call, parameters).await?;
    let log = readable.of_team(filter.team_id);
    let reader = Reader { context: &context, log, filter, limit: page.limit };
    let start = page.after.as_deref().and_then(Position::parse);
    let (records, next) = reader.read(start, call.now()).await?;
    page.reply(&context, &call, records, next.map(|position| position.to_string())).await
}

/// Reads one page of a log.
struct Reader<'a> {
    context: &'a Context,
    log: AuditLog,
    filter: AuditFilter,
    limit: usize,
}

/// A page under construction.
struct Progress {
    found: Vec<AuditRecord>,
    position: Position,
}

/// What one day added to a page.
#[derive(PartialEq, Eq)]
enum Day {
    /// The page is full; the next one goes on at the position.
    PageFull,
    /// The day has more records than were read.
    HasMore,
    /// All records of the day were looked at.
    Done,
}

impl Reader<'_> {
    /// The records of a page, and the position at which the next page goes on, if more may follow.
    async fn read(
        &self,
        start: Option<Position>,
        now: Timestamp,
    ) -> Result<(Vec<AuditRecord>, Option<Position>), Problem> {
        if self.log.partitions() == 0 {
            return Ok((Vec::new(), None));
        }
        let days = self.days(now).await?;
        let position = start.unwrap_or(Position { day: *days.end(), before: None });
        let mut progress = Progress { found: Vec::new(), position };
        let (mut examined, mut at_once) = (0, 1);
        while progress.position.day >= *days.start() {
            let mut has_more = false;
            for (day, records) in self.read_days(progress.position, *days.start(), at_once).await? {
                examined += self.log.partitions();
                match self.add_day(&mut progress, day, records) {
                    Day::PageFull => return Ok((progress.found, Some(progress.position))),
                    Day::HasMore => {
                        has_more = true;
                        break;
                    }
                    Day::Done => {}
                }
            }
            // A day with more records is read on alone.
            at_once = if has_more { 1 } else { self.log.next_days_at_once(at_once) };
            if examined >= MAX_AUDIT_PARTITIONS && progress.position.day >= *days.start() {
                return Ok((progress.found, Some(progress.position)));
            }
        }
        Ok((progress.found, None))
    }

    /// The days that can hold matching records: since the log began, within retention and the filter.
    async fn days(&self, now: Timestamp) -> Result<RangeInclusive<NaiveDate>, Problem> {
        let begun = self.context.store.log_begun(&self.log).await?;
        let kept = (now - self.context.config.audit_retention).date();
        let oldest = self.filter.from.map_or(kept, |from| from.date().max(kept)).max(begun.unwrap_or(kept));
        // A clock that runs ahead may have written records of tomorrow.
        let tomorrow = now.date() + Days::new(1);
        let newest = tomorrow.min(self.filter.to.map_or(NaiveDate::MAX, Timestamp::date));
        Ok(oldest..=newest)
    }

    /// Reads a number of days down from a position, in parallel, each with one record more than a page takes.
    async fn read_days(
        &self,
        from: Position,
        oldest: NaiveDate,
        count: u64,
    ) -> Result<Vec<(NaiveDate, Vec<AuditRecord>)>, Problem> {
        let days = (0..count).map(|back| from.day - Days::new(back)).take_while(|day| *day >= oldest);
        try_join_all(days.map(async |day| {
            let before = from.before.filter(|_| day == from.day);
            let window = AuditWindow { from: self.filter.from, to: self.filter.to, before, ..AuditWindow::default() };
            let records = self.context.store.audit(&self.log, day, window, AuditOrder::NewestFirst, self.limit + 1);
            Ok((day, records.await?))
        }))
        .await
    }

    /// Adds the matching records of a day to the page, and moves its position.
    fn add_day(&self, progress: &mut Progress, day: NaiveDate, records: Vec<AuditRecord>) -> Day {
        let is_complete = records.len() <= self.limit;
        if day != progress.position.day {
            progress.position = Position { day, before: None };
        }
        for record in records.into_iter().take(self.limit) {
            if progress.found.len() == self.limit {
                return Day::PageFull;
            }
            progress.position.before = Some(record.audit_id);
            progress.found.extend(Some(record).filter(|record| self.filter.matches(record)));
        }
        if is_complete {
            progress.position = Position { day: day - Days::new(1), before: None };
            Day::Done
        } else {
            Day::HasMore
        }
    }
}
