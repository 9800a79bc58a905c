//! Every kind of caller sends every request about every kind of user, themselves included. The expected outcomes are
//! written by hand and not derived from the code.

use std::fmt::Write;

use axum::http::Method;
use rollcall_domain::{Code, Fields, permission::UserType, user::User};
use rollcall_store::credential::CredentialChange;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, World};

/// The callers: one of each type, a disabled one, one with a password that somebody else set, and one without a
/// session. The disabled one and the one with the password are super admins, so nothing else limits them.
const CALLERS: [&str; 6] = ["super_admin", "platform_admin", "member", "disabled", "forced", "nobody"];

const TYPES: [UserType; 3] = [UserType::SuperAdmin, UserType::PlatformAdmin, UserType::Member];

/// The body of a request, given a free login and the type of the target.
pub type Body = fn(&str, &str) -> Value;

const NONE: Body = |_, _| Value::Null;

#[rustfmt::skip]
pub const ACTIONS: [(&str, Method, &str, Body); 16] = [
    ("list",                Method::GET,    "/v1/users?type={type}",    NONE),
    ("view",                Method::GET,    "/v1/users/{id}",           NONE),
    ("create",              Method::POST,   "/v1/users",                |login, user_type| json!({
        "username": "New", "login": login, "type": user_type, "generate_password": true
    })),
    ("change the username", Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"username": "other"})),
    ("make super_admin",    Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"type": "super_admin"})),
    ("make platform_admin", Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"type": "platform_admin"})),
    ("make member",         Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"type": "member"})),
    ("set a password",      Method::POST,   "/v1/users/{id}/password",  |_, _| json!({"password": PASSWORD})),
    ("generate a password", Method::POST,   "/v1/users/{id}/password",  |_, _| json!({"generate_password": true})),
    ("unbind two-factor",   Method::DELETE, "/v1/users/{id}/totp",      NONE),
    ("unbind the email",    Method::DELETE, "/v1/users/{id}/email",     NONE),
    ("set an email",        Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"email": "entered@example.com"})),
    ("disable",             Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"status": "disabled"})),
    ("enable",              Method::PATCH,  "/v1/users/{id}",           |_, _| json!({"status": "enabled"})),
    ("delete",              Method::DELETE, "/v1/users/{id}",           NONE),
    ("end sessions",        Method::DELETE, "/v1/users/{id}/sessions",  NONE),
];

/// The expected replies to admins, for a super admin, a platform admin, a member and themselves as the target.
#[rustfmt::skip]
const BY_ADMINS: [(&str, [&str; 4], [&str; 4]); 16] = [
    //                      by a super admin                          by a platform admin
    ("list",                ["200", "200", "200", "-"],               ["200", "200", "200", "-"]),
    ("view",                ["200", "200", "200", "200"],             ["200", "200", "200", "200"]),
    ("create",              ["201", "201", "201", "-"],               ["forbidden", "201", "201", "-"]),
    ("change the username", ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "200", "use_own_route"]),
    ("make super_admin",    ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "forbidden", "use_own_route"]),
    ("make platform_admin", ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "forbidden", "use_own_route"]),
    ("make member",         ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "forbidden", "use_own_route"]),
    ("set a password",      ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "200", "use_own_route"]),
    ("generate a password", ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "200", "use_own_route"]),
    ("unbind two-factor",   ["204", "204", "204", "use_own_route"],   ["forbidden", "forbidden", "204", "use_own_route"]),
    ("unbind the email",    ["204", "204", "204", "use_own_route"],   ["forbidden", "forbidden", "204", "use_own_route"]),
    ("set an email",        ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "200", "use_own_route"]),
    ("disable",             ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "200", "use_own_route"]),
    ("enable",              ["200", "200", "200", "use_own_route"],   ["forbidden", "forbidden", "200", "use_own_route"]),
    ("delete",              ["204", "204", "204", "use_own_route"],   ["forbidden", "forbidden", "204", "use_own_route"]),
    ("end sessions",        ["204", "204", "204", "use_own_route"],   ["forbidden", "forbidden", "204", "use_own_route"]),
];

/// The expected reply to all other callers, for any request and target.
const BY_OTHERS: [(&str, &str); 4] = [
    ("member", "not_found"),
    ("disabled", "unauthenticated"),
    ("forced", "password_change_required"),
    ("nobody", "unauthenticated"),
];

