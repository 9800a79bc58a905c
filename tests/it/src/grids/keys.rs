//! Every kind of caller sends every request about the keys of every kind of owner. The expected replies are written by
//! hand and not derived from the code.

use axum::http::Method;
use rollcall_domain::{id::TeamId, permission::UserType, user::User};
use serde_json::{Value, json};

use super::teams::outcome;
use crate::support::{Client, PASSWORD, World};

/// The body of a request; null if there is none.
type Body = fn() -> Value;

const NONE: Body = || Value::Null;
const NEW: Body = || json!({"name": "New", "scopes": ["read"], "expires_in_days": 1, "current_password": PASSWORD});
const NAME: Body = || json!({"name": "Other"});
const ROTATION: Body = || json!({"overlap_hours": 0, "current_password": PASSWORD});

/// The requests below the path of an owner's keys, and whether each only reads, changes, or revokes.
const REQUESTS: [(&str, Method, &str, Body); 6] = [
    ("read", Method::GET, "", NONE),
    ("change", Method::POST, "", NEW),
    ("read", Method::GET, "/{key}", NONE),
    ("change", Method::PATCH, "/{key}", NAME),
    ("change", Method::POST, "/{key}/rotate", ROTATION),
    ("revoke", Method::DELETE, "/{key}", NONE),
];

/// Every route of keys, for the test that each route is in a grid.
pub fn routes() -> impl Iterator<Item = (String, String)> {
    let bases = ["/v1/me/keys", "/v1/users/{}/keys", "/v1/teams/{}/members/{}/keys"];
    let below = REQUESTS.iter().flat_map(move |(_, method, path, _)| {
        bases.map(|base| (method.to_string(), format!("{base}{}", path.replace("{key}", "{}"))))
    });
    below.chain([("GET".to_owned(), "/v1/keys".to_owned())])
}

const CALLERS: [&str; 8] =
    ["super_admin", "platform_admin", "admin", "member_manager", "developer", "outsider", "member", "stranger"];

/// What a caller may do with the keys of an owner: read, change, revoke. `+` succeeds, `-` is forbidden, `.` is not
/// found. A stranger is unauthenticated everywhere.
#[rustfmt::skip]
const BY_USERS: [(&str, [&str; 7]); 5] = [
    //                   super    platform admin   manager developer outsider member
    ("super_admin",      ["+-+", "+--", "...",  "...",  "...",  "...", "..."]),
    ("platform_admin",   ["+-+", "+--", "...",  "...",  "...",  "...", "..."]),
    ("member",           ["+-+", "+-+", "...",  "...",  "...",  "...", "..."]),
    ("service",          ["+++", "+++", "...",  "...",  "...",  "...", "..."]),
    ("platform_service", ["+++", "+-+", "...",  "...",  "...",  "...", "..."]),
];

/// The same by the routes of a team, for the service account of the team with the roles `admin` and `developer`, and
/// for a person.
#[rustfmt::skip]
const BY_TEAM: [(&str, [&str; 7]); 3] = [
    //                   super    platform admin   manager developer outsider member
    ("admin",            ["+++", "+++", "+++",  "---",  "---",  "...", "..."]),
    ("developer",        ["+++", "+++", "+++",  "+++",  "---",  "...", "..."]),
    ("person",           ["...", "...", "...",  "...",  "...",  "...", "..."]),
];

fn expected(marks: &str, kind: &str, success: &str) -> String {
    let at = ["read", "change", "revoke"].iter().position(|known| *known == kind).unwrap();
    match marks.as_bytes()[at] {
        b'+' => success.to_owned(),
        b'-' => "403 forbidden".to_owned(),
        _ => "404 not_found".to_owned(),
    }
}

const fn success(method: &Method) -> &'static str {
    match *method {
        Method::POST => "201",
        Method::DELETE => "204",
        _ => "200",
    }
}

async fn callers(world: &World, team: TeamId) -> Vec<(&'static str, Client)> {
    let elsewhere = world.team("Elsewhere").await;
    let mut callers = Vec::new();
    for kind in CALLERS {
        let login = format!("by.{kind}");
        let user = match kind {
            "stranger" => {
                callers.push((kind, world.stranger()));
                continue;
            }
            "super_admin" => world.user(&login, UserType::SuperAdmin, []).await,
            "platform_admin" => world.user(&login, UserType::PlatformAdmin, []).await,
            "outsider" => world.user(&login, UserType::Member, [(elsewhere, "admin")]).await,
            "member" => world.user(&login, UserType::Member, []).await,
            role => world.user(&login, UserType::Member, [(team, role)]).await,
        };
        world.with_password(&user.0).await;
        callers.push((kind, user.1));
    }
    callers
}

async fn assert_replies(
    world: &World,
    callers: &[(&'static str, Client)],
    (name, owner, base): (&str, &User, String),
    marks: [&str; 7],
) {
    let (key, _) = world.api_key(owner, &["read"]).await;
    let start = world.snapshot().await;
    let mut wrong = Vec::new();
    for (column, (caller, client)) in callers.iter().enumerate() {
        for (kind, method, path, body) in &REQUESTS {
            world.rewind(&start).await;
            let path = format!("{base}{}", path.replace("{key}", &key.key_id.to_string()));
            let body = Some(body()).filter(|body| !body.is_null()).map(|body| body.to_string());
            let reply = outcome(&client.send(method.clone(), &path, body).await);
            let expected = match marks.get(column) {
                Some(marks) => expected(marks, kind, success(method)),
                None => "401 unauthenticated".to_owned(),
            };
            if reply != expected {
                wrong.push(format!("{method} {path} of {name} by {caller}: {reply} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn requests_about_keys_of_users_get_the_expected_replies() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let callers = callers(&world, team).await;
    for (name, marks) in BY_USERS {
        let owner = world.user_as(&format!("own.{name}"), UserType::parse(name).unwrap(), |_| {}).await;
        let base = format!("/v1/users/{}/keys", owner.user_id);
        assert_replies(&world, &callers, (name, &owner, base), marks).await;
    }
    for (column, (caller, client)) in callers.iter().enumerate() {
        let reply = outcome(&client.get("/v1/keys").await);
        let expected = ["200", "200"].get(column).copied().unwrap_or("404 not_found");
        assert_eq!(reply, if *caller == "stranger" { "401 unauthenticated" } else { expected }, "{caller}");
    }
}

#[tokio::test]
async fn requests_about_keys_of_members_get_the_expected_replies() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let callers = callers(&world, team).await;
    for (name, marks) in BY_TEAM {
        let owner = match name {
            "person" => world.user("own.person", UserType::Member, [(team, "developer")]).await.0,
            role => world.service(&format!("own.{role}"), team, role).await,
        };
        let base = format!("/v1/teams/{team}/members/{}/keys", owner.user_id);
        assert_replies(&world, &callers, (name, &owner, base), marks).await;
    }
}

#[tokio::test]
async fn everybody_with_a_session_manages_their_own_keys() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    for (kind, client) in callers(&world, team).await.into_iter().filter(|(kind, _)| *kind != "stranger") {
        let issued = client.post("/v1/me/keys", &NEW()).await;
        let key = issued.is(201).body["key"]["key_id"].as_str().unwrap().to_owned();
        for (_, method, path, body) in &REQUESTS {
            let path = format!("/v1/me/keys{}", path.replace("{key}", &key));
            let body = Some(body()).filter(|body| !body.is_null()).map(|body| body.to_string());
            let reply = outcome(&client.send(method.clone(), &path, body).await);
            assert_eq!(reply, success(method), "{method} {path} by {kind}");
        }
    }
}
