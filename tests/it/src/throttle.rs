//! Guessing: what is counted and on whose account, who has to wait, and who is let through all the same.

use std::{sync::atomic::Ordering, time::Duration};

use axum::http::{HeaderMap, Method};
use futures_util::future::join_all;
use rollcall_api::throttle::{self, Attempt};
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

/// Strangers, each at an address of its own.
fn strangers(world: &World) -> impl Iterator<Item = Client> + use<> {
    let stranger = world.stranger();
    (0..=u16::MAX).map(move |number| {
        let [high, low] = number.to_be_bytes();
        stranger.at(&format!("198.18.{high}.{low}"))
    })
}

/// The first failures of strangers at a login's authenticator, one every quarter of an hour, and the wait after them.
async fn fail(world: &World, kind: ThrottleKind, login: &str, times: i64) {
    let id = throttle::id(&world.context, kind, login, None).await.unwrap();
    let (since, mut found) = (world.now(), None);
    for failures in 1..=times {
        let last_at = world.now();
        drop(Attempt::reserve(&world.context, vec![id.clone()], vec![found], last_at).await.unwrap());
        found = Some(Throttle { failures, since, last_at });
        world.clock.advance(LONGEST_WAIT);
    }
}

/// A1.
#[tokio::test(start_paused = true)]
async fn of_two_hundred_guesses_at_once_only_those_that_are_due_are_looked_at() {
    let world = World::new().await;
    member(&world, "mina").await;
    member(&world, "other").await;
    let hashes = count_hashes();
    let mut strangers = strangers(&world);
    for (millis, guesses, due) in [
        (0, 200, 5),
        (0, 20, 0),
        (999, 20, 0),
        (1, 20, 1),
        (1_999, 20, 0),
        (1, 20, 1),
        (3_999, 20, 0),
        (1, 20, 1),
        (900_000, 50, 1),
    ] {
        world.clock.advance(Duration::from_millis(millis));
        hashes.store(0, Ordering::SeqCst);
        let wave: Vec<_> = strangers.by_ref().take(guesses).collect();
        let replies = join_all(wave.iter().map(|stranger| try_password(stranger, "mina", WRONG))).await;
        let (looked_at, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 401);
        assert_eq!((looked_at.len(), hashes.load(Ordering::SeqCst)), (due, due), "{millis} ms later");
        for reply in looked_at {
            reply.is_problem(Code::InvalidCredentials);
        }
        for reply in refused {
            assert_ne!(reply.is_problem(Code::TooManyAttempts).header("retry-after"), "0");
        }
    }
    try_password(&strangers.next().unwrap(), "other", PASSWORD).await.is(200);
}