/// The user and the client of one kind of caller.
async fn caller(world: &World, kind: &str, login: &str) -> (User, Client) {
    let user_type = match kind {
        "member" => UserType::Member,
        "platform_admin" => UserType::PlatformAdmin,
        _ => UserType::SuperAdmin,
    };
    let user = world.user_as(login, user_type, |user| user.password_change_required = kind == "forced").await;
    let client = world.signed_in(&user).await;
    if kind == "disabled" {
        let disabled = user.clone().edited(Fields::of(json!({"status": "disabled"})), world.now()).unwrap();
        let commit = rollcall_store::user::change(&user, &disabled, CredentialChange::Kept).unwrap();
        world.writer().commit(commit).await.unwrap();
        return (disabled, client);
    }
    (user, if kind == "nobody" { world.stranger() } else { client })
}

/// The status of a success, or the code of the refusal.
fn outcome(reply: &Reply) -> String {
    match reply.body["code"].as_str() {
        Some(code) => {
            let code = Code::ALL.iter().find(|known| known.as_str() == code).unwrap();
            reply.is_problem(*code);
            code.as_str().to_owned()
        }
        None => reply.status.to_string(),
    }
}

#[tokio::test]
async fn user_requests_get_the_expected_replies() {
    let world = World::new().await;
    world.user("unrelated", UserType::SuperAdmin, []).await;
    let mut callers = Vec::new();
    for kind in CALLERS {
        callers.push((kind, caller(&world, kind, &format!("actor.{kind}")).await));
    }
    let mut grid =
        String::from("| action | by | super_admin | platform_admin | member | own |\n|---|---|---|---|---|---|\n");
    let mut wrong = Vec::new();
    for (row, (name, method, path, body)) in ACTIONS.into_iter().enumerate() {
        for (column, (kind, (own, client))) in callers.iter().enumerate() {
            let mut cells = Vec::new();
            for (cell, user_type) in TYPES.map(Some).into_iter().chain([None]).enumerate() {
                if user_type.is_none() && matches!(name, "list" | "create") {
                    cells.push("-".to_owned());
                    continue;
                }
                let login = format!("t{row}.{column}.{cell}");
                let target = match user_type {
                    None => own.clone(),
                    Some(user_type) => create_target(&world, &login, user_type, name).await,
                };
                let type_name = target.user_type.as_str();
                let path = path.replace("{type}", type_name).replace("{id}", &target.user_id.to_string());
                let sent = Some(body(&format!("new.{login}"), type_name)).filter(|body| !body.is_null());
                let reply = client.send(method.clone(), &path, sent.map(|body| body.to_string())).await;
                if reply.status >= 400 {
                    let stored = world.store().user(target.user_id).await.unwrap();
                    assert_eq!(stored, Some(target), "{name} by {kind} was refused, but changed something");
                }
                cells.push(outcome(&reply));
            }
            let expected = expected(row, name, kind);
            if cells != expected {
                wrong.push(format!("{name} by {kind}: {cells:?} instead of {expected:?}"));
            }
            writeln!(grid, "| {name} | {kind} | {} |", cells.join(" | ")).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(grid);
}

fn expected(row: usize, name: &str, kind: &str) -> [String; 4] {
    let (listed, by_super, by_platform) = BY_ADMINS[row];
    assert_eq!(listed, name);
    let own = |code: &str| if by_super[3] == "-" { "-".to_owned() } else { code.to_owned() };
    match (kind, BY_OTHERS.iter().find(|(other, _)| *other == kind)) {
        ("super_admin", _) => by_super.map(str::to_owned),
        ("platform_admin", _) => by_platform.map(str::to_owned),
        (_, other) => {
            let code = other.unwrap().1;
            [code.to_owned(), code.to_owned(), code.to_owned(), own(code)]
        }
    }
}

/// A user to whom every request can be applied.
async fn create_target(world: &World, login: &str, user_type: UserType, action: &str) -> User {
    let disabled = json!({"status": if action == "enable" { "disabled" } else { "enabled" }});
    let user = world
        .user_as(login, user_type, |user| {
            user.email = Some(rollcall_domain::email::Email::parse(&format!("{login}@example.com")).unwrap());
            user.email_verified = true;
            user.totp_enabled = true;
            *user = user.clone().edited(Fields::of(disabled), user.created_at).unwrap();
        })
        .await;
    world.store().user(user.user_id).await.unwrap().unwrap()
}

#[rustfmt::skip]
pub const OWN_ACTIONS: [(&str, Method, &str, Body); 13] = [
    ("view",               Method::GET,    "/v1/me",                      NONE),
    ("rename",             Method::PATCH,  "/v1/me",                      |_, _| json!({"username": "other"})),
    ("change password",    Method::POST,   "/v1/me/password",             |_, _| json!({
        "current_password": PASSWORD, "password": "tq7 vXk 2pLw", "password_confirmation": "tq7 vXk 2pLw"
    })),
    ("ask for an email",   Method::POST,   "/v1/me/email",                |login, _| json!({
        "email": format!("{login}@example.com"), "current_password": PASSWORD
    })),
    ("confirm an email",   Method::POST,   "/v1/me/email/confirm",        |_, _| json!({"code": "00000000"})),
    ("unbind the email",   Method::DELETE, "/v1/me/email",                |_, _| json!({"current_password": PASSWORD})),
    ("begin two-factor",   Method::POST,   "/v1/me/totp",                 |_, _| json!({"current_password": PASSWORD})),
    ("confirm two-factor", Method::POST,   "/v1/me/totp/confirm",         |_, _| json!({"code": "000000"})),
    ("end two-factor",     Method::DELETE, "/v1/me/totp",                 |_, _| json!({
        "current_password": PASSWORD, "code": "000000"
    })),
    ("list sessions",      Method::GET,    "/v1/me/sessions",             NONE),
    ("end a session",      Method::DELETE, "/v1/me/sessions/{session}",   NONE),
    ("end the others",     Method::DELETE, "/v1/me/sessions",             NONE),
    ("sign out",           Method::POST,   "/v1/logout",                  NONE),
];

/// The expected replies to each of [`CALLERS`] for their own account. They have no pending confirmation of an address
/// or a second factor, so confirming either fails.
#[rustfmt::skip]
const OWN: [(&str, &str, &str, &str); 13] = [
    //                     of any type            disabled, nobody   forced
    ("view",               "200",                 "unauthenticated", "200"),
    ("rename",             "200",                 "unauthenticated", "password_change_required"),
    ("change password",    "204",                 "unauthenticated", "204"),
    ("ask for an email",   "202",                 "unauthenticated", "password_change_required"),
    ("confirm an email",   "verification_failed", "unauthenticated", "password_change_required"),
    ("unbind the email",   "204",                 "unauthenticated", "password_change_required"),
    ("begin two-factor",   "201",                 "unauthenticated", "password_change_required"),
    ("confirm two-factor", "verification_failed", "unauthenticated", "password_change_required"),
    ("end two-factor",     "verification_failed", "unauthenticated", "password_change_required"),
    ("list sessions",      "200",                 "unauthenticated", "password_change_required"),
    ("end a session",      "204",                 "unauthenticated", "password_change_required"),
    ("end the others",     "204",                 "unauthenticated", "password_change_required"),
    ("sign out",           "204",                 "unauthenticated", "204"),
];

#[tokio::test]
async fn ones_own_account_is_open_to_everybody_who_is_signed_in() {
    let world = World::new().await;
    world.user("unrelated", UserType::SuperAdmin, []).await;
    let mut grid = format!("| action | {} |\n|---|---|---|---|---|---|---|\n", CALLERS.join(" | "));
    let mut wrong = Vec::new();
    for (row, (name, method, path, body)) in OWN_ACTIONS.into_iter().enumerate() {
        let (listed, any, outside, forced) = OWN[row];
        assert_eq!(listed, name);
        let mut cells = Vec::new();
        for (column, kind) in CALLERS.into_iter().enumerate() {
            let login = format!("own{row}.{column}");
            let (user, client) = caller(&world, kind, &login).await;
            let session = world.store().sessions(user.user_id, None, 1).await.unwrap().items.remove(0);
            let path = path.replace("{session}", &session.session_id.to_string());
            let sent = Some(body(&login, "")).filter(|body| !body.is_null());
            if sent.as_ref().is_some_and(|sent| sent.get("current_password").is_some()) {
                world.with_password(&user).await;
            }
            let reply = client.send(method.clone(), &path, sent.map(|body| body.to_string())).await;
            let expected = match kind {
                "forced" => forced,
                "disabled" | "nobody" => outside,
                _ => any,
            };
            cells.push(outcome(&reply));
            if cells[column] != expected {
                wrong.push(format!("{name} by {kind}: {} instead of {expected}", cells[column]));
            }
        }
        writeln!(grid, "| {name} | {} |", cells.join(" | ")).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(grid);
}
