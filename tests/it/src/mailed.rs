//! What the tests of mailed codes share: addresses, codes, and the mails on their way.

use std::time::Duration;

use rollcall_domain::{Code, email::Email, permission::UserType, user::User, verification::FlowPurpose};
use rollcall_store::credential::CredentialChange;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, World};

/// The address that the tests are about.
pub const MINA: &str = "mina@example.com";

/// The smallest step of the clock that anything here tells apart.
pub const MILLISECOND: Duration = Duration::from_millis(1);

/// The last moment at which this much time has not yet passed.
pub fn just_before(time: Duration) -> Duration {
    time.checked_sub(MILLISECOND).unwrap()
}

/// Items whose partition key begins so.
pub async fn items(world: &World, prefix: &str) -> Vec<Value> {
    let mut items = world.dump().await;
    items.retain(|item| item["pk"].as_str().unwrap().starts_with(prefix));
    items.sort_by_key(ToString::to_string);
    items
}

/// The mails on their way, oldest first, as `[to, language, kind]`.
pub async fn mails(world: &World) -> Vec<Value> {
    let mut mails = items(world, "OUTBOX#").await;
    mails.sort_by_key(|mail| (mail["created_at"].to_string(), mail["message"]["kind"].to_string()));
    let read = |mail: &Value| json!([mail.get("to"), mail["language"], mail["message"]["kind"]]);
    mails.iter().map(read).collect()
}

/// A code that this one is not.
pub fn other(code: &str) -> String {
    let first = if code.starts_with('0') { "1" } else { "0" };
    format!("{first}{}", &code[1..])
}

/// A member that signs in with [`PASSWORD`] and proved this address, and a client signed in as it.
pub async fn member(world: &World, login: &str, email: &str) -> (User, Client) {
    let (user, client) = world.user(login, UserType::Member, []).await;
    world.with_password(&user).await;
    (proved(world, &user, email).await, client)
}

/// The user with an address that it proved, past the API.
pub async fn proved(world: &World, user: &User, email: &str) -> User {
    let after = user.clone().proved(Email::parse(email).unwrap(), world.now());
    let commit = rollcall_store::user::change(user, &after, CredentialChange::Kept).unwrap();
    world.writer().commit(commit).await.unwrap();
    after
}

/// Starts a registration.
pub async fn start(client: &Client, email: &str) -> Reply {
    client.post("/v1/registrations", &json!({"email": email})).await
}

/// Starts a registration that is answered as promised, and returns its id.
pub async fn started(client: &Client, email: &str) -> String {
    start(client, email).await.is(202).body["registration_id"].as_str().unwrap().to_owned()
}

/// What completes a registration.
pub fn completion(code: &str, login: &str) -> Value {
    json!({"code": code, "username": login, "login": login, "password": PASSWORD, "password_confirmation": PASSWORD})
}

/// Completes a registration.
pub async fn complete(client: &Client, registration_id: &str, body: &Value) -> Reply {
    client.post(&format!("/v1/registrations/{registration_id}/complete"), body).await
}

/// Registers somebody from the first step to the last.
pub async fn register(world: &World, client: &Client, email: &str, login: &str) -> Reply {
    let id = started(client, email).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(client, &id, &completion(&code, login)).await
}

/// Starts a reset that is answered as promised, and returns its id.
pub async fn reset_started(client: &Client, email: &str) -> String {
    let reply = client.post("/v1/password-resets", &json!({"email": email})).await;
    reply.is(202).body["reset_id"].as_str().unwrap().to_owned()
}

/// What completes a reset.
pub fn new_password(code: &str, password: &str) -> Value {
    json!({"code": code, "password": password, "password_confirmation": password})
}

/// Completes a reset.
pub async fn reset(client: &Client, reset_id: &str, body: &Value) -> Reply {
    client.post(&format!("/v1/password-resets/{reset_id}/complete"), body).await
}

/// Every user's login and address agree with their markers, and no marker stands without its user.
pub async fn markers_agree(world: &World) {
    let users = items(world, "USER#").await;
    let keys = |of: &dyn Fn(&Value) -> Option<String>| {
        let mut keys: Vec<_> = users.iter().filter_map(|user| Some(json!([of(user)?, user["user_id"]]))).collect();
        keys.sort_by_key(ToString::to_string);
        keys
    };
    let logins = keys(&|user| Some(format!("LOGIN#{}", user["login"].as_str()?.to_lowercase())));
    let addresses = keys(&|user| {
        let email = user["email"].as_str().filter(|_| user["email_verified"] == true)?;
        Some(format!("EMAIL#{}", Email::parse(email).unwrap().canonical()))
    });
    for (prefix, expected) in [("LOGIN#", logins), ("EMAIL#", addresses)] {
        let found: Vec<_> =
            items(world, prefix).await.iter().map(|item| json!([item["pk"], item["user_id"]])).collect();
        let mut found = found;
        found.sort_by_key(ToString::to_string);
        assert_eq!(found, expected);
    }
}

/// Asserts that these replies say the same, but for what names the request or its flow.
#[track_caller]
pub fn are_alike(one: &Reply, other: &Reply) {
    let said = |reply: &Reply| {
        let mut body = reply.body.clone();
        for id in ["request_id", "registration_id", "reset_id"] {
            body.as_object_mut().map(|body| body.remove(id));
        }
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        (reply.status, headers, body, reply.bytes.len())
    };
    assert_eq!(said(one), said(other));
}

/// Asserts that the code was not taken.
#[track_caller]
pub fn is_wrong(reply: &Reply) {
    reply.is_problem(Code::VerificationFailed);
}
