//! The master key: rotating it without interruption, and running without it.

use std::{fs, sync::atomic::Ordering, time::Duration};

use futures_util::future::join_all;
use rollcall_api::{Context, keyring::Keyring};
use rollcall_domain::{
    Code,
    credential::PasswordHash,
    limits::{KEYRING_LIFETIME, KEYRING_RETRY},
    permission::UserType,
    verification::FlowPurpose,
};
use rollcall_store::credential::{CredentialChange, SecondFactorChange};
use serde_json::{Value, json};

use crate::{
    invitations::{InvitationFixture, code_of, redeem},
    support::{Client, PASSWORD, World, consistency::assert_consistent, count_hashes},
    two_factor::{App, owner, second_step, ticket},
};

fn keys(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.key_file()).unwrap()).unwrap()
}

/// The key that follows the first one.
fn next_key() -> Value {
    json!({"key": "new".repeat(15)})
}

/// The id by which new data names the current one of these keys.
fn id_of(keys: &Value) -> String {
    Keyring::parse(&keys.to_string()).unwrap().current_id().to_owned()
}

/// Functions that start with these keys.
async fn started(world: &World, keys: &Value) -> Context {
    fs::write(world.key_file(), keys.to_string()).unwrap();
    let context = world.restarted(&[]);
    context.keyring().await.unwrap();
    context
}

/// Functions that start after a rotation: the new key is first, the old one second.
async fn rotated(world: &World) -> Context {
    started(world, &json!({"key": next_key()["key"], "previous": [keys(world)]})).await
}

/// Functions that start after the old keys were removed.
async fn cleared(world: &World) -> Context {
    let keys = keys(world);
    started(world, &json!({"key": keys["key"]})).await
}

async fn credential(world: &World, login: &str) -> Value {
    let items = world.dump().await;
    items.into_iter().find(|item| item["pk"] == format!("LOGIN#{login}")).unwrap()
}

#[tokio::test]
async fn a_key_is_rotated_without_a_restart() {
    let world = World::new().await;
    for login in ["mina", "other", "third"] {
        let (user, _) = world.user(login, UserType::Member, []).await;
        world.with_password(&user).await;
    }
    let old = id_of(&keys(&world));
    let running = world.restarted(&[]);
    let client = world.stranger_to(&running);
    client.sign_in("other").await;
    let rotated = rotated(&world).await;
    world.stranger_to(&rotated).sign_in("mina").await;
    world.clock.advance(KEYRING_RETRY);
    client.sign_in("other").await;
    assert_eq!(credential(&world, "other").await["pepper"], old, "it is not read again for what it can read");
    client.sign_in("mina").await;
    client.sign_in("other").await;
    assert_eq!(credential(&world, "other").await["pepper"], id_of(&next_key()), "it was for mina's password");
    fs::remove_file(world.key_file()).unwrap();
    world.clock.advance(KEYRING_LIFETIME);
    client.sign_in("third").await;
}

#[tokio::test]
async fn a_new_key_is_used_five_minutes_later() {
    let world = World::new().await;
    let running = world.restarted(&[]);
    let old = running.keyring().await.unwrap().current_id().to_owned();
    rotated(&world).await;
    world.clock.advance(KEYRING_LIFETIME.saturating_sub(Duration::from_millis(1)));
    assert_eq!(running.keyring().await.unwrap().current_id(), old);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(running.keyring().await.unwrap().current_id(), id_of(&next_key()));
    assert!(running.keyring().await.unwrap().has(&old));
}

#[tokio::test]
async fn a_password_is_rehashed_with_the_new_key_at_the_next_sign_in() {
    let world = World::new().await;
    for login in ["mina", "other"] {
        let (user, _) = world.user(login, UserType::Member, []).await;
        world.with_password(&user).await;
    }
    let others = credential(&world, "other").await;
    let old = id_of(&keys(&world));
    let hashes = count_hashes();
    let client = world.stranger_to(&rotated(&world).await);
    let wrong = client.post("/v1/login", &json!({"login": "mina", "password": "wrong horse battery"})).await;
    wrong.is_problem(Code::InvalidCredentials);
    assert_eq!(credential(&world, "mina").await["pepper"], old);
    for computed in [3, 4] {
        client.sign_in("mina").await.get("/v1/me").await.is(200);
        assert_eq!(credential(&world, "mina").await["pepper"], id_of(&next_key()));
        assert_eq!(hashes.load(Ordering::SeqCst), computed);
    }
    assert_eq!(credential(&world, "other").await, others);
    world.stranger_to(&cleared(&world).await).sign_in("mina").await.get("/v1/me").await.is(200);
}

