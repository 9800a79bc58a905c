//! Changing one's own address: it is verified by a code before it is bound.

use axum::http::Method;
use rollcall_domain::{
    Code,
    limits::{CODE_LIFETIME, RESEND_AFTER},
    permission::UserType,
    user::User,
    verification::FlowPurpose,
};
use serde_json::{Value, json};

use crate::support::{
    Client, PASSWORD, Reply, World,
    mailed_codes::{
        MILLISECOND, MINA, are_alike, assert_markers_consistent, is_wrong, items, just_before, mails, member, other,
        register, reset_started,
    },
};

async fn ask(client: &Client, email: &str) -> Reply {
    client.post("/v1/me/email", &json!({"email": email, "current_password": PASSWORD})).await
}

async fn code_of(world: &World, user: &User) -> String {
    world.code(&user.user_id.to_string(), FlowPurpose::EmailChange).await
}

async fn confirm(client: &Client, code: &str) -> Reply {
    client.post("/v1/me/email/confirm", &json!({"code": code})).await
}

async fn unbind(client: &Client, password: &str) -> Reply {
    client.send(Method::DELETE, "/v1/me/email", Some(json!({"current_password": password}).to_string())).await
}

#[tokio::test]
async fn a_verified_address_replaces_the_old_one_which_is_notified_and_becomes_free() {
    let world = World::new().await;
    member(&world, "bystander", "bystander@example.com").await;
    let (user, client) = member(&world, "mina", "old@example.com").await;
    let begun = ask(&client, "New@Example.com").await;
    let expected = json!({"expires_at": "2026-11-20T12:10:00.000Z", "resend_after": "2026-11-20T12:01:00.000Z"});
    assert_eq!(begun.is(202).body, expected);
    let me = client.get("/v1/me").await;
    assert_eq!(me.body["user"]["email"], "old@example.com", "nothing changes before the code");
    let code = code_of(&world, &user).await;
    let done = confirm(&client, &code).await;
    let shown = &done.is(200).body["user"];
    assert_eq!((&shown["email"], &shown["email_verified"]), (&json!("New@Example.com"), &json!(true)));
    assert_eq!((done.header("etag"), &shown["version"]), ("\"3\"", &json!(3)));
    assert_eq!(&client.get("/v1/me").await.is(200).body["user"], shown, "the session stays valid");
    assert_eq!(
        mails(&world).await,
        [json!(["New@Example.com", "en", "email_change_code"]), json!(["old@example.com", "en", "email_changed"])]
    );
    let record = &world.audit().await[0];
    assert_eq!((&record["action"], &record["before"]["email"]), (&json!("user.set_email"), &json!("old@example.com")));
    assert_markers_consistent(&world).await;
    is_wrong(&confirm(&client, &code).await);
    register(&world, &world.stranger(), "old@example.com", "somebody").await.is(201);
    assert_markers_consistent(&world).await;
}

#[tokio::test]
async fn an_address_is_changed_and_unbound_only_with_the_current_password() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", MINA).await;
    let body = json!({"email": "new@example.com", "current_password": "wrong horse"});
    for refused in [client.post("/v1/me/email", &body).await, unbind(&client, "wrong horse").await] {
        let violations = refused.is_problem(Code::ValidationFailed).violations();
        assert_eq!(violations, [json!(["/current_password", "incorrect"])]);
    }
    for (body, violation) in [
        (json!({"email": "new@example.com"}), json!(["/current_password", "required"])),
        (json!({"email": "new", "current_password": PASSWORD}), json!(["/email", "bad_format"])),
        (json!({"email": [MINA], "current_password": PASSWORD}), json!(["/email", "wrong_type"])),
        (json!({"email": null, "current_password": PASSWORD}), json!(["/email", "required"])),
    ] {
        let refused = client.post("/v1/me/email", &body).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [violation]);
    }
    assert_eq!((mails(&world).await.len(), items(&world, "FLOW#").await.len()), (0, 0));
    world.stranger().post("/v1/me/email", &json!({})).await.is_problem(Code::Unauthenticated);
    assert_eq!(world.store().user(user.user_id).await.unwrap().unwrap(), user);
}

