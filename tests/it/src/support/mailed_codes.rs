//! Shared by the tests of mailed codes: addresses, flows, and the mails in the outbox.

use std::{collections::BTreeSet, time::Duration};

use rollcall_domain::{Code, email::Email, permission::UserType, user::User, verification::FlowPurpose};
use rollcall_store::credential::CredentialChange;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, World};

/// The address that most tests use.
pub const MINA: &str = "mina@example.com";

/// The resolution of stored times.
pub const MILLISECOND: Duration = Duration::from_millis(1);

/// The longest duration that is shorter than `time`, at the resolution of stored times.
pub fn just_before(time: Duration) -> Duration {
    time.checked_sub(MILLISECOND).unwrap()
}

/// The items whose partition key starts with `prefix`, in a fixed order.
pub async fn items(world: &World, prefix: &str) -> Vec<Value> {
    let mut items = world.dump().await;
    items.retain(|item| item["pk"].as_str().unwrap().starts_with(prefix));
    items.sort_by_key(ToString::to_string);
    items
}

/// The mails in the outbox, oldest first, as `[to, language, kind]`.
pub async fn mails(world: &World) -> Vec<Value> {
    let mut mails = items(world, "OUTBOX#").await;
    mails.sort_by_key(|mail| (mail["created_at"].to_string(), mail["message"]["kind"].to_string()));
    let read = |mail: &Value| json!([mail.get("to"), mail["language"], mail["message"]["kind"]]);
    mails.iter().map(read).collect()
}

/// A code that differs from `code`.
pub fn other(code: &str) -> String {
    let first = if code.starts_with('0') { "1" } else { "0" };
    format!("{first}{}", &code[1..])
}

/// A member with [`PASSWORD`] and a confirmed address, and a client that is signed in as them.
pub async fn member(world: &World, login: &str, email: &str) -> (User, Client) {
    let (user, client) = world.user(login, UserType::Member, []).await;
    world.with_password(&user).await;
    (proved(world, &user, email).await, client)
}

/// Confirms an address of a user without the API.
pub async fn proved(world: &World, user: &User, email: &str) -> User {
    let after = user.clone().with_verified_email(Email::parse(email).unwrap(), world.now());
    let commit = rollcall_store::user::change(user, &after, CredentialChange::Kept).unwrap();
    world.writer().commit(commit).await.unwrap();
    after
}

/// Starts a registration.
pub async fn start(client: &Client, email: &str) -> Reply {
    client.post("/v1/registrations", &json!({"email": email})).await
}

/// Starts a registration and returns its id.
pub async fn started(client: &Client, email: &str) -> String {
    start(client, email).await.is(202).body["registration_id"].as_str().unwrap().to_owned()
}

/// Continues a registration with a new code. Returns the id of the flow, which is another one if it has ended.
pub async fn resent(client: &Client, email: &str, registration_id: &str) -> String {
    let body = json!({"email": email, "registration_id": registration_id});
    let reply = client.post("/v1/registrations", &body).await;
    reply.is(202).body["registration_id"].as_str().unwrap().to_owned()
}

/// The body that completes a registration.
pub fn completion(code: &str, login: &str) -> Value {
    json!({"code": code, "username": login, "login": login, "password": PASSWORD, "password_confirmation": PASSWORD})
}

/// Completes a registration.
pub async fn complete(client: &Client, registration_id: &str, body: &Value) -> Reply {
    client.post(&format!("/v1/registrations/{registration_id}/complete"), body).await
}

/// Registers a user in all steps.
pub async fn register(world: &World, client: &Client, email: &str, login: &str) -> Reply {
    let id = started(client, email).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(client, &id, &completion(&code, login)).await
}

/// Starts a password reset and returns its id.
pub async fn reset_started(client: &Client, email: &str) -> String {
    let reply = client.post("/v1/password-resets", &json!({"email": email})).await;
    reply.is(202).body["reset_id"].as_str().unwrap().to_owned()
}

/// Continues a password reset with a new code. Returns the id of the flow, which is another one if it has ended.
pub async fn reset_resent(client: &Client, email: &str, reset_id: &str) -> String {
    let reply = client.post("/v1/password-resets", &json!({"email": email, "reset_id": reset_id})).await;
    reply.is(202).body["reset_id"].as_str().unwrap().to_owned()
}

/// The body that completes a password reset.
pub fn new_password(code: &str, password: &str) -> Value {
    json!({"code": code, "password": password, "password_confirmation": password})
}

/// Completes a password reset.
pub async fn reset(client: &Client, reset_id: &str, body: &Value) -> Reply {
    client.post(&format!("/v1/password-resets/{reset_id}/complete"), body).await
}

/// The marker that a user must have, if any.
type MarkerOf<'a> = &'a dyn Fn(&Value) -> Option<String>;

/// Asserts that each user's login and address have their uniqueness markers, and that there are no other markers.
pub async fn assert_markers_consistent(world: &World) {
    let items = world.dump().await;
    let starting = |prefix: &'static str| {
        items.iter().filter(move |item| item["pk"].as_str().is_some_and(|pk| pk.starts_with(prefix)))
    };
    let logins = |user: &Value| Some(format!("LOGIN#{}", user["login"].as_str()?.to_lowercase()));
    let addresses = |user: &Value| {
        let email = user["email"].as_str().filter(|_| user["email_verified"] == true)?;
        Some(format!("EMAIL#{}", Email::parse(email).unwrap().canonical()))
    };
    let keys: [(&str, MarkerOf<'_>); 2] = [("LOGIN#", &logins), ("EMAIL#", &addresses)];
    for (prefix, key) in keys {
        let expected: BTreeSet<_> =
            starting("USER#").filter_map(|user| Some(json!([key(user)?, user["user_id"]]).to_string())).collect();
        let found: BTreeSet<_> =
            starting(prefix).map(|item| json!([item["pk"], item["user_id"]]).to_string()).collect();
        assert_eq!(found, expected);
    }
}

/// Asserts that two replies are equal except for the ids of the request and its flow.
#[track_caller]
pub fn are_alike(one: &Reply, other: &Reply) {
    let compared = |reply: &Reply| {
        let mut body = reply.body.clone();
        for id in ["request_id", "registration_id", "reset_id"] {
            body.as_object_mut().map(|body| body.remove(id));
        }
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        (reply.status, headers, body, reply.bytes.len())
    };
    assert_eq!(compared(one), compared(other));
}

/// Asserts that the code was refused.
#[track_caller]
pub fn is_wrong(reply: &Reply) {
    reply.is_problem(Code::VerificationFailed);
}
