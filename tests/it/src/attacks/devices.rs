//! Marks of known devices as a means of guessing, and networks as a means of locking devices out.

use axum::http::Method;
use rollcall_api::throttle::LoginThrottles;
use rollcall_domain::throttle::ThrottleKind;

use super::*;
use crate::{
    throttle::fail_at,
    two_factor::{bind, owner, second_step, ticket},
};

const WRONG: &str = "wrong horse battery";
const NEW: &str = "another horse staple";

async fn sign_in(client: &Client, login: &str, password: &str, device: &Value) -> Reply {
    client.post("/v1/login", &json!({"login": login, "password": password, "device_token": device})).await
}

/// Marks of new devices of one login, oldest first.
async fn marks(world: &World, login: &str, number: usize) -> Vec<Value> {
    let mut marks = Vec::new();
    for _ in 0..number {
        let signed_in = sign_in(&world.stranger(), login, PASSWORD, &Value::Null).await;
        marks.push(signed_in.is(200).body["device_token"].clone());
        world.clock.advance(Duration::from_secs(1));
    }
    marks
}

#[tokio::test]
async fn ten_marks_allow_no_more_guesses_than_one() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let marks = marks(&world, "mina", 10).await;
    for (number, mark) in marks.iter().cycle().take(5).enumerate() {
        let wrong = sign_in(&stranger(&world, number), "mina", WRONG, mark).await;
        wrong.is_problem(Code::InvalidCredentials);
    }
    for (number, mark) in marks.iter().enumerate() {
        let refused = sign_in(&stranger(&world, 10 + number), "mina", PASSWORD, mark).await;
        assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    }
    // Strangers are not affected.
    sign_in(&stranger(&world, 99), "mina", PASSWORD, &Value::Null).await.is(200);
}

#[tokio::test]
async fn an_eleventh_device_makes_the_oldest_a_stranger() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let marks = marks(&world, "mina", 11).await;
    for number in 0..5 {
        sign_in(&stranger(&world, number), "mina", WRONG, &Value::Null).await.is_problem(Code::InvalidCredentials);
    }
    sign_in(&stranger(&world, 10), "mina", PASSWORD, &marks[0]).await.is_problem(Code::TooManyAttempts);
    for (number, mark) in marks[1..].iter().enumerate() {
        sign_in(&stranger(&world, 20 + number), "mina", PASSWORD, mark).await.is(200);
    }
}

/// What ends the marks of devices.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Password,
    TotpOn,
    TotpOff,
    ResetByAdmin,
    ResetByMail,
    TotpOffByAdmin,
}

impl Change {
    /// Whether the user makes it in a session, whose device stays known.
    fn is_own(self) -> bool {
        matches!(self, Self::Password | Self::TotpOn | Self::TotpOff)
    }

    fn is_of_totp(self) -> bool {
        matches!(self, Self::TotpOn | Self::TotpOff | Self::TotpOffByAdmin)
    }
}

