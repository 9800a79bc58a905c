//! Password reset: whoever receives mails at the verified address sets a new password.

mod codes;

use axum::http::Method;
use rollcall_domain::{
    Code,
    credential::Totp,
    id::UserId,
    limits::{CODE_LIFETIME, RESEND_AFTER},
    user::User,
    verification::FlowPurpose,
};
use rollcall_store::credential::CredentialChange;
use serde_json::{Value, json};

use crate::support::{
    Client, PASSWORD, World,
    mailed_codes::{
        MILLISECOND, MINA, are_alike, assert_markers_consistent, is_wrong, items, mails, member, new_password, other,
        proved, register, reset, reset_resent, reset_started, started,
    },
};

/// The password that the tests set.
const NEW: &str = "another horse staple";

async fn sign_in(client: &Client, login: &str, password: &str) -> crate::support::Reply {
    client.post("/v1/login", &json!({"login": login, "password": password})).await
}

/// Resets a password, from the mail to the new password.
async fn reset_to(world: &World, client: &Client, email: &str, password: &str) -> crate::support::Reply {
    let id = reset_started(client, email).await;
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    reset(client, &id, &new_password(&code, password)).await
}

/// The stored user.
async fn stored(world: &World, user_id: UserId) -> User {
    world.store().user(user_id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_sessions_and_devices_and_notifies_the_user() {
    let world = World::new().await;
    let (_, bystander) = member(&world, "bystander", "bystander@example.com").await;
    let (user, client) = member(&world, "mina", "Mina@example.com").await;
    let stranger = world.stranger();
    let device = sign_in(&stranger, "mina", PASSWORD).await.body["device_token"].clone();
    for number in 0..7 {
        let guesser = stranger.at(&format!("192.0.2.{number}"));
        assert!(matches!(sign_in(&guesser, "mina", "wrong").await.status, 401 | 429));
    }
    let known = json!({"login": "mina", "password": PASSWORD, "device_token": device});
    stranger.post("/v1/login", &known).await.is(200);
    sign_in(&stranger, "mina", PASSWORD).await.is_problem(Code::TooManyAttempts);

    world.clock.advance(MILLISECOND);
    let done = reset_to(&world, &stranger, "mina@EXAMPLE.com", NEW).await;
    assert_eq!((done.is(204).bytes.len(), done.header("set-cookie")), (0, ""), "it does not sign in");
    client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    bystander.get("/v1/me").await.is(200);
    // Unknown devices may sign in again at once, and the device token is no longer valid.
    let signed_in = sign_in(&stranger, "mina", NEW).await;
    assert_eq!(signed_in.is(200).body["user"]["password_change_required"], false);
    sign_in(&stranger, "mina", PASSWORD).await.is_problem(Code::InvalidCredentials);
    let before = mails(&world).await.len();
    let with_old_token = json!({"login": "mina", "password": NEW, "device_token": device});
    stranger.post("/v1/login", &with_old_token).await.is(200);
    let after = mails(&world).await;
    assert_eq!(after.len(), before + 1, "a sign-in from a new device");
    for kind in ["password_reset_code", "password_changed"] {
        assert!(after.contains(&json!(["Mina@example.com", "en", kind])), "{kind}");
    }
    let mut audit = world.audit().await;
    audit.retain(|record| record["action"] != "user.sign_in");
    assert_eq!((audit.len(), &audit[0]["action"]), (1, &json!("user.set_password")));
    assert_eq!(audit[0]["actor"]["user_id"], user.user_id.to_string());
    let dump = format!("{:?}", world.dump().await);
    assert!(!dump.contains(NEW) && !dump.contains(PASSWORD));
}

/// The reply, the calls and the written items are the same for an address that nobody verified.
#[tokio::test]
async fn starting_a_reset_does_not_reveal_whether_the_address_is_known() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let unverified =
        json!({"username": "unverified", "login": "unverified", "type": "member", "email": MINA, "password": PASSWORD});
    world.admin().await.post("/v1/users", &unverified).await.is(201);
    let mut seen = Vec::new();
    for (email, address) in [("owner@example.com", "192.0.2.1"), ("none@example.com", "192.0.2.2"), (MINA, "192.0.2.3")]
    {
        let (before, client) = (world.dump().await.len(), world.stranger().at(address));
        world.faults.take_log();
        let reply = client.post("/v1/password-resets", &json!({"email": email})).await;
        let begun = world.faults.take_log().into_iter().map(|call| call.operation).collect::<Vec<_>>();
        let added = world.dump().await.len() - before;
        let id = reply.is(202).body["reset_id"].as_str().unwrap().to_owned();
        let wrong = other(&world.code(&id, FlowPurpose::PasswordReset).await);
        let refused = reset(&client, &id, &new_password(&wrong, NEW)).await;
        let completed = world.faults.take_log().into_iter().map(|call| call.operation).collect::<Vec<_>>();
        is_wrong(&refused);
        seen.push((reply, refused, begun, completed, added));
    }
    for (reply, refused, begun, completed, added) in &seen[1..] {
        are_alike(reply, &seen[0].0);
        are_alike(refused, &seen[0].1);
        assert_eq!((begun, completed, added), (&seen[0].2, &seen[0].3, &seen[0].4));
    }
    let sent: Vec<_> = mails(&world).await.into_iter().filter(|mail| mail[0] != Value::Null).collect();
    assert_eq!(
        sent,
        [json!(["owner@example.com", "en", "password_reset_code"])],
        "an unverified address receives no mail"
    );
}

#[tokio::test]
async fn host_headers_of_the_client_are_ignored() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let poisoned = ["host", "x-forwarded-host", "forwarded", "origin", "referer"]
        .iter()
        .fold(world.stranger(), |client, name| client.with(name, "host=evil.example"));
    let begun = poisoned.post("/v1/password-resets", &json!({"email": MINA})).await;
    let done = reset_to(&world, &poisoned, MINA, NEW).await;
    for reply in [begun.is(202), done.is(204)] {
        assert!(!format!("{:?} {}", reply.headers, reply.body).contains("evil"));
    }
    assert!(world.dump().await.iter().all(|item| !item.to_string().contains("evil")));
}