#[tokio::test]
async fn a_taken_address_gets_the_reply_of_a_free_one_and_its_owner_is_notified() {
    let world = World::new().await;
    let (_, owner) = member(&world, "owner", "Owner@example.com").await;
    let (user, client) = member(&world, "mina", MINA).await;
    let (other_user, other_client) = member(&world, "other", "other@example.com").await;
    let mut seen = Vec::new();
    let (here, there) = (client.at("192.0.2.1"), other_client.at("192.0.2.2"));
    for (client, email) in [(here, "owner@example.com"), (there, "frees@example.com")] {
        let before = world.dump().await.len();
        world.faults.take_log();
        let reply = ask(&client, email).await;
        let operations = world.faults.take_log().into_iter().map(|call| call.operation).collect::<Vec<_>>();
        seen.push((reply, operations, world.dump().await.len() - before));
    }
    are_alike(seen[0].0.is(202), &seen[1].0);
    assert_eq!((&seen[0].1, seen[0].2), (&seen[1].1, seen[1].2));
    assert_eq!(
        mails(&world).await,
        [json!(["Owner@example.com", "en", "address_taken"]), json!(["frees@example.com", "en", "email_change_code"])]
    );
    // The right code was mailed to nobody. Even if it is guessed, it does not take the address from its owner.
    is_wrong(&confirm(&client, &code_of(&world, &user).await).await);
    confirm(&other_client, &code_of(&world, &other_user).await).await.is(200);
    assert_eq!(owner.get("/v1/me").await.body["user"]["email"], "Owner@example.com");
    assert_markers_consistent(&world).await;
}

/// An address that an admin entered is bound only by a code sent to the user.
#[tokio::test]
async fn an_address_entered_by_an_admin_is_confirmed_by_its_user_and_blocks_nobody_else() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut unverified = Vec::new();
    for login in ["first", "second"] {
        let (user, client) = world.user(login, UserType::Member, []).await;
        world.with_password(&user).await;
        admin.patch(&format!("/v1/users/{}", user.user_id), &json!({"email": MINA})).await.is(200);
        unverified.push((user, client));
    }
    assert_eq!(items(&world, "EMAIL#").await.len(), 0);
    let (user, client) = &unverified[1];
    ask(client, MINA).await.is(202);
    let done = confirm(client, &code_of(&world, user).await).await;
    assert_eq!(done.is(200).body["user"]["email_verified"], true);
    let first = unverified[0].1.get("/v1/me").await;
    assert_eq!(first.body["user"]["email_verified"], false);
    // Removing an unverified address notifies nobody.
    let before = mails(&world).await;
    unbind(&unverified[0].1, PASSWORD).await.is(204);
    assert_eq!(mails(&world).await, before);
    assert_markers_consistent(&world).await;
}

/// The code expires after ten minutes, only the newest one is valid, and there are five attempts.
#[tokio::test]
async fn a_change_obeys_the_rules_of_mailed_codes() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", "old@example.com").await;
    is_wrong(&confirm(&client, "00000000").await);
    ask(&client, MINA).await.is(202);
    let old = code_of(&world, &user).await;
    world.clock.advance(RESEND_AFTER);
    ask(&client, MINA).await.is(202);
    let code = code_of(&world, &user).await;
    for wrong in [&old, &other(&code), &other(&code), &other(&code), &other(&code)] {
        is_wrong(&confirm(&client, wrong).await);
    }
    is_wrong(&confirm(&client, &code).await);

    // Another request begins another flow.
    world.clock.advance(CODE_LIFETIME);
    ask(&client.at("192.0.2.1"), MINA).await.is(202);
    let code = code_of(&world, &user).await;
    world.clock.advance(CODE_LIFETIME);
    is_wrong(&confirm(&client, &code).await);
    ask(&client, "third@example.com").await.is(202);
    let code = code_of(&world, &user).await;
    world.clock.advance(just_before(CODE_LIFETIME));
    assert_eq!(confirm(&client, &code).await.is(200).body["user"]["email"], "third@example.com");
}

