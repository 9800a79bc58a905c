//! Every change leaves its audit records: actor, address, action, before and after, and no secret.

use std::{collections::BTreeSet, fmt::Write};

use super::*;
use crate::{
    grids::teams::{ACTIONS, Action, Caller, TeamFixture, route},
    grids::users,
    wiring,
};

/// The records of each action on teams, applications and accounts.
#[rustfmt::skip]
const RECORDED: [(&str, &[&str]); 31] = [
    ("create a team",        &["team.create"]),
    ("rename the team",      &["team.edit"]),
    ("delete the team",      &["team.delete"]),
    ("add a member",         &["member.add"]),
    ("create a member",      &["member.add", "user.create"]),
    ("edit a member",        &["member.edit"]),
    ("remove a member",      &["member.remove"]),
    ("leave the team",       &["member.leave"]),
    ("create a role",        &["role.create"]),
    ("edit a role",          &["role.edit"]),
    ("delete a role",        &["role.delete"]),
    ("issue",                &["invitation.issue"]),
    ("reissue",              &["invitation.reissue", "invitation.revoke"]),
    ("revoke an invitation", &["invitation.revoke"]),
    ("redeem an invitation", &["invitation.redeem"]),
    ("create a webhook",     &["webhook.create"]),
    ("edit a webhook",       &["webhook.edit"]),
    ("rotate a secret",      &["webhook.rotate"]),
    ("resend events",        &["webhook.resend"]),
    ("delete a webhook",     &["webhook.delete"]),
    ("create an app",        &["app.create"]),
    ("rename an app",        &["app.edit"]),
    ("move an app",          &["app.edit", "app.edit"]),
    ("lift the lock",        &["app.unlock"]),
    ("delete an app",        &["app.delete"]),
    ("create an account",    &["account.create"]),
    ("create an admin",      &["account.create"]),
    ("edit an account",      &["account.edit"]),
    ("set an admin",         &["account.set_admin"]),
    ("cancel an admin",      &["account.cancel_admin"]),
    ("delete accounts",      &["account.delete"]),
];

/// The records of each action on users, by others and by themselves.
#[rustfmt::skip]
const RECORDED_OF_USERS: [(&str, &str); 14] = [
    ("create",              "user.create"),
    ("change the username", "user.edit"),
    ("make super_admin",    "user.edit"),
    ("make platform_admin", "user.edit"),
    ("set a password",      "user.set_password"),
    ("generate a password", "user.set_password"),
    ("unbind two-factor",   "user.unbind_totp"),
    ("unbind the email",    "user.unbind_email"),
    ("set an email",        "user.edit"),
    ("disable",             "user.edit"),
    ("delete",              "user.delete"),
    ("end sessions",        "user.end_sessions"),
    ("rename",              "user.edit"),
    ("change password",     "user.set_password"),
];

/// Routes whose records are tested elsewhere, because they need a code from a mail or an authenticator app, sign in,
/// export, or are written by the worker of a job. The last ones write no record: signing out, and requests that only
/// send a mail or a test.
const ELSEWHERE: [(&str, &str); 21] = [
    ("POST", "/v1/apps/{app_id}/jobs"),
    ("DELETE", "/v1/apps/{app_id}/jobs/{job_id}"),
    ("POST", "/v1/apps/{app_id}/jobs/{job_id}/preview"),
    ("POST", "/v1/apps/{app_id}/jobs/{job_id}/start"),
    ("POST", "/v1/me/email/confirm"),
    ("DELETE", "/v1/me/email"),
    ("POST", "/v1/me/totp/confirm"),
    ("DELETE", "/v1/me/totp"),
    ("DELETE", "/v1/me/sessions"),
    ("DELETE", "/v1/me/sessions/{session_id}"),
    ("POST", "/v1/registrations/{registration_id}/complete"),
    ("POST", "/v1/password-resets/{reset_id}/complete"),
    ("POST", "/v1/login"),
    ("POST", "/v1/login/totp"),
    ("POST", "/v1/apps/{app_id}/export-selection"),
    ("POST", "/v1/logout"),
    ("POST", "/v1/registrations"),
    ("POST", "/v1/password-resets"),
    ("POST", "/v1/me/email"),
    ("POST", "/v1/me/totp"),
    ("POST", "/v1/webhooks/{webhook_id}/test"),
];