#[tokio::test]
async fn a_reset_neither_enables_a_user_nor_removes_two_factor() {
    let world = World::new().await;
    let (user, _) = member(&world, "mina", MINA).await;
    let totp = Totp { secret: "sealed".to_owned(), last_step: 7 };
    let after = user.clone().with_totp(true, None, world.now());
    let codes = ["hash".to_owned()].into();
    let commit = rollcall_store::user::change(&user, &after, CredentialChange::Totp(&totp, &codes)).unwrap();
    world.writer().commit(commit).await.unwrap();
    let admin = world.admin().await;
    let path = format!("/v1/users/{}", user.user_id);
    admin.patch(&path, &json!({"status": "disabled"})).await.is(200);

    reset_to(&world, &world.stranger(), MINA, NEW).await.is(204);
    let reset = admin.get(&path).await;
    assert_eq!((&reset.body["status"], &reset.body["totp_enabled"]), (&json!("disabled"), &json!(true)));
    sign_in(&world.stranger(), "mina", NEW).await.is_problem(Code::InvalidCredentials);
    let credential = world.store().credential(&user.login).await.unwrap().unwrap();
    assert_eq!((credential.totp.as_ref(), &credential.recovery_codes), (Some(&totp), &codes));
    admin.patch(&path, &json!({"status": "enabled"})).await.is(200);
    let first_step = sign_in(&world.stranger(), "mina", NEW).await;
    assert_eq!((first_step.is(200).body["mfa"].is_object(), first_step.body.get("token")), (true, None));
}

