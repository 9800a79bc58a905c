//! The second factor: binding it, signing in with it, losing it.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use futures_util::future::join_all;
use rollcall_domain::{Code, permission::UserType, user::User, verification::FlowPurpose};
use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Client, PASSWORD, Reply, World};

/// What an owner of a second factor has: a session, an authenticator app, recovery codes on paper.
pub struct Owner {
    pub user: User,
    pub client: Client,
    pub app: App,
    pub recovery_codes: Vec<String>,
}

/// A member with a password and a second factor. The step at which it was bound is over.
pub async fn owner(world: &World, login: &str) -> Owner {
    let (user, _) = world.user(login, UserType::Member, []).await;
    world.with_password(&user).await;
    let owner = bind(world, user, world.stranger().sign_in(login).await).await;
    world.clock.advance(Duration::from_mins(5));
    owner
}

/// Binds a second factor now.
pub async fn bind(world: &World, user: User, client: Client) -> Owner {
    let app = App::of(&client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await);
    let confirmed = client.post("/v1/me/totp/confirm", &json!({"code": app.code(world, 0)})).await;
    let recovery_codes = serde_json::from_value(confirmed.is(200).body["recovery_codes"].clone()).unwrap();
    Owner { user, client, app, recovery_codes }
}

/// An authenticator app, set up by typing the secret.
pub struct App(Totp);

impl App {
    #[track_caller]
    pub fn of(enrolled: &Reply) -> Self {
        let secret = enrolled.is(201).body["secret"].as_str().unwrap();
        Self(Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap())
    }

    /// What it shows where the clock is this many seconds ahead of the server's.
    pub fn code(&self, world: &World, ahead: i64) -> String {
        self.0.generate(u64::try_from(world.now().unix_seconds() + ahead).unwrap()).to_string()
    }

    /// Codes it shows at no time near.
    fn wrong_codes(&self, world: &World) -> impl Iterator<Item = String> {
        let near: Vec<_> = (-4..=4).map(|step| self.code(world, step * 30)).collect();
        (0..1_000_000).map(|number| format!("{number:06}")).filter(move |code| !near.contains(code))
    }

    fn wrong_code(&self, world: &World) -> String {
        self.wrong_codes(world).next().unwrap()
    }
}

/// The first step with the right password: what the second one takes.
pub async fn ticket(client: &Client, login: &str) -> String {
    let half = client.post("/v1/login", &json!({"login": login, "password": PASSWORD})).await;
    assert_eq!(half.is(200).body["mfa"]["methods"], json!(["totp", "recovery_code"]));
    half.body["mfa"]["ticket"].as_str().unwrap().to_owned()
}

pub async fn second_step(client: &Client, ticket: &str, code: &str) -> Reply {
    client.post("/v1/login/totp", &json!({"ticket": ticket, "code": code})).await
}

async fn with_recovery_code(client: &Client, ticket: &str, code: &str) -> Reply {
    client.post("/v1/login/totp", &json!({"ticket": ticket, "recovery_code": code})).await
}

async fn delete(client: &Client, body: &Value) -> Reply {
    client.send(Method::DELETE, "/v1/me/totp", Some(body.to_string())).await
}

async fn sessions(world: &World) -> usize {
    let is_session = |item: &&Value| item["pk"].as_str().unwrap().starts_with("SESSIONS#");
    world.dump().await.iter().filter(is_session).count()
}

/// C1.
#[tokio::test]
async fn a_right_code_with_a_wrong_password_is_refused() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    owner(&world, "other").await;
    let stranger = world.stranger();
    let code = mina.app.code(&world, 0);
    let wrong = stranger.post("/v1/login", &json!({"login": "mina", "password": "wrong horse battery"})).await;
    wrong.is_problem(Code::InvalidCredentials);
    let others = ticket(&stranger, "other").await;
    for ticket in ["", "A", &"A".repeat(64), &others] {
        second_step(&stranger, ticket, &code).await.is_problem(Code::InvalidCode);
    }
    let removal = json!({"current_password": "wrong horse battery", "code": code});
    let refused = delete(&mina.client, &removal).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/current_password", "incorrect"])]);
    // None of that used the code up.
    let ticket = ticket(&stranger, "mina").await;
    second_step(&stranger, &ticket, &code).await.is(200);
}