/// The mail goes out when the minute is over, and the reply says so.
#[tokio::test]
async fn a_second_request_within_a_minute_is_mailed_later() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", "old@example.com").await;
    ask(&client, MINA).await.is(202);
    world.clock.advance(just_before(RESEND_AFTER));
    let second = ask(&client, MINA).await;
    let expected = json!({"expires_at": "2026-11-20T12:11:00.000Z", "resend_after": "2026-11-20T12:02:00.000Z"});
    assert_eq!(second.is(202).body, expected);
    assert_eq!(world.mails(MINA).await.len(), 1);
    world.clock.advance(MILLISECOND);
    let code = code_of(&world, &user).await;
    assert!(world.mails(MINA).await[0].text.contains(&code));
    confirm(&client, &code).await.is(200);
}

/// The code of the first address binds neither address.
#[tokio::test]
async fn a_second_change_replaces_the_first() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", "old@example.com").await;
    ask(&client, "first@example.com").await.is(202);
    let first = code_of(&world, &user).await;
    ask(&client, "second@example.com").await.is(202);
    is_wrong(&confirm(&client, &first).await);
    let done = confirm(&client, &code_of(&world, &user).await).await;
    assert_eq!(done.is(200).body["user"]["email"], "second@example.com");
    assert_markers_consistent(&world).await;
}

#[tokio::test]
async fn changes_have_the_same_mail_limits_as_registrations() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", "old@example.com").await;
    for _ in 0..2 {
        ask(&client, MINA).await.is(202);
        world.clock.advance(RESEND_AFTER);
    }
    let refused = ask(&client, MINA).await;
    assert_eq!(refused.is_problem(Code::TooManyRequests).header("retry-after"), (3_600 - 120).to_string());
    assert_eq!(mails(&world).await.len(), 2);
    let (_, another) = member(&world, "another", "another@example.com").await;
    ask(&another, MINA).await.is_problem(Code::TooManyRequests);
    ask(&client, "third@example.com").await.is(202);
}

#[tokio::test]
async fn an_unbound_address_is_notified_and_becomes_free() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    unbind(&client, PASSWORD).await.is(204);
    unbind(&client, PASSWORD).await.is(204);
    let me = client.get("/v1/me").await;
    assert_eq!((&me.body["user"]["email"], &me.body["user"]["email_verified"]), (&Value::Null, &json!(false)));
    assert_eq!(mails(&world).await, [json!([MINA, "en", "email_unbound"])]);
    assert_eq!(items(&world, "EMAIL#").await.len(), 0);
    reset_started(&world.stranger(), MINA).await;
    assert!(
        mails(&world).await.contains(&json!([null, "en", "password_reset_code"])),
        "the reset mail has no recipient"
    );
    register(&world, &world.stranger(), MINA, "next").await.is(201);
    assert_markers_consistent(&world).await;
}

#[tokio::test]
async fn unbinding_with_a_stale_version_is_refused() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    unbind(&client.with("if-match", "\"1\""), PASSWORD).await.is_problem(Code::VersionConflict);
    assert_eq!(items(&world, "EMAIL#").await.len(), 1);
    unbind(&client.with("if-match", "\"2\""), PASSWORD).await.is(204);
}

#[tokio::test]
async fn an_idempotency_key_repeats_each_step_without_doing_it_again() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", "old@example.com").await;
    let with_key = client.with("idempotency-key", "k");
    let first = ask(&with_key, MINA).await;
    world.clock.advance(RESEND_AFTER);
    let again = ask(&with_key, MINA).await;
    assert_eq!((again.is(202).header("idempotency-replayed"), &again.body), ("true", &first.body));
    assert_eq!(mails(&world).await.len(), 1);
    let code = code_of(&world, &user).await;
    let done = confirm(&with_key, &code).await;
    let again = confirm(&with_key, &code).await;
    assert_eq!((again.is(200).header("idempotency-replayed"), &again.body), ("true", &done.body));
    assert_eq!(mails(&world).await.len(), 2);
    confirm(&with_key, &other(&code)).await.is_problem(Code::IdempotencyMismatch);
}

#[tokio::test]
async fn the_code_of_another_user_binds_nothing() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", "old@example.com").await;
    let (_, eve) = member(&world, "eve", "eve@example.com").await;
    ask(&client, MINA).await.is(202);
    ask(&eve, "eve2@example.com").await.is(202);
    is_wrong(&confirm(&eve, &code_of(&world, &user).await).await);
    confirm(&client, &code_of(&world, &user).await).await.is(200);
}