/// The count is of tries that are looked at: what is refused makes nobody wait longer.
#[tokio::test]
async fn tries_during_a_wait_do_not_extend_it() {
    let world = World::new().await;
    member(&world, "mina").await;
    let mut strangers = strangers(&world);
    for stranger in strangers.by_ref().take(8) {
        try_password(&stranger, "mina", WRONG).await;
        world.clock.advance(Duration::from_millis(125));
    }
    // One second after the fifth, which was at 0.5 s.
    world.clock.advance(Duration::from_millis(499));
    let early = try_password(&strangers.next().unwrap(), "mina", PASSWORD).await;
    assert_eq!(early.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    world.clock.advance(Duration::from_millis(1));
    try_password(&strangers.next().unwrap(), "mina", PASSWORD).await.is(200);
}

/// A2.
#[tokio::test]
async fn however_a_login_is_written_it_is_counted_once() {
    let world = World::new().await;
    member(&world, "mina").await;
    let mut strangers = strangers(&world);
    for forms in [
        ["mina", "MINA", " Mina\t", "ｍｉｎａ", "\u{3000}ＭＩＮＡ\u{a0}"],
        // Nobody can have this one.
        ["no body", "NO BODY", " No Body\n", "ｎｏ　ｂｏｄｙ", "no\u{a0}body"],
    ] {
        for form in forms {
            let wrong = try_password(&strangers.next().unwrap(), form, WRONG).await;
            wrong.is_problem(Code::InvalidCredentials);
        }
        for form in forms {
            let shut = try_password(&strangers.next().unwrap(), form, PASSWORD).await;
            shut.is_problem(Code::TooManyAttempts);
        }
    }
    try_password(&strangers.next().unwrap(), "mina2", WRONG).await.is_problem(Code::InvalidCredentials);
    let items = world.dump().await;
    let lanes = items.iter().filter(|item| item["pk"].as_str().unwrap().starts_with("LANE#password#"));
    assert_eq!(lanes.count(), 3);
}

/// A3: whatever asks for the current password.
#[tokio::test]
async fn guesses_at_the_current_password_and_at_sign_in_are_one_count() {
    const NEW: &str = "tq7 vXk 2pLw";
    let world = World::new().await;
    member(&world, "mina").await;
    let hashes = count_hashes();
    let client = world.stranger().sign_in("mina").await;
    let asking = |password: &str| {
        [
            (
                Method::POST,
                "/v1/me/password",
                json!({"current_password": password, "password": NEW, "password_confirmation": NEW}),
            ),
            (Method::DELETE, "/v1/me/totp", json!({"current_password": password, "code": "123456"})),
            (Method::POST, "/v1/me/email", json!({"current_password": password, "email": "mina@example.com"})),
            (Method::POST, "/v1/me/totp", json!({"current_password": password})),
            (Method::DELETE, "/v1/me/email", json!({"current_password": password})),
        ]
    };
    let mut strangers = strangers(&world);
    for (method, path, body) in asking(WRONG).into_iter().take(4) {
        let refused = client.send(method, path, Some(body.to_string())).await;
        let incorrect = json!(["/current_password", "incorrect"]);
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [incorrect], "{path}");
    }
    try_password(&strangers.next().unwrap(), "mina", WRONG).await.is_problem(Code::InvalidCredentials);

    hashes.store(0, Ordering::SeqCst);
    for (method, path, body) in asking(PASSWORD).into_iter().chain(asking(WRONG)) {
        let shut = client.send(method, path, Some(body.to_string())).await;
        assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "1", "{path}");
    }
    try_password(&strangers.next().unwrap(), "mina", PASSWORD).await.is_problem(Code::TooManyAttempts);
    assert_eq!(hashes.load(Ordering::SeqCst), 0);

    world.clock.advance(Duration::from_secs(1));
    let (method, path, body) = asking(PASSWORD)[0].clone();
    client.send(method, path, Some(body.to_string())).await.is(204);
    for stranger in strangers.take(5) {
        try_password(&stranger, "mina", PASSWORD).await.is_problem(Code::InvalidCredentials);
    }
}

/// A4: a count is an item of its own, so that others, however many, only stand beside it.
#[tokio::test]
async fn a_flood_of_other_logins_leaves_a_count_where_it_is() {
    let world = World::new().await;
    member(&world, "mina").await;
    fail(&world, ThrottleKind::Password, "mina", 7).await;
    let mut strangers = strangers(&world);
    try_password(&strangers.next().unwrap(), "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    for number in 0..2_000 {
        let id = ThrottleId { kind: ThrottleKind::Password, is_known_device: false, hash: format!("{number:032x}") };
        let write = rollcall_store::throttle::reserve(&id, &ThrottleReservation::Begin(None), world.now());
        world.writer().commit(Commit::new([write])).await.unwrap();
    }
    cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    let shut = try_password(&strangers.next().unwrap(), "mina", PASSWORD).await;
    assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "8");
    world.clock.advance(Duration::from_secs(8));
    try_password(&strangers.next().unwrap(), "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    let shut = try_password(&strangers.next().unwrap(), "mina", PASSWORD).await;
    assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "16");
}