/// One of the requests writes the new hash; all succeed.
#[tokio::test(start_paused = true)]
async fn concurrent_sign_ins_during_a_rehash_all_succeed() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger_to(&rotated(&world).await);
    let body = json!({"login": "mina", "password": PASSWORD});
    let replies = join_all((0..4).map(|_| client.post("/v1/login", &body))).await;
    for reply in replies {
        client.bearing(&reply).get("/v1/me").await.is(200);
    }
    assert_eq!(credential(&world, "mina").await["pepper"], id_of(&next_key()));
}

/// Before ids were derived from keys, a hash named its key by the id in the key file.
#[tokio::test]
async fn a_hash_that_names_its_key_as_the_file_does_moves_to_the_derived_id_at_the_next_sign_in() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let stored = credential(&world, "mina").await;
    let hash = PasswordHash { phc: stored["password_hash"].as_str().unwrap().to_owned(), pepper: "k1".to_owned() };
    let commit =
        rollcall_store::user::change(&user, &user, CredentialChange::Password(&hash, SecondFactorChange::Kept))
            .unwrap();
    world.writer().commit(commit).await.unwrap();
    let key = keys(&world)["key"].clone();
    let unnamed = world.stranger_to(&started(&world, &json!({"key": key})).await);
    let body = json!({"login": "mina", "password": PASSWORD});
    unnamed.post("/v1/login", &body).await.is_problem(Code::Unavailable);
    let named = world.stranger_to(&started(&world, &json!({"id": "k1", "key": key})).await);
    named.sign_in("mina").await;
    assert_eq!(credential(&world, "mina").await["pepper"], stored["pepper"]);
    unnamed.sign_in("mina").await;
}

