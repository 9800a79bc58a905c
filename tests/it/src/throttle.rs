//! Throttles: which attempts are counted, who has to wait, and who is exempt.

mod devices;
mod locks;
mod networks;
mod passwords;
mod queue;

use std::{sync::atomic::Ordering, time::Duration};

use axum::http::{HeaderMap, Method};
use futures_util::future::join_all;
use rollcall_api::throttle::{Attempt, LoginThrottles};
use rollcall_domain::{
    Code,
    limits::{DEVICE_LIFETIME, LONGEST_WAIT},
    permission::UserType,
    throttle::{Throttle, ThrottleKind, ThrottleReservation},
    user::User,
    verification::FlowPurpose,
};
use rollcall_store::{Commit, throttle::ThrottleId};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    support::{
        Client, PASSWORD, Reply, World, count_hashes,
        faults::{FOREVER, Fault},
    },
    two_factor::{bind, owner, second_step, ticket},
};

const WRONG: &str = "wrong horse battery";

/// A member with [`PASSWORD`].
async fn member(world: &World, login: &str) -> User {
    let (user, _) = world.user(login, UserType::Member, []).await;
    world.with_password(&user).await;
    user
}

async fn try_password(client: &Client, login: &str, password: &str) -> Reply {
    client.post("/v1/login", &json!({"login": login, "password": password})).await
}

/// Clients that are not signed in, each at its own address.
fn strangers(world: &World) -> impl Iterator<Item = Client> + use<> {
    let stranger = world.stranger();
    (0..=u16::MAX).map(move |number| {
        let [high, low] = number.to_be_bytes();
        stranger.at(&format!("198.18.{high}.{low}"))
    })
}

/// Counts failures of unknown devices for a login, one every quarter of an hour, and waits after the last.
async fn fail(world: &World, kind: ThrottleKind, login: &str, times: i64) {
    let id = LoginThrottles::of(&world.context, kind, login).await.unwrap().unknown_devices;
    fail_at(world, &id, times).await;
}

/// Counts failures in a throttle, one every quarter of an hour, and waits after the last.
pub async fn fail_at(world: &World, id: &ThrottleId, times: i64) {
    let (since, mut found) = (world.now(), None);
    for failures in 1..=times {
        let last_at = world.now();
        drop(Attempt::reserve(&world.context, vec![id.clone()], vec![found], last_at).await.unwrap());
        found = Some(Throttle { failures, since, last_at });
        world.clock.advance(LONGEST_WAIT);
    }
}

/// What a client sees of a reply, and its cost in database calls and hashes.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
    operations: Vec<String>,
    hashes: usize,
}

#[tokio::test]
async fn all_refused_sign_ins_get_the_same_reply_at_the_same_cost() {
    let world = World::new().await;
    let admin = world.admin().await;
    member(&world, "mina").await;
    let dora = member(&world, "dora").await;
    admin.patch(&format!("/v1/users/{}", dora.user_id), &json!({"status": "disabled"})).await.is(200);
    let hashes = count_hashes();
    let mut strangers = strangers(&world);
    let mut see = async |login: &str, password: &str| {
        world.faults.take_log();
        hashes.store(0, Ordering::SeqCst);
        let mut reply = try_password(&strangers.next().unwrap(), login, password).await;
        let request_id = reply.headers.remove("x-request-id").unwrap();
        let body = String::from_utf8(reply.bytes).unwrap().replace(request_id.to_str().unwrap(), "");
        let operations = world.faults.take_log().into_iter().map(|call| call.operation).collect();
        let hashes = hashes.load(Ordering::SeqCst);
        Seen { status: reply.status, headers: reply.headers, body, operations, hashes }
    };
    let states = [("nobody", PASSWORD), ("no body", PASSWORD), ("mina", WRONG), ("dora", WRONG), ("dora", PASSWORD)];

    let refused = see("nobody", WRONG).await;
    assert_eq!((refused.status, refused.hashes), (401, 1));
    assert_eq!(refused.operations, ["BatchGetItem", "UpdateItem", "UpdateItem"]);
    for (login, password) in states {
        assert_eq!(see(login, password).await, refused, "{login} {password}");
    }
    for (login, tries) in [("nobody", 2), ("no body", 3), ("mina", 3), ("dora", 2)] {
        for _ in 1..=tries + 1 {
            see(login, WRONG).await;
        }
    }
    let throttled = see("nobody", PASSWORD).await;
    assert_eq!((throttled.status, throttled.hashes), (429, 0));
    assert_eq!(throttled.operations, ["BatchGetItem"]);
    for (login, password) in states.into_iter().chain([("mina", PASSWORD)]) {
        assert_eq!(see(login, password).await, throttled, "{login} {password}");
    }
}

