//! The function that reads the audit log out, newest first: all of it to the platform's admins, to others what their
//! teams let them read. It changes nothing.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use futures_util::future::try_join_all;
use rollcall_api::{Call, Context, List, PageRequest, Parameters, Problem, Reply};
use rollcall_domain::{
    Code, Timestamp,
    audit::{Action, AuditRecord},
    id::{AuditId, TeamId, UserId},
    limits::{AUDIT_PARTITIONS_AT_ONCE, MAX_AUDIT_PARTITIONS},
    permission::Permission,
};
use rollcall_store::audit::AuditLog;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which records are asked for.
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

    fn takes(&self, record: &AuditRecord) -> bool {
        self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
            && self.actor.is_none_or(|wanted| record.actor.as_ref().is_some_and(|actor| actor.user_id == wanted))
            && self.target.as_ref().is_none_or(|target| record.concerns(target))
            && self.action.is_none_or(|action| record.action == action)
            && self.team_id.is_none_or(|team_id| record.team_id == Some(team_id))
    }
}

/// Where a page ends: a record, and the day it stands under.
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

/// Lists records, newest first, all filters together. A rare match may take several pages: each looks at a bounded
/// number of days and records.
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_audit", tag = "audit",
    params(
        ("from" = Option<Timestamp>, Query, description = "Inclusive."), ("to" = Option<Timestamp>, Query, description = "Exclusive."),
        ("actor" = Option<UserId>, Query), ("target" = Option<String>, Query, description = "The id of what was changed."),
        ("action" = Option<Action>, Query), ("team_id" = Option<TeamId>, Query),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<AuditRecord>)))]
async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let rights = &call.actor.rights;
    let mut teams: Vec<_> = rights.teams_with(Permission::AuditRead).collect();
    if !rights.is_platform_admin() {
        // A team that was deleted takes its log with it, but for the platform's admins.
        teams = context.store.teams(teams).await?.into_iter().map(|team| team.team_id).collect();
        if teams.is_empty() {
            return Err(Code::NotFound.into());
        }
    }
    let mut parameters = call.request.parameters();
    let filter = AuditFilter::read(&mut parameters);
    let page = PageRequest::read(&context, &call, parameters).await?;
    let log = match filter.team_id {
        None if rights.is_platform_admin() => AuditLog::All,
        Some(team_id) if rights.is_platform_admin() => AuditLog::Teams(vec![team_id]),
        None => AuditLog::Teams(teams),
        Some(team_id) => AuditLog::Teams(teams.into_iter().filter(|team| *team == team_id).collect()),
    };
    let (records, next) = read(&context, &log, &filter, &page, call.now()).await?;
    page.reply(&context, &call, records, next.map(|position| position.to_string())).await
}

/// One page of a log, and where it ended if more may follow.
async fn read(
    context: &Context,
    log: &AuditLog,
    filter: &AuditFilter,
    page: &PageRequest,
    now: Timestamp,
) -> Result<(Vec<AuditRecord>, Option<Position>), Problem> {
    if log.partitions() == 0 {
        return Ok((Vec::new(), None));
    }
    let begun = match log {
        AuditLog::All => context.store.platform_created_at().await?.map(Timestamp::date),
        AuditLog::Teams(teams) => teams.iter().map(|team_id| team_id.date()).min(),
    };
    let kept = (now - context.config.audit_retention).date();
    let oldest = filter.from.map_or(kept, |from| from.date().max(kept)).max(begun.unwrap_or(kept));
    // A clock that runs ahead may have written into tomorrow.
    let newest = (now.date() + Days::new(1)).min(filter.to.map_or(NaiveDate::MAX, Timestamp::date));
    let start = page.after.as_deref().and_then(Position::parse);
    let mut position = start.unwrap_or(Position { day: newest, before: None });
    let (mut found, mut looked_at, mut at_once) = (Vec::new(), 0, 1);
    while position.day >= oldest {
        let days = (0..at_once).map(|days| position.day - Days::new(days)).take_while(|day| *day >= oldest);
        let pages = try_join_all(days.map(async |day| {
            let before = position.before.filter(|_| day == position.day);
            Ok::<_, Problem>((day, context.store.audit(log, day, before, page.limit + 1).await?))
        }));
        for (day, records) in pages.await? {
            looked_at += log.partitions();
            let is_last_of_day = records.len() <= page.limit;
            if day != position.day {
                position = Position { day, before: None };
            }
            for record in records.into_iter().take(page.limit) {
                if found.len() == page.limit {
                    return Ok((found, Some(position)));
                }
                position.before = Some(record.audit_id);
                found.extend(Some(record).filter(|record| filter.takes(record)));
            }
            if !is_last_of_day {
                at_once = 0;
                break;
            }
            position = Position { day: day - Days::new(1), before: None };
        }
        // A full day is read on by itself; the longer nothing comes, the more days are looked at together.
        at_once = (2 * at_once).clamp(1, (AUDIT_PARTITIONS_AT_ONCE / log.partitions()).max(1) as u64);
        if looked_at >= MAX_AUDIT_PARTITIONS && position.day >= oldest {
            return Ok((found, Some(position)));
        }
    }
    Ok((found, None))
}
