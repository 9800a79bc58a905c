//! The master key: turned while everything goes on, and missing.

use std::{fs, sync::atomic::Ordering, time::Duration};

use futures_util::future::join_all;
use rollcall_api::Context;
use rollcall_domain::{Code, permission::UserType, verification::FlowPurpose};
use serde_json::{Value, json};

use crate::{
    invitations::{InvitationFixture, code_of, redeem},
    support::{Client, PASSWORD, World, consistency::assert_consistent, count_hashes},
    two_factor::{App, owner, second_step, ticket},
};

fn keys(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.key_file()).unwrap()).unwrap()
}

/// Functions that start with these keys, which they read now and keep.
async fn started(world: &World, keys: &Value) -> Context {
    fs::write(world.key_file(), keys.to_string()).unwrap();
    let context = world.restarted(&[]);
    context.keyring().await.unwrap();
    context
}

/// Functions that start with a new key before the one there was.
async fn turned(world: &World) -> Context {
    started(world, &json!({"id": "k2", "key": "new".repeat(15), "previous": [keys(world)]})).await
}

/// Functions that start when the keys before the first are taken out.
async fn cleared(world: &World) -> Context {
    let keys = keys(world);
    started(world, &json!({"id": keys["id"], "key": keys["key"]})).await
}

async fn credential(world: &World, login: &str) -> Value {
    let items = world.dump().await;
    items.into_iter().find(|item| item["pk"] == format!("LOGIN#{login}")).unwrap()
}

#[tokio::test]
async fn a_password_is_hashed_anew_under_a_new_key_at_its_next_sign_in() {
    let world = World::new().await;
    for login in ["mina", "other"] {
        let (user, _) = world.user(login, UserType::Member, []).await;
        world.with_password(&user).await;
    }
    let others = credential(&world, "other").await;
    let hashes = count_hashes();
    let client = world.stranger_to(&turned(&world).await);
    let wrong = client.post("/v1/login", &json!({"login": "mina", "password": "wrong horse battery"})).await;
    wrong.is_problem(Code::InvalidCredentials);
    assert_eq!(credential(&world, "mina").await["pepper"], "k1");
    for computed in [3, 4] {
        client.sign_in("mina").await.get("/v1/me").await.is(200);
        assert_eq!(credential(&world, "mina").await["pepper"], "k2");
        assert_eq!(hashes.load(Ordering::SeqCst), computed);
    }
    assert_eq!(credential(&world, "other").await, others);
    world.stranger_to(&cleared(&world).await).sign_in("mina").await.get("/v1/me").await.is(200);
}

/// Of several who sign in with the right password at once, one writes the better hash and all are let in.
#[tokio::test(start_paused = true)]
async fn a_better_hash_refuses_nobody_who_signs_in_meanwhile() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger_to(&turned(&world).await);
    let body = json!({"login": "mina", "password": PASSWORD});
    let replies = join_all((0..4).map(|_| client.post("/v1/login", &body))).await;
    for reply in replies {
        client.bearing(&reply).get("/v1/me").await.is(200);
    }
    assert_eq!(credential(&world, "mina").await["pepper"], "k2");
}