#[tokio::test]
async fn a_disabled_user_is_refused_on_every_path() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    member(&world, "dora").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let stranger = world.stranger();
    let pending = ticket(&stranger, "mina").await;
    let path = format!("/v1/users/{}", mina.user.user_id);
    admin.patch(&path, &json!({"status": "disabled"})).await.is(200);

    try_password(&stranger, "mina", PASSWORD).await.is_problem(Code::InvalidCredentials);
    second_step(&stranger, &pending, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    let with_recovery_code = json!({"ticket": pending, "recovery_code": mina.recovery_codes[0]});
    stranger.post("/v1/login/totp", &with_recovery_code).await.is_problem(Code::InvalidCode);
    mina.client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let removal = json!({"current_password": PASSWORD, "code": mina.app.code(&world, 0)}).to_string();
    mina.client.send(Method::DELETE, "/v1/me/totp", Some(removal)).await.is_problem(Code::Unauthenticated);
    complete_reset(&world, &stranger, "mina@example.com").await.is(204);
    try_password(&stranger, "mina", PASSWORD).await.is_problem(Code::InvalidCredentials);
    assert_eq!(admin.get(&path).await.is(200).body["status"], "disabled");
    try_password(&stranger, "dora", PASSWORD).await.is(200);
}

#[tokio::test]
async fn a_password_is_compared_completely_and_in_normalised_form() {
    let world = World::new().await;
    member(&world, "mina").await;
    let cycled = |chars: usize| "tq7 vXk 2pLw🦀~é ".chars().cycle().take(chars).collect::<String>();
    let mut client = world.stranger().sign_in("mina").await;
    let mut current = PASSWORD.to_owned();
    let (composed, decomposed) = ("  tq7 vXk! 2pLw🦀 é ".to_owned(), "  tq7 vXk! 2pLw🦀 e\u{301} ".to_owned());
    let mut addresses = strangers(&world);
    for (new, same, others) in [
        (cycled(256), cycled(256), vec![cycled(255), cycled(257), cycled(256).trim().to_owned(), cycled(4_000)]),
        (composed.clone(), decomposed.clone(), vec![composed.trim().to_owned(), composed.replace('!', "")]),
        (decomposed.clone(), composed.clone(), vec![decomposed.replace('\u{301}', ""), composed.replace('🦀', "")]),
    ] {
        let change = json!({"current_password": current, "password": new, "password_confirmation": new});
        // The second and the third normalise to the same password.
        if current != composed {
            client.post("/v1/me/password", &change).await.is(204);
        }
        for other in others.into_iter().filter(|other| *other != new) {
            let refused = try_password(&addresses.next().unwrap(), "mina", &other).await;
            refused.is_problem(Code::InvalidCredentials);
        }
        client = client.bearing(&try_password(&addresses.next().unwrap(), "mina", &same).await);
        current = new;
    }
    let too_long = json!({"current_password": current, "password": cycled(257), "password_confirmation": cycled(257)});
    let refused = client.post("/v1/me/password", &too_long).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", "too_long"])]);
}

/// An invalid login is treated like an unknown one.
#[tokio::test]
async fn logins_of_any_length_and_form_get_the_same_reply() {
    let world = World::new().await;
    let hashes = count_hashes();
    let of_length = |length| "m".repeat(length);
    let logins = [0, 1, 2, 3, 64, 65, 256, 257, 60_000].map(of_length).into_iter();
    let odd = ["\0", "mina\0", " ", "🦀🦀🦀", "é", "e\u{301}", "ﷺﷺﷺ", "LOGIN#", "\u{200b}mina"];
    for (login, stranger) in logins.chain(odd.map(str::to_owned)).zip(strangers(&world)) {
        hashes.store(0, Ordering::SeqCst);
        try_password(&stranger, &login, PASSWORD).await.is_problem(Code::InvalidCredentials);
        assert_eq!(hashes.load(Ordering::SeqCst), 1, "{login:.80}");
    }
}

async fn complete_reset(world: &World, client: &Client, email: &str) -> Reply {
    let started = client.post("/v1/password-resets", &json!({"email": email})).await;
    let reset_id = started.is(202).body["reset_id"].as_str().unwrap();
    let code = world.code(reset_id, FlowPurpose::PasswordReset).await;
    let body = json!({"code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    client.post(&format!("/v1/password-resets/{reset_id}/complete"), &body).await
}