/// C2: on tickets of their own, each from an address of its own, and all on the same one.
#[rstest]
#[tokio::test(start_paused = true)]
async fn one_code_sixteen_times_at_once_signs_in_once(#[values(16, 1)] tickets: usize) {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let clients: Vec<_> = (0..16).map(|host| world.stranger().at(&format!("192.0.2.{host}"))).collect();
    let mut held = Vec::new();
    for client in &clients[..tickets] {
        held.push(ticket(client, "mina").await);
    }
    world.faults.conflicts_like_dynamodb(true);
    let before = sessions(&world).await;
    let code = mina.app.code(&world, 0);
    let steps = clients.iter().zip(held.iter().cycle()).map(|(client, ticket)| second_step(client, ticket, &code));
    let replies = join_all(steps).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((accepted.len(), sessions(&world).await), (1, before + 1));
    for refused in refused {
        let code = if refused.status == 429 { Code::TooManyAttempts } else { Code::InvalidCode };
        refused.is_problem(code);
    }
}

/// C3.
#[tokio::test]
async fn a_ticket_is_over_after_five_wrong_codes_and_the_next_one_starts_with_their_count() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let other = owner(&world, "other").await;
    let stranger = world.stranger();
    let first = ticket(&stranger, "mina").await;
    for (number, code) in mina.app.wrong_codes(&world).take(150).enumerate() {
        let client = stranger.at(&format!("192.0.2.{number}"));
        second_step(&client, &first, &code).await.is_problem(Code::InvalidCode);
    }
    second_step(&stranger, &first, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);

    let second = ticket(&stranger, "mina").await;
    let shut = second_step(&stranger, &second, &mina.app.code(&world, 0)).await;
    assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    let others = ticket(&stranger, "other").await;
    second_step(&stranger, &others, &other.app.code(&world, 0)).await.is(200);
    world.clock.advance(Duration::from_secs(1));
    second_step(&stranger, &second, &mina.app.code(&world, 0)).await.is(200);
}

/// C4.
#[tokio::test]
async fn a_new_password_keeps_the_second_factor() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let stranger = world.stranger();

    let reset = stranger.post("/v1/password-resets", &json!({"email": "mina@example.com"})).await;
    let reset_id = reset.is(202).body["reset_id"].as_str().unwrap();
    let code = world.code(reset_id, FlowPurpose::PasswordReset).await;
    let body = json!({"code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    stranger.post(&format!("/v1/password-resets/{reset_id}/complete"), &body).await.is(204);
    let after_own = ticket(&stranger, "mina").await;
    second_step(&stranger, &after_own, &mina.app.code(&world, 0)).await.is(200);

    let path = format!("/v1/users/{}/password", mina.user.user_id);
    admin.post(&path, &json!({"password": PASSWORD})).await.is(200);
    let after_admins = ticket(&stranger, "mina").await;
    with_recovery_code(&stranger, &after_admins, &mina.recovery_codes[0]).await.is(200);
}

/// C6.
#[tokio::test]
async fn a_session_alone_neither_binds_nor_unbinds() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let required = |pointer: &str| json!([pointer, "required"]);
    let incorrect = || json!(["/current_password", "incorrect"]);
    let wrong = "wrong horse battery";

    let start = client.post("/v1/me/totp", &json!({})).await;
    assert_eq!(start.is_problem(Code::ValidationFailed).violations(), [required("/current_password")]);
    let start = client.post("/v1/me/totp", &json!({"current_password": wrong})).await;
    assert_eq!(start.is_problem(Code::ValidationFailed).violations(), [incorrect()]);
    client.post("/v1/me/totp/confirm", &json!({"code": "123456"})).await.is_problem(Code::VerificationFailed);
    world.clock.advance(Duration::from_secs(1));

    let Owner { client, app, .. } = bind(&world, user, client).await;
    world.clock.advance(Duration::from_mins(1));
    let again = client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await;
    again.is_problem(Code::TotpEnabled);
    let code = app.code(&world, 0);
    for (body, violations) in [
        (json!({}), vec![required("/current_password"), required("/code")]),
        (json!({"current_password": PASSWORD}), vec![required("/code")]),
        (json!({"code": code}), vec![required("/current_password")]),
        (json!({"current_password": wrong, "code": code}), vec![incorrect()]),
    ] {
        let mut refused = delete(&client, &body).await.is_problem(Code::ValidationFailed).violations();
        refused.sort_by_key(|violation| violation[0] != "/current_password");
        assert_eq!(refused, violations, "{body}");
    }
    let wrong_code = json!({"current_password": PASSWORD, "code": app.wrong_code(&world)});
    delete(&client, &wrong_code).await.is_problem(Code::VerificationFailed);
    delete(&client, &json!({"current_password": PASSWORD, "code": code})).await.is(204);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["totp_enabled"], false);
}

