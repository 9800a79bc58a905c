//! The tables of `infra/reference.md`.

use std::{fmt::Write, time::Duration};

use rollcall_api::security_log::SecurityEvent;
use rollcall_domain::{
    Code,
    counts::{COUNTS, Count},
    limits,
    permission::{Permission, Preset, UserAction, UserType},
};

use super::{file, text};

/// `UPDATE_REFERENCE=1` rewrites the generated tables. Each is between a comment with its name and the comment `end`.
#[test]
fn the_reference_shows_the_tables_of_the_code() {
    let costs = text("tests/it/src/snapshots/it__budgets__each_operation_costs_what_the_table_says.snap");
    let costs: Vec<_> = costs.lines().filter(|line| line.starts_with("| ")).map(|line| format!("{line}\n")).collect();
    let costs = costs.concat();
    let mut page = text("infra/reference.md");
    for (name, table) in [
        ("presets", presets()),
        ("user actions", user_actions()),
        ("codes", codes()),
        ("security events", security_events()),
        ("counts", counts()),
        ("costs", format!("{}{costs}", heading("Operation | Requests | Read units | Write units | $ per million"))),
    ] {
        let (start, end) = (format!("<!-- generated: {name} -->\n\n"), "\n<!-- end -->");
        let from = page.find(&start).unwrap_or_else(|| panic!("the reference has no table of {name}")) + start.len();
        let to = from + page[from..].find(end).unwrap();
        page.replace_range(from..to, &table);
    }
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(file("infra/reference.md"), &page).unwrap();
    }
    let advice = "infra/reference.md differs from the code: run this test with UPDATE_REFERENCE=1";
    assert_eq!(text("infra/reference.md"), page, "{advice}");
}

/// The first two lines of a table with these columns.
fn heading(columns: &str) -> String {
    format!("| {columns} |\n|{}\n", "---|".repeat(columns.split('|').count()))
}

fn presets() -> String {
    let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.id()).collect();
    let mut table = heading(&format!("Permission | {}", names.join(" | ")));
    for permission in Permission::ALL {
        let ticks: Vec<_> =
            Preset::ALL.iter().map(|preset| if preset.allows(*permission) { "✔" } else { " " }).collect();
        writeln!(table, "| `{}` | {} |", permission.as_str(), ticks.join(" | ")).unwrap();
    }
    table
}

fn user_actions() -> String {
    let mut table = heading("Action | by a super_admin, on | by a platform_admin, on");
    for action in UserAction::ALL {
        let types = [
            UserType::SuperAdmin,
            UserType::PlatformAdmin,
            UserType::Member,
            UserType::Service,
            UserType::PlatformService,
        ];
        let targets = |actor| types.into_iter().filter(move |target| action.is_allowed(actor, *target));
        let words = |actor| targets(actor).map(UserType::as_str).collect::<Vec<_>>().join(", ");
        let (by_super, by_platform) = (words(UserType::SuperAdmin), words(UserType::PlatformAdmin));
        writeln!(table, "| {} | {by_super} | {by_platform} |", action.as_str()).unwrap();
    }
    table
}

fn codes() -> String {
    let mut table = heading("Status | Code | Meaning");
    for code in Code::ALL {
        writeln!(table, "| {} | `{}` | {} |", code.status(), code.as_str(), code.title()).unwrap();
    }
    table
}

fn security_events() -> String {
    let mut table = heading("Event | When");
    for event in SecurityEvent::ALL {
        writeln!(table, "| `{}` | {} |", event.as_str(), event.meaning()).unwrap();
    }
    table
}

fn counts() -> String {
    let mut table = heading("What is counted | Charged to | Who has proved | Limit | At the limit | Ended by");
    for count in COUNTS {
        let Count { what, charged, proved, then, ended_by, .. } = count;
        let limit = count.limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        let window = count.window.map(|window| format!(" in {}", words(window))).unwrap_or_default();
        writeln!(table, "| {what} | {charged} | {proved} | {limit}{window} | {then} | {ended_by} |").unwrap();
    }
    table
}