#[tokio::test]
async fn a_password_that_contains_the_login_is_refused_and_does_not_count_as_an_attempt() {
    let world = World::new().await;
    member(&world, "mina.park", "harbor@example.com").await;
    let stranger = world.stranger();
    let id = reset_started(&stranger, "harbor@example.com").await;
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    for (password, violation) in [("short", "too_short"), ("password1234", "weak_password")] {
        let refused = reset(&stranger, &id, &new_password(&other(&code), password)).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", violation])]);
    }
    for password in ["tq7 vXk mina.park", "tq7 vXk HARBOR"] {
        // With a wrong code the reply does not reveal the login.
        let before = items(&world, "FLOW#").await;
        let refused = reset(&stranger, &id, &new_password(&code, password)).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", "weak_password"])]);
        assert_eq!(items(&world, "FLOW#").await, before);
    }
    is_wrong(&reset(&stranger, &id, &new_password(&other(&code), "tq7 vXk mina.park")).await);
    let mut body = new_password(&code, "short");
    body["password_confirmation"] = json!("other");
    body["login"] = json!("mina.park");
    let refused = reset(&stranger, &id, &body).await;
    let mut violations = refused.is_problem(Code::UnknownField).violations();
    violations.sort_by_key(ToString::to_string);
    let expected = [["/login", "unknown_field"], ["/password", "too_short"], ["/password_confirmation", "mismatch"]];
    assert_eq!(violations, expected.map(|violation| json!(violation)));
    reset(&stranger, &id, &new_password(&code, NEW)).await.is(204);
}

/// Each purpose is counted separately. Known and unknown addresses have the same limits.
#[tokio::test]
async fn resets_have_the_same_mail_limits_as_registrations() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    for _ in 0..2 {
        for email in [MINA, "none@example.com"] {
            reset_started(&world.stranger(), email).await;
        }
        world.clock.advance(RESEND_AFTER);
    }
    let asked = async |email: &str| world.stranger().post("/v1/password-resets", &json!({"email": email})).await;
    let (known, unknown) = (asked(MINA).await, asked("none@example.com").await);
    assert_eq!(known.is_problem(Code::TooManyRequests).header("retry-after"), (3_600 - 120).to_string());
    are_alike(&known, &unknown);
    started(&world.stranger(), MINA).await;
}

#[tokio::test]
async fn an_idempotency_key_repeats_the_reply_without_resetting_again() {
    let world = World::new().await;
    let (user, _) = member(&world, "mina", MINA).await;
    let stranger = world.stranger().with("idempotency-key", "k");
    let id = reset_started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    reset(&stranger, &id, &new_password(&code, NEW)).await.is(204);
    let once = stored(&world, user.user_id).await;
    let again = reset(&stranger, &id, &new_password(&code, NEW)).await;
    assert_eq!(again.is(204).header("idempotency-replayed"), "true");
    assert_eq!(stored(&world, user.user_id).await, once);
    reset(&stranger, &id, &new_password(&code, "third horse staple")).await.is_problem(Code::IdempotencyMismatch);
}

/// The mail does not depend on the language of whoever starts the reset.
#[tokio::test]
async fn the_mail_is_in_the_language_of_the_user() {
    let world = World::new().await;
    let (user, _) = member(&world, "mina", MINA).await;
    let korean = world.stranger().with("accept-language", "ko");
    reset_started(&korean, MINA).await;
    korean.sign_in("mina").await;
    world.clock.advance(RESEND_AFTER);
    reset_started(&world.stranger().at("192.0.2.1"), MINA).await;
    let codes: Vec<_> = mails(&world).await.into_iter().filter(|mail| mail[2] == "password_reset_code").collect();
    assert_eq!(codes, ["en", "ko"].map(|language| json!([MINA, language, "password_reset_code"])));
    // The mail goes to the verified spelling of the address, not to the one in the request.
    let respelled = proved(&world, &stored(&world, user.user_id).await, "MINA@example.com").await;
    world.clock.advance(RESEND_AFTER);
    reset_started(&world.stranger().at("192.0.2.2"), MINA).await;
    assert_eq!(mails(&world).await.last().unwrap()[0], respelled.email.unwrap().as_str());
}