/// C7.
#[tokio::test]
async fn a_recovery_code_is_its_owners_and_taken_once() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let other = owner(&world, "other").await;
    let stranger = world.stranger();
    assert_eq!(mina.recovery_codes.iter().collect::<BTreeSet<_>>().len(), 10);
    for (number, code) in mina.recovery_codes.iter().enumerate() {
        let digits: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(digits.len() == 26 && digits.bytes().all(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&byte)));
        let held = ticket(&stranger, "mina").await;
        with_recovery_code(&stranger, &held, &other.recovery_codes[number]).await.is_problem(Code::InvalidCode);
        // Read off paper, in whatever form.
        let typed = if number == 0 { format!(" {} ", digits.to_lowercase()) } else { code.clone() };
        with_recovery_code(&stranger, &held, &typed).await.is(200);
        let held = ticket(&stranger, "mina").await;
        with_recovery_code(&stranger, &held, code).await.is_problem(Code::InvalidCode);
        world.clock.advance(Duration::from_mins(1));
    }
    let held = ticket(&stranger, "other").await;
    with_recovery_code(&stranger, &held, &other.recovery_codes[0]).await.is(200);
    // The app goes on without them.
    let held = ticket(&stranger, "mina").await;
    second_step(&stranger, &held, &mina.app.code(&world, 0)).await.is(200);
}

/// C7, all at once.
#[tokio::test(start_paused = true)]
async fn a_recovery_code_on_five_tickets_at_once_signs_in_once() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let stranger = world.stranger();
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(ticket(&stranger, "mina").await);
    }
    world.faults.conflicts_like_dynamodb(true);
    let code = &mina.recovery_codes[3];
    let replies = join_all(held.iter().map(|ticket| with_recovery_code(&stranger, ticket, code))).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(accepted.len(), 1);
    for refused in refused {
        refused.is_problem(Code::InvalidCode);
    }
}

#[tokio::test]
async fn the_use_of_a_recovery_code_is_mailed_with_what_is_left() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let held = ticket(&world.stranger(), "mina").await;
    with_recovery_code(&world.stranger(), &held, &mina.recovery_codes[0]).await.is(200);
    let items = world.dump().await;
    let mails = items.iter().filter(|item| item["pk"].as_str().unwrap().starts_with("OUTBOX#"));
    let told: Vec<_> = mails.filter(|mail| mail["message"].to_string().contains("recovery_code_used")).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["to"], "mina@example.com");
    assert!(told[0]["message"].to_string().contains("\"left\":9"), "{}", told[0]);
}

/// D8, of the second factor: neither the secret nor a recovery code nor a ticket can be read from the table.
#[tokio::test]
async fn the_table_holds_nothing_a_second_factor_could_be_made_of() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let enrolled = client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await;
    let app = App::of(&enrolled);
    let waiting = Value::from(world.dump().await).to_string();
    let code = json!({"code": app.code(&world, 0)});
    let confirmed = client.with("idempotency-key", "k").post("/v1/me/totp/confirm", &code).await;
    let held = ticket(&world.stranger(), "mina").await;
    let bound = Value::from(world.dump().await).to_string();

    let secret = enrolled.body["secret"].as_str().unwrap();
    let bytes = Secret::try_from_base32(secret).unwrap();
    let hex: String = bytes.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let mut secrets = vec![secret.to_owned(), hex, held[held.len() / 2..].to_owned()];
    for code in confirmed.is(200).body["recovery_codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        secrets.extend([code.to_owned(), code.replace('-', ""), code[..13].to_owned()]);
    }
    for secret in secrets {
        assert!(!waiting.contains(&secret) && !bound.contains(&secret), "{secret}");
    }
}