/// The text with each UUID replaced by its name, or by a placeholder.
fn masked(text: &str, names: &[(String, &str)]) -> String {
    let replaced = names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name));
    let mut masked = String::new();
    let mut rest = replaced.as_str();
    while !rest.is_empty() {
        let is_uuid = rest.len() >= 36 && {
            let bytes = &rest.as_bytes()[..36];
            bytes.iter().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => *byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
        };
        let taken = if is_uuid { 36 } else { rest.chars().next().map_or(1, char::len_utf8) };
        masked.push_str(if is_uuid { "new" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    masked
}

fn names(fixture: &TeamFixture) -> Vec<(String, &'static str)> {
    vec![
        (fixture.team.to_string(), "team"),
        (fixture.elsewhere.to_string(), "elsewhere"),
        (fixture.member.user_id.to_string(), "member"),
        (fixture.non_member.user_id.to_string(), "non_member"),
        (fixture.role.to_string(), "role"),
        (fixture.invitation.clone(), "invitation"),
        (fixture.webhook.clone(), "webhook"),
        (fixture.app.clone(), "app"),
        (fixture.spare.clone(), "spare"),
    ]
}

/// A caller who is permitted to send the request, according to the permission table.
fn permitted_caller(action: &Action) -> &'static str {
    let may = |kind: &&&str| action.expected(kind) == action.success.to_string();
    ["admin", "super_admin", "teamless"].iter().find(may).copied().unwrap_or("nobody")
}

#[tokio::test]
async fn every_change_leaves_exactly_its_records() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut table = String::from("| action | record | target | team | before | after |\n|---|---|---|---|---|---|\n");
    let mut checked = 0;
    let changes = ACTIONS.iter().filter(|action| action.is_change() && !action.is_of_jobs());
    for (number, action) in changes.enumerate() {
        let kind = permitted_caller(action);
        if kind == "nobody" {
            assert!(action.name.ends_with("a preset"), "{}", action.name);
            continue;
        }
        let fixture = TeamFixture::new(&world, &admin, number, action.path.starts_with("/v1/apps")).await;
        let mut caller = Caller::new(&world, &fixture, kind, &format!("caller{number}")).await;
        caller.client = caller.client.at("192.0.2.7");
        world.clock.advance(Duration::from_millis(1));
        let count = world.audit().await.len();
        let reply = caller.send(&fixture, action).await;
        assert_eq!(reply.status, action.success, "{}: {reply:?}", action.name);
        let records = of_request(&world, &reply).await;
        assert_eq!(world.audit().await.len(), count + records.len(), "{}", action.name);
        let expected = RECORDED[checked];
        assert_eq!(expected.0, action.name);
        let actions: Vec<_> = records.iter().map(|record| record["action"].as_str().unwrap()).collect();
        assert_eq!(actions, expected.1, "{}", action.name);
        let own = caller.user.unwrap();
        let mut rows = Vec::new();
        for record in records {
            assert_eq!(record["actor"], json!({"user_id": own.user_id, "login": own.login}), "{}", action.name);
            assert_eq!((&record["address"], &record["at"]), (&json!("192.0.2.7"), &json!(world.now())));
            let text = record.to_string();
            let secrets = [&reply.body["code"], &reply.body["generated_password"], &reply.body["secret"]];
            for secret in secrets.into_iter().filter_map(Value::as_str).chain([fixture.code.as_str(), "argon2", "hash"])
            {
                assert!(!text.contains(secret), "{}: {text}", action.name);
            }
            let mut names = names(&fixture);
            names.push((own.user_id.to_string(), "caller"));
            let cell = |field: &str| {
                let mut fields = record[field].clone();
                // The last two digits of a code are random, like ids.
                if let Some(hint) = fields.get_mut("code_hint") {
                    *hint = json!("..");
                }
                masked(&fields.to_string(), &names)
            };
            let recorded = [action.name, record["action"].as_str().unwrap()].map(str::to_owned);
            let cells = recorded.into_iter().chain(["target", "team_id", "before", "after"].map(cell));
            rows.push(cells.collect::<Vec<_>>().join(" | "));
        }
        rows.sort();
        for row in rows {
            writeln!(table, "| {row} |").unwrap();
        }
        checked += 1;
    }
    assert_eq!(checked, RECORDED.len());
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn every_change_of_a_user_leaves_exactly_one_record() {
    let world = World::new().await;
    let (admin, client) = world.user("boss", UserType::SuperAdmin, []).await;
    let mut checked = BTreeSet::new();
    let others = users::ACTIONS.into_iter().map(|action| (action, false));
    for (number, ((name, method, path, body), is_own)) in
        others.chain(users::OWN_ACTIONS.into_iter().map(|action| (action, true))).enumerate()
    {
        let Some((_, expected)) = RECORDED_OF_USERS.iter().find(|(recorded, _)| *recorded == name) else { continue };
        let login = format!("user{number}");
        let target = world
            .user_as(&login, UserType::Member, |user| {
                user.email = Some(rollcall_domain::email::Email::parse(&format!("{login}@example.com")).unwrap());
                (user.email_verified, user.totp_enabled) = (true, true);
            })
            .await;
        if is_own {
            world.with_password(&target).await;
        }
        let sender = if is_own { world.signed_in(&target).await } else { client.clone() };
        let sent = Some(body(&format!("new{number}"), "member")).filter(|body| !body.is_null());
        let count = world.audit().await.len();
        let path = path.replace("{id}", &target.user_id.to_string());
        let reply = sender.at("192.0.2.8").send(method, &path, sent.map(|body| body.to_string())).await;
        assert!(reply.status < 300, "{name}: {reply:?}");
        let records = of_request(&world, &reply).await;
        assert_eq!((records.len(), world.audit().await.len()), (1, count + 1), "{name}");
        let actor = if is_own { &target } else { &admin };
        assert_eq!(records[0]["action"], json!(expected), "{name}");
        assert_eq!(records[0]["actor"], json!({"user_id": actor.user_id, "login": actor.login}), "{name}");
        assert_eq!((&records[0]["address"], &records[0]["team_id"]), (&json!("192.0.2.8"), &Value::Null), "{name}");
        let text = records[0].to_string();
        for secret in [Some(PASSWORD), Some("argon2"), reply.body["generated_password"].as_str()].into_iter().flatten()
        {
            assert!(!text.contains(secret), "{name}: {text}");
        }
        checked.insert(name);
    }
    assert_eq!(checked.len(), RECORDED_OF_USERS.len());
}

#[test]
fn every_route_that_changes_something_has_an_audit_test() {
    let routes: BTreeSet<_> = (wiring::template_routes().iter())
        .filter(|(method, _)| method != "GET")
        .map(|(method, path)| route(method, path))
        .collect();
    let of_teams = ACTIONS.iter().filter(|action| RECORDED.iter().any(|(name, _)| *name == action.name));
    let users = users::ACTIONS.iter().chain(&users::OWN_ACTIONS);
    let of_users = users.filter(|(name, ..)| RECORDED_OF_USERS.iter().any(|(recorded, _)| recorded == name));
    let checked: BTreeSet<_> = of_teams
        .map(|action| route(action.method.as_str(), action.path))
        .chain(of_users.map(|(_, method, path, _)| route(method.as_str(), path)))
        .chain(ELSEWHERE.map(|(method, path)| route(method, path)))
        // `keys::manage` checks them.
        .chain(crate::grids::keys::routes().filter(|(method, _)| method != "GET"))
        .collect();
    assert_eq!(routes, checked);
}

#[tokio::test]
async fn unchanged_and_refused_requests_leave_no_record() {
    let world = World::new().await;
    let admin = world.admin().await;
    let fixture = TeamFixture::new(&world, &admin, 0, true).await;
    let (team, app, spare) = (fixture.team, &fixture.app, &fixture.spare);
    let count = world.audit().await.len();
    for (method, path, body) in [
        (Method::PATCH, format!("/v1/teams/{team}"), json!({"name": "Fixture 0"})),
        (Method::PATCH, format!("/v1/teams/{team}"), json!({})),
        (
            Method::PATCH,
            format!("/v1/teams/{team}/members/{}", fixture.member.user_id),
            json!({"role_id": "developer"}),
        ),
        (Method::PATCH, format!("/v1/teams/{team}/roles/{}", fixture.role), json!({"name": "Unused"})),
        (Method::PATCH, format!("/v1/apps/{app}"), json!({"name": "Full", "team_id": team})),
        (Method::PUT, format!("/v1/apps/{spare}/deletion-lock"), json!({"locked": true})),
        (Method::PATCH, format!("/v1/apps/{app}/accounts/mina"), json!({"nickname": null})),
        (Method::PUT, format!("/v1/apps/{app}/accounts/root/admin"), Value::Null),
        (Method::DELETE, format!("/v1/apps/{app}/accounts/mina/admin"), Value::Null),
        (Method::POST, format!("/v1/apps/{app}/account-deletions"), json!({"user_ids": ["nobody"]})),
    ] {
        let body = Some(body).filter(|body| !body.is_null()).map(|body| body.to_string());
        let reply = admin.send(method.clone(), &path, body).await;
        reply.is(200);
        assert_eq!(world.audit().await.len(), count, "{method} {path}");
    }
    let invitation = format!("/v1/teams/{team}/invitations/{}", fixture.invitation);
    admin.delete(&invitation).await.is(204);
    admin.delete(&invitation).await.is(204);
    assert_eq!(world.audit().await.len(), count + 1);
}