/// A5: the password, to strangers; neither to a device that signed in before, nor the second factor, nor mailed codes.
#[tokio::test]
async fn the_hundredth_failure_shuts_the_password_to_strangers_and_nothing_else() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let mut strangers = strangers(&world);
    let known = world.stranger();
    let held = ticket(&known, "mina").await;
    let signed_in = second_step(&known, &held, &mina.app.code(&world, 0)).await;
    let device_token = &signed_in.is(200).body["device_token"];

    fail(&world, ThrottleKind::Password, "mina", 98).await;
    // The ninety-ninth and the hundredth are looked at.
    for stranger in strangers.by_ref().take(2) {
        try_password(&stranger, "mina", WRONG).await.is_problem(Code::InvalidCredentials);
        world.clock.advance(LONGEST_WAIT);
    }
    world.clock.advance(Duration::from_hours(24));
    fail(&world, ThrottleKind::Password, "nobody", 100).await;
    for login in ["mina", "nobody"] {
        let shut = try_password(&strangers.next().unwrap(), login, PASSWORD).await;
        assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "900", "{login}");
    }

    let body = json!({"login": "mina", "password": PASSWORD, "device_token": device_token});
    let half = known.post("/v1/login", &body).await;
    let held = half.is(200).body["mfa"]["ticket"].as_str().unwrap();
    second_step(&known, held, &mina.app.code(&world, 0)).await.is(200);
    // Its success was on a lane of its own.
    try_password(&strangers.next().unwrap(), "mina", PASSWORD).await.is_problem(Code::TooManyAttempts);

    let stranger = strangers.next().unwrap();
    complete_reset(&world, &stranger, "mina@example.com").await.is(204);
    ticket(&stranger, "mina").await;
}