/// L14: what was begun under the old key ends under the new one, and goes on when the old one is gone.
#[tokio::test]
async fn a_key_is_turned_under_whatever_is_going_on() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let (dora, _) = world.user("dora", UserType::Member, []).await;
    world.with_password(&dora).await;
    world.with_email(&dora, "dora@example.com").await;
    let old = world.stranger();

    let held = ticket(&old, "mina").await;
    let device_token = old.post("/v1/login", &json!({"login": "dora", "password": PASSWORD})).await;
    let device_token = device_token.is(200).body["device_token"].clone();
    let enrolling = old.sign_in("dora").await;
    let app = App::of(&enrolling.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await);
    let reset = old.post("/v1/password-resets", &json!({"email": "dora@example.com"})).await;
    let reset_id = reset.is(202).body["reset_id"].as_str().unwrap();
    let reset_code = world.code(reset_id, FlowPurpose::PasswordReset).await;
    let registration = old.post("/v1/registrations", &json!({"email": "new@example.com"})).await;
    let registration_id = registration.is(202).body["registration_id"].as_str().unwrap();
    let registration_code = world.code(registration_id, FlowPurpose::Registration).await;
    let page = admin.get("/v1/users?limit=1").await;
    let cursor = page.is(200).body["next_cursor"].as_str().unwrap();
    let keyed = |client: &Client| client.with("idempotency-key", "k");
    let app_body = json!({"name": "App"});
    let created = keyed(&admin).post("/v1/apps", &app_body).await;

    let context = turned(&world).await;
    let new = world.stranger_to(&context);
    let as_admin = new.with("authorization", admin.headers["authorization"].to_str().unwrap());
    let as_dora = new.with("authorization", enrolling.headers["authorization"].to_str().unwrap());
    second_step(&new, &held, &mina.app.code(&world, 0)).await.is(200);
    let known = json!({"login": "dora", "password": PASSWORD, "device_token": device_token});
    let device_token = new.post("/v1/login", &known).await.is(200).body["device_token"].clone();
    let confirmed = as_dora.post("/v1/me/totp/confirm", &json!({"code": app.code(&world, 0)})).await;
    confirmed.is(200);
    let body = json!({"code": reset_code, "password": PASSWORD, "password_confirmation": PASSWORD});
    new.post(&format!("/v1/password-resets/{reset_id}/complete"), &body).await.is(204);
    let body = json!({"code": registration_code, "username": "newcomer", "login": "newcomer", "password": PASSWORD,
        "password_confirmation": PASSWORD});
    new.post(&format!("/v1/registrations/{registration_id}/complete"), &body).await.is(201);
    as_admin.get(&format!("/v1/users?limit=1&cursor={cursor}")).await.is(200);
    let replayed = keyed(&as_admin).post("/v1/apps", &app_body).await;
    assert_eq!(replayed.is(201).header("idempotency-replayed"), "true");
    assert_eq!(replayed.body, created.body);
    assert_ne!(device_token, Value::Null);

    // The code that was taken has sealed the secret anew; dora's was confirmed as it lay and is sealed at its next use.
    let sealed = async |login| credential(&world, login).await["totp"]["secret"].as_str().unwrap()[..3].to_owned();
    assert_eq!((sealed("mina").await, sealed("dora").await), ("k2.".to_owned(), "k1.".to_owned()));
    let last = cleared(&world).await;
    let last = world.stranger_to(&last);
    for client in [&new, &last] {
        for (login, app) in [("mina", &mina.app), ("dora", &app)] {
            world.clock.advance(Duration::from_secs(30));
            let held = ticket(client, login).await;
            second_step(client, &held, &app.code(&world, 0)).await.is(200);
        }
        assert_eq!(sealed("dora").await, "k2.");
    }
    let late = last.with("authorization", admin.headers["authorization"].to_str().unwrap());
    late.get(&format!("/v1/users?limit=1&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
}

/// A code is found by the key it was drawn under as long as that key is there; then it is as one that nobody drew, and
/// still ends like any other.
#[tokio::test]
async fn a_code_outlives_the_turn_of_the_key_it_was_drawn_under() {
    let mut fixture = InvitationFixture::new().await;
    let (first, second, third) = (fixture.code().await, fixture.code().await, fixture.code().await);
    let context = turned(&fixture.world).await;
    let new = fixture.world.stranger_to(&context);
    let under = |client: &Client, known: &Client| {
        client.with("authorization", known.headers["authorization"].to_str().unwrap())
    };
    let (mina, jisoo) = (fixture.world.redeemer("mina").await, fixture.world.redeemer("jisoo").await);
    redeem(&under(&new, &mina), &first).await.is(200);
    let (path, body) = (format!("{}/invitations", fixture.team), json!({"role_id": "developer"}));
    let fourth = code_of(&under(&new, &fixture.inviter).post(&path, &body).await.is(201).body);
    redeem(&under(&new, &jisoo), &fourth).await.is(200);
    redeem(&under(&new, &fixture.world.redeemer("dora").await), &first).await.is_problem(Code::InvitationInvalid);
    assert_consistent(&fixture.world).await;

    let last = fixture.world.stranger_to(&cleared(&fixture.world).await);
    let late = fixture.world.redeemer("late").await;
    redeem(&under(&last, &late), &second).await.is_problem(Code::InvitationInvalid);
    let listed = under(&last, &fixture.inviter).get(&format!("{}/invitations?status=live", fixture.team)).await;
    let id = listed.is(200).body["items"][0]["invitation_id"].as_str().unwrap().to_owned();
    under(&last, &fixture.inviter).delete(&format!("{}/invitations/{id}", fixture.team)).await.is(204);
    assert_consistent(&fixture.world).await;
    fixture.world.clock.advance(Duration::from_hours(24));
    let context = fixture.world.restarted(&[]);
    cleanup::run(context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    fixture.wake_up().await;
    redeem(&fixture.world.redeemer("later").await, &third).await.is_problem(Code::InvitationInvalid);
    assert_consistent(&fixture.world).await;
}

/// The mark of a device is opened with the key it was made with.
#[tokio::test]
async fn a_device_stays_known_while_the_key_of_its_mark_is_there() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let signed_in = world.stranger().post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await;
    let token = signed_in.is(200).body["device_token"].clone();
    let turned = world.stranger_to(&turned(&world).await);
    let mut body = json!({"login": "mina", "password": "wrong horse battery"});
    for host in 0..5 {
        turned.at(&format!("192.0.2.{host}")).post("/v1/login", &body).await.is_problem(Code::InvalidCredentials);
    }
    body["password"] = PASSWORD.into();
    turned.post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
    body["device_token"] = token;
    turned.post("/v1/login", &body).await.is(200);
    let cleared = world.stranger_to(&cleared(&world).await);
    cleared.post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
}

/// Functions that started before the key was turned do not know it: what needs it is out of order for them, and nothing
/// breaks. A key that is announced first, behind the one in use, is known to all when it is turned.
#[tokio::test]
async fn a_key_that_was_announced_is_turned_without_an_interruption() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let first = keys(&world);
    let second = json!({"id": "k2", "key": "new".repeat(15)});
    let announced = json!({"id": first["id"], "key": first["key"], "previous": [second]});
    let announced = world.stranger_to(&started(&world, &announced).await);
    announced.sign_in("mina").await;
    world.stranger().sign_in("mina").await;

    let turned = json!({"id": "k2", "key": second["key"], "previous": [first]});
    let turned = world.stranger_to(&started(&world, &turned).await);
    turned.sign_in("mina").await;
    assert_eq!(credential(&world, "mina").await["pepper"], "k2");
    let body = json!({"login": "mina", "password": PASSWORD});
    world.stranger().post("/v1/login", &body).await.is_problem(Code::Unavailable);
    announced.sign_in("mina").await;
    assert_eq!(credential(&world, "mina").await["pepper"], "k1", "dated is what is not the first");
}

/// L6.
#[tokio::test]
async fn without_the_master_key_nobody_signs_in_or_registers_and_nothing_is_written() {
    let world = World::without_key().await;
    let hashes = count_hashes();
    let stranger = world.stranger();
    let code = json!({"code": "12345678", "password": PASSWORD, "password_confirmation": PASSWORD});
    let mut registration = code.clone();
    registration["username"] = "mina".into();
    registration["login"] = "mina".into();
    let id = "019a0000-0000-7000-8000-000000000000";
    for (path, body) in [
        ("/v1/login".to_owned(), json!({"login": "mina", "password": PASSWORD})),
        ("/v1/registrations".to_owned(), json!({"email": "mina@example.com"})),
        (format!("/v1/registrations/{id}/complete"), registration),
        ("/v1/password-resets".to_owned(), json!({"email": "mina@example.com"})),
        (format!("/v1/password-resets/{id}/complete"), code),
    ] {
        let refused = stranger.post(&path, &body).await;
        assert_eq!(refused.is_problem(Code::Unavailable).header("retry-after"), "1", "{path}");
    }
    assert_eq!(world.dump().await, Vec::<Value>::new());
    assert_eq!(hashes.load(Ordering::SeqCst), 0);
}