#[test]
fn the_reference_states_the_limits_of_the_code() {
    let page = text("infra/reference.md");
    for (what, limit) in [
        ("Admins of an application", limits::MAX_ADMINS_PER_APP.to_string()),
        ("Accounts of one deletion", limits::MAX_ACCOUNTS_PER_DELETION.to_string()),
        ("Accounts of one export", limits::MAX_ACCOUNTS_PER_SELECTION.to_string()),
        ("Request body", format!("{} KiB", limits::MAX_BODY_BYTES / 1024)),
        ("Nesting of a body", format!("{} levels", limits::MAX_BODY_NESTING)),
        ("Violations in a reply", limits::MAX_VIOLATIONS.to_string()),
        ("Items of a page", format!("{}, default {}", limits::MAX_PAGE, limits::DEFAULT_PAGE)),
        ("List cursor", words(limits::CURSOR_LIFETIME)),
        ("Idempotency key", words(limits::IDEMPOTENCY_LIFETIME)),
        ("Password", format!("{} to {} characters", limits::MIN_PASSWORD_CHARS, limits::MAX_PASSWORD_CHARS)),
        ("Mailed code", words(limits::CODE_LIFETIME)),
        ("Attempts at one mailed code", limits::MAX_CODE_TRIES.to_string()),
        ("Attempts at the second factor of one sign-in", limits::MAX_TICKET_TRIES.to_string()),
        ("Recovery codes of a user", limits::RECOVERY_CODES.to_string()),
        ("Known device", words(limits::DEVICE_LIFETIME)),
        ("Known devices of a user", limits::MAX_DEVICES.to_string()),
        ("Teams of a user", limits::MAX_TEAMS_PER_USER.to_string()),
        ("Members of a team", limits::MAX_MEMBERS_PER_TEAM.to_string()),
        ("Length of a membership by invitation", format!("1 to {} days", limits::MAX_MEMBERSHIP_DAYS)),
        ("Mail before the end of a membership", words(limits::MEMBERSHIP_NOTICE)),
        ("Custom roles of a team", limits::MAX_ROLES_PER_TEAM.to_string()),
        ("Live invitations of a team", limits::MAX_LIVE_INVITATIONS.to_string()),
        ("Invitation", words(limits::INVITATION_LIFETIME)),
        ("Ended invitation in the history", words(limits::INVITATION_HISTORY)),
        ("Audit record", format!("{} days", limits::AUDIT_RETENTION_DAYS)),
        ("Delay of the event feed", format!("{} s", limits::EVENT_HOLD_BACK.as_secs())),
        ("Webhooks of a team, and of the platform", limits::MAX_WEBHOOKS.to_string()),
        ("URL of a webhook", format!("{} bytes", limits::MAX_WEBHOOK_URL_BYTES)),
        ("Overlap of two secrets of a webhook", format!("{} h", limits::MAX_SECRET_OVERLAP_HOURS)),
        ("Time of one delivery", format!("{} s", limits::WEBHOOK_TIMEOUT.as_secs())),
        ("Reply to a delivery", format!("{} KiB", limits::MAX_WEBHOOK_REPLY_BYTES / 1024)),
        ("Failure of an event until its webhook is paused", words(limits::WEBHOOK_PATIENCE)),
        ("Delivery in the list", words(limits::DELIVERY_LIFETIME)),
        ("Unsent mail", words(limits::OUTBOX_LIFETIME)),
        ("Time of one request", format!("{:.1} s", limits::REQUEST_DEADLINE.as_secs_f64())),
    ] {
        let row = format!("| {what} | {limit} |");
        assert!(page.contains(&row), "infra/reference.md lacks the row\n{row}");
    }
}

/// A duration in its largest whole unit; days only from the third day.
fn words(duration: Duration) -> String {
    match duration.as_secs() / 60 {
        minutes if minutes % (24 * 60) == 0 && minutes > 2 * 24 * 60 => format!("{} days", minutes / (24 * 60)),
        minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
        minutes => format!("{minutes} min"),
    }
}