#[rstest]
#[tokio::test]
async fn a_change_of_password_or_second_factor_ends_the_marks_of_other_devices(
    #[values(
        Change::Password,
        Change::TotpOn,
        Change::TotpOff,
        Change::ResetByAdmin,
        Change::ResetByMail,
        Change::TotpOffByAdmin
    )]
    change: Change,
) {
    let world = World::new().await;
    let (user, _) = member(&world, "mina", MINA).await;
    let mut other_device = marks(&world, "mina", 1).await.remove(0);
    let signed_in = sign_in(&world.stranger(), "mina", PASSWORD, &Value::Null).await;
    let (own_device, client) = (signed_in.is(200).body["device_token"].clone(), world.stranger().bearing(&signed_in));
    let (admin, path) = (world.admin().await, format!("/v1/users/{}", user.user_id));
    let app = if change.is_of_totp() { Some(bind(&world, user, client.clone()).await.app) } else { None };
    if change != Change::TotpOn
        && let Some(app) = &app
    {
        // Binding the second factor has ended the other mark already.
        world.clock.advance(Duration::from_mins(1));
        let held = ticket(&world.stranger(), "mina").await;
        let signed_in = second_step(&world.stranger(), &held, &app.code(&world, 0)).await;
        other_device = signed_in.is(200).body["device_token"].clone();
        world.clock.advance(Duration::from_mins(1));
    }
    match change {
        Change::Password => {
            let body = json!({"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW});
            client.post("/v1/me/password", &body).await.is(204);
        }
        Change::TotpOn => {}
        Change::TotpOff => {
            let body = json!({"current_password": PASSWORD, "code": app.unwrap().code(&world, 0)});
            client.send(Method::DELETE, "/v1/me/totp", Some(body.to_string())).await.is(204);
        }
        Change::ResetByAdmin => {
            admin.post(&format!("{path}/password"), &json!({"password": NEW})).await.is(200);
        }
        Change::ResetByMail => {
            let id = reset_started(&world.stranger(), MINA).await;
            let code = world.code(&id, FlowPurpose::PasswordReset).await;
            reset(&world.stranger(), &id, &new_password(&code, NEW)).await.is(204);
        }
        Change::TotpOffByAdmin => {
            admin.delete(&format!("{path}/totp")).await.is(204);
        }
    }
    for number in 0..5 {
        sign_in(&stranger(&world, number), "mina", WRONG, &Value::Null).await.is_problem(Code::InvalidCredentials);
    }
    let password = if change.is_of_totp() { PASSWORD } else { NEW };
    let elsewhere = stranger(&world, 10);
    sign_in(&elsewhere, "mina", password, &other_device).await.is_problem(Code::TooManyAttempts);
    let own = sign_in(&elsewhere, "mina", password, &own_device).await;
    assert_eq!(own.status, if change.is_own() { 200 } else { 429 }, "{own:?}");
}

/// Whatever shows its session: a bearer token comes without the mark.
#[tokio::test]
async fn a_session_on_a_known_device_changes_the_password_whatever_strangers_guess() {
    let world = World::new().await;
    let (user, _) = member(&world, "mina", MINA).await;
    let mark = marks(&world, "mina", 1).await.remove(0);
    let throttles = LoginThrottles::of(&world.context, ThrottleKind::Password, "mina").await.unwrap();
    fail_at(&world, &throttles.unknown_devices, 100).await;
    let change = json!({"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW});
    let on_no_device = world.signed_in(&user).await;
    on_no_device.post("/v1/me/password", &change).await.is_problem(Code::TooManyAttempts);
    let on_known_device = world.stranger().bearing(&sign_in(&world.stranger(), "mina", PASSWORD, &mark).await);
    on_known_device.post("/v1/me/password", &change).await.is(204);
}

/// It is counted, though.
#[tokio::test]
async fn a_flooded_network_does_not_make_its_known_devices_wait() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let two_factor = owner(&world, "jisoo").await;
    let office = world.stranger();
    let mark = marks(&world, "mina", 1).await.remove(0);
    let half = ticket(&office, "jisoo").await;
    let signed_in = second_step(&office, &half, &two_factor.app.code(&world, 0)).await;
    let other_mark = signed_in.is(200).body["device_token"].clone();
    world.clock.advance(Duration::from_mins(1));
    for number in 0..12 {
        let flood = sign_in(&office, &format!("nobody{number}"), WRONG, &Value::Null).await;
        if flood.status == 429 {
            world.clock.advance(Duration::from_secs(flood.header("retry-after").parse().unwrap()));
        }
    }
    sign_in(&office, "mina", PASSWORD, &Value::Null).await.is_problem(Code::TooManyAttempts);
    sign_in(&office, "mina", PASSWORD, &mark).await.is(200);
    // Both steps of a sign-in, and what the session then asks the password for.
    let half = sign_in(&office, "jisoo", PASSWORD, &other_mark).await;
    let held = half.is(200).body["mfa"]["ticket"].as_str().unwrap();
    let signed_in = second_step(&office, held, &two_factor.app.code(&world, 0)).await;
    let client = office.bearing(&signed_in);
    let change = json!({"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW});
    client.post("/v1/me/password", &change).await.is(204);

    let failures = async || items(&world, "LANE#network#").await[0]["failures"].as_i64().unwrap();
    let before = failures().await;
    sign_in(&office, "mina", WRONG, &mark).await.is_problem(Code::InvalidCredentials);
    assert_eq!(failures().await, before + 1);
    let refused = sign_in(&office, "mina", PASSWORD, &Value::Null).await;
    refused.is_problem(Code::TooManyAttempts);
}

/// What a known device does in the meantime does not start the others' wait again.
#[tokio::test]
async fn a_known_device_does_not_extend_the_wait_of_its_network() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let office = world.stranger();
    let mark = marks(&world, "mina", 1).await.remove(0);
    for number in 0..11 {
        drop(sign_in(&office, &format!("nobody{number}"), WRONG, &Value::Null).await);
    }
    world.clock.advance(Duration::from_millis(999));
    sign_in(&office, "mina", PASSWORD, &mark).await.is(200);
    world.clock.advance(Duration::from_millis(1));
    sign_in(&office, "nobody", WRONG, &Value::Null).await.is_problem(Code::InvalidCredentials);
}

/// Known devices included: whoever guesses at it has the password.
#[tokio::test]
async fn a_second_factor_takes_a_hundred_wrong_codes_of_all_devices_together() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let known = world.stranger();
    let half = ticket(&known, "mina").await;
    let signed_in = second_step(&known, &half, &mina.app.code(&world, 0)).await;
    let mark = signed_in.is(200).body["device_token"].clone();
    let throttles = LoginThrottles::of(&world.context, ThrottleKind::Totp, "mina").await.unwrap();
    fail_at(&world, &throttles.unknown_devices, 60).await;
    fail_at(&world, &throttles.known_devices, 39).await;
    let second = async |device: &Value, code: &str| {
        let half = sign_in(&known, "mina", PASSWORD, device).await;
        second_step(&known, half.is(200).body["mfa"]["ticket"].as_str().unwrap(), code).await
    };
    let wrong = mina.app.code(&world, 600);
    second(&mark, &wrong).await.is_problem(Code::InvalidCode);
    world.clock.advance(Duration::from_mins(15));
    for device in [mark, Value::Null] {
        let refused = second(&device, &mina.app.code(&world, 0)).await;
        assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "900");
    }
}