/// C8: wherever in its step the server is, the neighbouring steps are taken and no other.
#[tokio::test]
async fn an_apps_clock_may_be_off_by_one_step() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let stranger = world.stranger();
    for (into_step, ahead, taken) in [
        (0, 29, true),
        (0, -29, true),
        (0, 31, true),
        (0, -31, false),
        (0, 61, false),
        (0, -61, false),
        (0, 91, false),
        (0, -91, false),
        (29, 29, true),
        (29, -29, true),
        (29, 31, false),
        (29, -31, true),
        (29, 61, false),
        (29, -61, false),
        (29, 91, false),
        (29, -91, false),
    ] {
        // Steps that were taken, and waits, are long over.
        let now = u64::try_from(world.now().unix_seconds()).unwrap();
        world.clock.advance(Duration::from_secs(3_600 - now % 30 + into_step));
        let held = ticket(&stranger, "mina").await;
        let reply = second_step(&stranger, &held, &mina.app.code(&world, ahead)).await;
        if taken {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

/// C8, at the exact millisecond: a code lives from 30 s before its step to 30 s after it.
#[tokio::test]
async fn a_code_lives_for_ninety_seconds() {
    for (millis, taken) in [(0, false), (1, true), (90_000, true), (90_001, false)] {
        let world = World::new().await;
        let mina = owner(&world, "mina").await;
        world.clock.advance(Duration::from_mins(1) - Duration::from_millis(1));
        // The step after the next one begins in 30.001 s.
        let code = mina.app.code(&world, 31);
        world.clock.advance(Duration::from_millis(millis));
        let held = ticket(&world.stranger(), "mina").await;
        let reply = second_step(&world.stranger(), &held, &code).await;
        if taken {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

#[tokio::test]
async fn a_ticket_is_no_session() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let held = ticket(&world.stranger(), "mina").await;
    let stranger = world.stranger();
    let bearer = stranger.with("authorization", &format!("Bearer {held}"));
    let cookie = stranger.with("cookie", &format!("__Host-session={held}"));
    for client in [bearer, cookie] {
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await.is_problem(Code::Unauthenticated);
    }
    // Nor is it proved by less than all of it.
    let cut = &held[..held.len() - 4];
    let other_end = if held.ends_with("AAAA") { "BBBB" } else { "AAAA" };
    for mangled in [cut.to_owned(), format!("{held}AAAA"), format!("{cut}{other_end}")] {
        second_step(&stranger, &mangled, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    }
    second_step(&stranger, &held, &mina.app.code(&world, 0)).await.is(200);
    world.clock.advance(Duration::from_secs(30));
    second_step(&stranger, &held, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
}

#[tokio::test]
async fn a_ticket_is_over_after_five_minutes_to_the_millisecond() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    for (millis, taken) in [(299_999, true), (300_000, false)] {
        let stranger = world.stranger();
        let held = ticket(&stranger, "mina").await;
        world.clock.advance(Duration::from_millis(millis));
        let reply = second_step(&stranger, &held, &mina.app.code(&world, 0)).await;
        if taken {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

/// What ends sessions ends the step before them, too: the password it was given for is no proof any more.
#[tokio::test]
async fn a_ticket_ends_with_what_ends_sessions() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let (stranger, user) = (world.stranger(), format!("/v1/users/{}", mina.user.user_id));
    let held = async || ticket(&stranger, "mina").await;
    let refused = async |held: &str| {
        world.clock.advance(Duration::from_secs(30));
        second_step(&stranger, held, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    };

    let before = held().await;
    admin.post(&format!("{user}/password"), &json!({"password": PASSWORD})).await.is(200);
    refused(&before).await;
    let before = held().await;
    admin.delete(&format!("{user}/sessions")).await.is(204);
    refused(&before).await;
    let before = held().await;
    admin.patch(&user, &json!({"status": "disabled"})).await.is(200);
    refused(&before).await;
    admin.patch(&user, &json!({"status": "enabled"})).await.is(200);
    refused(&before).await;
    let now = held().await;
    second_step(&stranger, &now, &mina.app.code(&world, 30)).await.is(200);
}

/// Each step is taken once, whatever for.
#[tokio::test]
async fn a_step_is_taken_once_whatever_for() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let stranger = world.stranger();
    let Owner { client, app, .. } = bind(&world, user, stranger.sign_in("mina").await).await;
    let confirmed_with = app.code(&world, 0);
    let held = ticket(&stranger, "mina").await;
    second_step(&stranger, &held, &confirmed_with).await.is_problem(Code::InvalidCode);
    second_step(&stranger, &held, &app.code(&world, -30)).await.is_problem(Code::InvalidCode);
    // The app is a step ahead, and with that the step between is over.
    let ahead = app.code(&world, 30);
    second_step(&stranger, &held, &ahead).await.is(200);
    world.clock.advance(Duration::from_secs(30));
    let removal = |code: &str| json!({"current_password": PASSWORD, "code": code});
    delete(&client, &removal(&ahead)).await.is_problem(Code::VerificationFailed);
    delete(&client, &removal(&app.code(&world, -30))).await.is_problem(Code::VerificationFailed);
    delete(&client, &removal(&app.code(&world, 30))).await.is(204);
}

#[tokio::test]
async fn a_secret_waits_ten_minutes_for_its_first_code_and_only_the_newest_does() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let start = async || App::of(&client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await);
    let confirm = async |app: &App| client.post("/v1/me/totp/confirm", &json!({"code": app.code(&world, 0)})).await;

    let late = start().await;
    world.clock.advance(Duration::from_mins(10));
    confirm(&late).await.is_problem(Code::VerificationFailed);
    let (replaced, newest) = (start().await, start().await);
    confirm(&replaced).await.is_problem(Code::VerificationFailed);
    world.clock.advance(Duration::from_mins(10) - Duration::from_millis(1));
    assert_eq!(client.get("/v1/me").await.body["user"]["totp_enabled"], false);
    confirm(&newest).await.is(200);
    confirm(&newest).await.is_problem(Code::VerificationFailed);
    assert_eq!(client.get("/v1/me").await.body["user"]["totp_enabled"], true);
}

#[tokio::test]
async fn binding_and_unbinding_ends_every_other_session_and_keeps_the_calling_one() {
    let world = World::new().await;
    let (user, other) = world.user("mina", UserType::Member, []).await;
    let bystander = world.member("other", []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let Owner { client, app, .. } = bind(&world, user.clone(), client).await;
    other.get("/v1/me").await.is_problem(Code::Unauthenticated);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["totp_enabled"], true);

    let held = ticket(&world.stranger(), "mina").await;
    let other = world.stranger().bearing(&second_step(&world.stranger(), &held, &app.code(&world, 30)).await);
    other.get("/v1/me").await.is(200);
    world.clock.advance(Duration::from_mins(1));
    delete(&client, &json!({"current_password": PASSWORD, "code": app.code(&world, 0)})).await.is(204);
    other.get("/v1/me").await.is_problem(Code::Unauthenticated);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["totp_enabled"], false);
    bystander.get("/v1/me").await.is(200);
    world.stranger().sign_in("mina").await.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn a_recovery_code_takes_the_factor_off() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let removal = |code: &str| json!({"current_password": PASSWORD, "recovery_code": code});
    let other = owner(&world, "other").await;
    delete(&mina.client, &removal(&other.recovery_codes[0])).await.is_problem(Code::VerificationFailed);
    delete(&mina.client, &removal(&mina.recovery_codes[9])).await.is(204);
    world.stranger().sign_in("mina").await.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn an_admin_takes_off_a_lost_factor() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let held = ticket(&world.stranger(), "mina").await;
    admin.delete(&format!("/v1/users/{}/totp", mina.user.user_id)).await.is(204);
    mina.client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    second_step(&world.stranger(), &held, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    with_recovery_code(&world.stranger(), &held, &mina.recovery_codes[0]).await.is_problem(Code::InvalidCode);
    let client = world.stranger().sign_in("mina").await;
    assert_eq!(client.get("/v1/me").await.body["user"]["totp_enabled"], false);
    let items = world.dump().await;
    let credential = items.iter().find(|item| item["pk"] == "LOGIN#mina").unwrap();
    assert_eq!((credential.get("totp"), credential.get("recovery_codes")), (None, None));
}

#[tokio::test]
async fn a_second_factor_is_unbound_also_from_a_network_that_has_to_wait() {
    let world = World::new().await;
    let owner = owner(&world, "mina").await;
    for number in 0..10 {
        let body = json!({"login": format!("nobody{number}"), "password": "x"});
        world.stranger().post("/v1/login", &body).await.is_problem(Code::InvalidCredentials);
    }
    let body = json!({"current_password": PASSWORD, "code": owner.app.code(&world, 0)});
    let unbind = async || owner.client.send(Method::DELETE, "/v1/me/totp", Some(body.to_string())).await;
    unbind().await.is_problem(Code::TooManyAttempts);
    world.clock.advance(Duration::from_secs(1));
    unbind().await.is(204);
}