/// A5, the number.
#[tokio::test]
async fn after_ninety_nine_failures_the_right_password_still_opens() {
    let world = World::new().await;
    member(&world, "mina").await;
    fail(&world, ThrottleKind::Password, "mina", 99).await;
    try_password(&world.stranger(), "mina", PASSWORD).await.is(200);
    for stranger in strangers(&world).take(5) {
        try_password(&stranger, "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    }
}

async fn complete_reset(world: &World, client: &Client, email: &str) -> Reply {
    let started = client.post("/v1/password-resets", &json!({"email": email})).await;
    let reset_id = started.is(202).body["reset_id"].as_str().unwrap();
    let code = world.code(reset_id, FlowPurpose::PasswordReset).await;
    let body = json!({"code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    client.post(&format!("/v1/password-resets/{reset_id}/complete"), &body).await
}

/// A5: what opens it again.
#[tokio::test]
async fn a_password_that_is_shut_is_opened_by_an_admin_and_by_breaking_the_glass() {
    let world = World::new().await;
    let user = member(&world, "mina").await;
    let founded = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
    bootstrap::run(world.context.clone(), founded).await.unwrap();
    fail(&world, ThrottleKind::Password, "mina", 100).await;
    fail(&world, ThrottleKind::Password, "admin", 100).await;
    let stranger = world.stranger();
    for login in ["mina", "admin"] {
        try_password(&stranger, login, PASSWORD).await.is_problem(Code::TooManyAttempts);
    }
    let break_glass = json!({"break_glass": true, "password": PASSWORD});
    bootstrap::run(world.context.clone(), serde_json::from_value(break_glass).unwrap()).await.unwrap();
    let admin = stranger.sign_in("admin").await;
    let path = format!("/v1/users/{}/password", user.user_id);
    admin.post(&path, &json!({"password": PASSWORD})).await.is(200);
    try_password(&stranger, "mina", PASSWORD).await.is(200);
}

/// A5, of the second factor: the password goes on, and an admin or, where there is none, the glass opens it again.
#[tokio::test]
async fn a_second_factor_that_is_shut_is_opened_by_an_admin_and_by_breaking_the_glass() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let founded = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
    let report = bootstrap::run(world.context.clone(), founded).await.unwrap();
    let user = world.store().user(report.user_id).await.unwrap().unwrap();
    let stranger = world.stranger();
    let admin = bind(&world, user, stranger.sign_in("admin").await).await;
    fail(&world, ThrottleKind::Totp, "mina", 100).await;
    fail(&world, ThrottleKind::Totp, "admin", 100).await;
    for (login, app) in [("mina", &mina.app), ("admin", &admin.app)] {
        let held = ticket(&stranger, login).await;
        let shut = second_step(&stranger, &held, &app.code(&world, 0)).await;
        assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "900");
    }
    let break_glass = json!({"break_glass": true, "password": PASSWORD});
    bootstrap::run(world.context.clone(), serde_json::from_value(break_glass).unwrap()).await.unwrap();
    let held = ticket(&stranger, "admin").await;
    let signed_in = second_step(&stranger, &held, &admin.app.code(&world, 0)).await;
    let admin = stranger.bearing(&signed_in);
    admin.delete(&format!("/v1/users/{}/totp", mina.user.user_id)).await.is(204);
    try_password(&stranger, "mina", PASSWORD).await.is(200);
}

/// A6: by the token in the body and by the cookie, for 180 days.
#[tokio::test]
async fn a_flooded_super_admin_signs_in_from_a_device_that_did_before() {
    let world = World::new().await;
    member(&world, "mina").await;
    let founded = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
    bootstrap::run(world.context.clone(), founded).await.unwrap();
    let home = world.stranger();
    let body = |login: &str, token: &Value| json!({"login": login, "password": PASSWORD, "device_token": token});
    let token = try_password(&home, "admin", PASSWORD).await.is(200).body["device_token"].clone();
    let minas = try_password(&home, "mina", PASSWORD).await.is(200).body["device_token"].clone();
    let by_cookie = json!({"login": "admin", "password": PASSWORD, "transport": "cookie"});
    let cookies = home.post("/v1/login", &by_cookie).await;
    let device = cookies.is(200).headers.get_all("set-cookie").iter().find_map(|cookie| {
        let (device, _) = cookie.to_str().unwrap().split_once(';')?;
        device.starts_with("__Host-device=").then(|| device.to_owned())
    });
    let browser = home.with("cookie", &device.unwrap());
    world.clock.advance(DEVICE_LIFETIME);
    world.clock.retreat(LONGEST_WAIT * 100 + Duration::from_millis(1));
    fail(&world, ThrottleKind::Password, "admin", 100).await;

    home.post("/v1/login", &body("admin", &token)).await.is(200);
    browser.post("/v1/login", &by_cookie).await.is(200);
    try_password(&home, "admin", PASSWORD).await.is_problem(Code::TooManyAttempts);
    home.post("/v1/login", &body("admin", &minas)).await.is_problem(Code::TooManyAttempts);
    // It has a count of its own, which makes it wait like any other.
    for stranger in strangers(&world).take(5) {
        let wrong = json!({"login": "admin", "password": WRONG, "device_token": token});
        stranger.post("/v1/login", &wrong).await.is_problem(Code::InvalidCredentials);
    }
    home.post("/v1/login", &body("admin", &token)).await.is_problem(Code::TooManyAttempts);
    browser.post("/v1/login", &by_cookie).await.is(200);

    world.clock.advance(Duration::from_millis(1));
    for (client, body) in [(&home, body("admin", &token)), (&browser, by_cookie)] {
        client.post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
    }
}

#[tokio::test]
async fn a_reset_makes_a_stranger_of_every_device() {
    let world = World::new().await;
    let user = member(&world, "mina").await;
    let admin = world.admin().await;
    let token = try_password(&world.stranger(), "mina", PASSWORD).await.is(200).body["device_token"].clone();
    world.clock.advance(Duration::from_millis(1));
    let path = format!("/v1/users/{}/password", user.user_id);
    admin.post(&path, &json!({"password": PASSWORD})).await.is(200);
    for stranger in strangers(&world).take(5) {
        try_password(&stranger, "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    }
    let body = json!({"login": "mina", "password": PASSWORD, "device_token": token});
    world.stranger().post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
}

/// What an outsider sees of a reply, and what it cost the house: requests to the table, hashes.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
    operations: Vec<String>,
    hashes: usize,
}

/// A7.
#[tokio::test]
async fn unknown_wrong_disabled_and_right_but_disabled_are_one_answer_at_one_cost() {
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

/// A8.
#[tokio::test]
async fn a_disabled_user_is_refused_on_every_path() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    member(&world, "dora").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let stranger = world.stranger();
    let held = ticket(&stranger, "mina").await;
    let path = format!("/v1/users/{}", mina.user.user_id);
    admin.patch(&path, &json!({"status": "disabled"})).await.is(200);

    try_password(&stranger, "mina", PASSWORD).await.is_problem(Code::InvalidCredentials);
    second_step(&stranger, &held, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    let by_paper = json!({"ticket": held, "recovery_code": mina.recovery_codes[0]});
    stranger.post("/v1/login/totp", &by_paper).await.is_problem(Code::InvalidCode);
    mina.client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let removal = json!({"current_password": PASSWORD, "code": mina.app.code(&world, 0)}).to_string();
    mina.client.send(Method::DELETE, "/v1/me/totp", Some(removal)).await.is_problem(Code::Unauthenticated);
    complete_reset(&world, &stranger, "mina@example.com").await.is(204);
    try_password(&stranger, "mina", PASSWORD).await.is_problem(Code::InvalidCredentials);
    assert_eq!(admin.get(&path).await.is(200).body["status"], "disabled");
    try_password(&stranger, "dora", PASSWORD).await.is(200);
}

/// A9.
#[tokio::test]
async fn a_password_is_compared_to_its_last_character_and_in_one_form() {
    let world = World::new().await;
    member(&world, "mina").await;
    let filled = |chars: usize| "tq7 vXk 2pLw🦀\0é ".chars().cycle().take(chars).collect::<String>();
    let mut client = world.stranger().sign_in("mina").await;
    let mut current = PASSWORD.to_owned();
    let (composed, decomposed) = ("  tq7 vXk\0 2pLw🦀 é ".to_owned(), "  tq7 vXk\0 2pLw🦀 e\u{301} ".to_owned());
    let mut addresses = strangers(&world);
    for (new, same, others) in [
        (filled(256), filled(256), vec![filled(255), filled(257), filled(256).trim().to_owned(), filled(4_000)]),
        (composed.clone(), decomposed.clone(), vec![composed.trim().to_owned(), composed.replace('\0', "")]),
        (decomposed.clone(), composed.clone(), vec![decomposed.replace('\u{301}', ""), composed.replace('🦀', "")]),
    ] {
        let change = json!({"current_password": current, "password": new, "password_confirmation": new});
        // The second and the third are the same to us.
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
    let too_long = json!({"current_password": current, "password": filled(257), "password_confirmation": filled(257)});
    let refused = client.post("/v1/me/password", &too_long).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", "too_long"])]);
}

/// A9, of logins: whatever is no login is one that nobody has.
#[tokio::test]
async fn a_login_of_any_length_and_kind_is_answered_alike() {
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

/// The network's lane: whichever logins are tried from it.
#[tokio::test]
async fn a_network_has_ten_failures_a_minute_whoever_it_tries_to_be() {
    let world = World::new().await;
    member(&world, "mina").await;
    let try_from = async |address: &str, header: &str, login: &str| {
        let client = world.stranger().at(address).with("x-forwarded-for", header).with("forwarded", header);
        try_password(&client, login, if login == "mina" { PASSWORD } else { WRONG }).await
    };
    // What succeeds is given back.
    for _ in 0..3 {
        try_from("2001:db8:1:2::1", "192.0.2.1", "mina").await.is(200);
    }
    for number in 0..10 {
        // Any host of the network, whatever it says of itself.
        let (address, header) = (format!("2001:db8:1:2:{number}::{number}"), format!("192.0.2.{number}"));
        let wrong = try_from(&address, &header, &format!("nobody{number}")).await;
        wrong.is_problem(Code::InvalidCredentials);
    }
    let shut = try_from("2001:db8:1:2:ffff::", "2001:db8:1:3::1", "mina").await;
    assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    for elsewhere in ["2001:db8:1:3::1", "192.0.2.1"] {
        try_from(elsewhere, "2001:db8:1:2::1", "mina").await.is(200);
    }
    world.clock.advance(Duration::from_secs(1));
    try_from("2001:db8:1:2::1", "", "nobody").await.is_problem(Code::InvalidCredentials);
    let shut = try_from("2001:db8:1:2::1", "", "mina").await;
    assert_eq!(shut.is_problem(Code::TooManyAttempts).header("retry-after"), "2");
    // A quiet minute after the wait, it begins anew.
    world.clock.advance(Duration::from_secs(62));
    for number in 0..10 {
        try_from("2001:db8:1:2::1", "", &format!("nobody{number}")).await.is_problem(Code::InvalidCredentials);
    }
    try_from("2001:db8:1:2::1", "", "mina").await.is_problem(Code::TooManyAttempts);
}

/// The same address, written as IPv6 writes it.
#[tokio::test]
async fn an_ipv4_address_is_one_network_in_either_notation() {
    let world = World::new().await;
    for number in 0..10 {
        let client = world.stranger().at(if number % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" });
        try_password(&client, &format!("nobody{number}"), WRONG).await.is_problem(Code::InvalidCredentials);
    }
    for (address, code) in [("::ffff:192.0.2.1", Code::TooManyAttempts), ("::ffff:192.0.2.2", Code::InvalidCredentials)]
    {
        try_password(&world.stranger().at(address), "nobody", WRONG).await.is_problem(code);
    }
}

/// A try that did not come to pass goes back to a lane that a success has emptied meanwhile, and leaves it empty.
#[tokio::test]
async fn a_try_given_back_to_a_forgotten_lane_leaves_none_behind() {
    let world = World::new().await;
    member(&world, "mina").await;
    let id = throttle::id(&world.context, ThrottleKind::Password, "mina", None).await.unwrap();
    let attempt = Attempt::reserve(&world.context, vec![id.clone()], vec![None], world.now()).await.unwrap();
    let forget = rollcall_store::throttle::clear(&id);
    world.writer().commit(Commit::new([forget])).await.unwrap();
    attempt.undo(&world.context).await.unwrap();
    assert_eq!(world.context.store.throttles(&[id]).await.unwrap(), [None]);
    try_password(&world.stranger(), "mina", PASSWORD).await.is(200);
}

/// L5, and that whatever fails while a lane is read or written lets nobody in.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_sign_in_that_cannot_be_counted_is_a_503_within_five_seconds(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Hang)] fault: Fault,
) {
    let world = World::new().await;
    member(&world, "mina").await;
    let hashes = count_hashes();
    let before = world.dump().await.len();
    for call in 0..5 {
        hashes.store(0, Ordering::SeqCst);
        world.faults.arm(fault, call, FOREVER);
        let begun = Instant::now();
        let reply = try_password(&world.stranger(), "mina", PASSWORD).await;
        reply.is_problem(Code::Unavailable);
        assert!(begun.elapsed() <= Duration::from_secs(5), "{fault:?} from call {call}");
        // The read and both counts come first.
        assert_eq!(hashes.load(Ordering::SeqCst), usize::from(call >= 3), "{fault:?} from call {call}");
    }
    world.faults.disarm();
    // The two lanes, and no session.
    assert_eq!(world.dump().await.len(), before + 2);
    world.clock.advance(Duration::from_secs(10));
    try_password(&world.stranger(), "mina", PASSWORD).await.is(200);
}