/// Flows started with the old key are finished with the new one, and keep working after the old one is removed.
#[tokio::test]
async fn a_rotation_does_not_interrupt_flows_in_progress() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let (dora, _) = world.user("dora", UserType::Member, []).await;
    world.with_password(&dora).await;
    world.with_email(&dora, "dora@example.com").await;
    let old = world.stranger();

    let pending = ticket(&old, "mina").await;
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
    let with_key = |client: &Client| client.with("idempotency-key", "k");
    let app_body = json!({"name": "App"});
    let created = with_key(&admin).post("/v1/apps", &app_body).await;

    let context = rotated(&world).await;
    let new = world.stranger_to(&context);
    let as_admin = new.with("authorization", admin.headers["authorization"].to_str().unwrap());
    let as_dora = new.with("authorization", enrolling.headers["authorization"].to_str().unwrap());
    second_step(&new, &pending, &mina.app.code(&world, 0)).await.is(200);
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
    let replayed = with_key(&as_admin).post("/v1/apps", &app_body).await;
    assert_eq!(replayed.is(201).header("idempotency-replayed"), "true");
    assert_eq!(replayed.body, created.body);
    assert_ne!(device_token, Value::Null);

    // The accepted code encrypts mina's secret again. Dora's was only confirmed and is encrypted again at its next use.
    let sealed = async |login| {
        let credential = credential(&world, login).await;
        credential["totp"]["secret"].as_str().unwrap().split('.').next().unwrap().to_owned()
    };
    assert_eq!((sealed("mina").await, sealed("dora").await), (id_of(&next_key()), id_of(&keys(&world)["previous"][0])));
    let last = cleared(&world).await;
    let last = world.stranger_to(&last);
    for client in [&new, &last] {
        for (login, app) in [("mina", &mina.app), ("dora", &app)] {
            world.clock.advance(Duration::from_secs(30));
            let pending = ticket(client, login).await;
            second_step(client, &pending, &app.code(&world, 0)).await.is(200);
        }
        assert_eq!(sealed("dora").await, id_of(&next_key()));
    }
    let late = last.with("authorization", admin.headers["authorization"].to_str().unwrap());
    late.get(&format!("/v1/users?limit=1&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
}

/// A code is found as long as the key of its hash is configured. After that it is refused like an unknown one, and
/// still expires.
#[tokio::test]
async fn an_invitation_code_survives_a_rotation() {
    let mut fixture = InvitationFixture::new().await;
    let (first, second, third) = (fixture.code().await, fixture.code().await, fixture.code().await);
    let context = rotated(&fixture.world).await;
    let new = fixture.world.stranger_to(&context);
    let as_user = |client: &Client, known: &Client| {
        client.with("authorization", known.headers["authorization"].to_str().unwrap())
    };
    let (mina, jisoo) = (fixture.world.redeemer("mina").await, fixture.world.redeemer("jisoo").await);
    redeem(&as_user(&new, &mina), &first).await.is(200);
    let (path, body) = (format!("{}/invitations", fixture.team), json!({"role_id": "developer"}));
    let fourth = code_of(&as_user(&new, &fixture.inviter).post(&path, &body).await.is(201).body);
    redeem(&as_user(&new, &jisoo), &fourth).await.is(200);
    redeem(&as_user(&new, &fixture.world.redeemer("dora").await), &first).await.is_problem(Code::InvitationInvalid);
    assert_consistent(&fixture.world).await;

    let last = fixture.world.stranger_to(&cleared(&fixture.world).await);
    let late = fixture.world.redeemer("late").await;
    redeem(&as_user(&last, &late), &second).await.is_problem(Code::InvitationInvalid);
    let listed = as_user(&last, &fixture.inviter).get(&format!("{}/invitations?status=live", fixture.team)).await;
    let id = listed.is(200).body["items"][0]["invitation_id"].as_str().unwrap().to_owned();
    as_user(&last, &fixture.inviter).delete(&format!("{}/invitations/{id}", fixture.team)).await.is(204);
    assert_consistent(&fixture.world).await;
    fixture.world.clock.advance(Duration::from_hours(24));
    let context = fixture.world.restarted(&[]);
    cleanup::run(context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    fixture.sign_in_again().await;
    redeem(&fixture.world.redeemer("later").await, &third).await.is_problem(Code::InvitationInvalid);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_device_stays_known_while_the_key_of_its_token_is_configured() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let signed_in = world.stranger().post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await;
    let token = signed_in.is(200).body["device_token"].clone();
    let after_rotation = world.stranger_to(&rotated(&world).await);
    let mut body = json!({"login": "mina", "password": "wrong horse battery"});
    for host in 0..5 {
        after_rotation
            .at(&format!("192.0.2.{host}"))
            .post("/v1/login", &body)
            .await
            .is_problem(Code::InvalidCredentials);
    }
    body["password"] = PASSWORD.into();
    after_rotation.post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
    body["device_token"] = token;
    after_rotation.post("/v1/login", &body).await.is(200);
    let cleared = world.stranger_to(&cleared(&world).await);
    cleared.post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
}

/// Functions that started before a rotation do not know the new key and reply with 503 where they need it. If the new
/// key is first added as a previous one, all functions know it when it becomes the current one.
#[tokio::test]
async fn a_key_announced_before_its_rotation_interrupts_nothing() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let first = keys(&world);
    let second = next_key();
    let announced = json!({"key": first["key"], "previous": [second]});
    let announced = world.stranger_to(&started(&world, &announced).await);
    announced.sign_in("mina").await;
    world.stranger().sign_in("mina").await;

    let after_rotation = json!({"key": second["key"], "previous": [first]});
    let after_rotation = world.stranger_to(&started(&world, &after_rotation).await);
    after_rotation.sign_in("mina").await;
    assert_eq!(credential(&world, "mina").await["pepper"], id_of(&second));
    let body = json!({"login": "mina", "password": PASSWORD});
    world.stranger().post("/v1/login", &body).await.is_problem(Code::Unavailable);
    announced.sign_in("mina").await;
    assert_eq!(
        credential(&world, "mina").await["pepper"],
        id_of(&first),
        "a hash is outdated if its key is not the current one"
    );
}

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
