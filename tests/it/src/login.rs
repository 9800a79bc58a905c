//! Signing in and out.

use std::{sync::atomic::Ordering, time::Duration};

use axum::http::Method;
use rollcall_domain::{Code, permission::UserType, user::User};
use serde_json::{Value, json};

use crate::support::{ORIGIN, START, World, count_hashes};

#[tokio::test]
async fn only_the_exact_token_is_valid() {
    let world = World::new().await;
    let admin = world.admin().await;
    admin.get("/v1/me").await.is(200);
    let token = admin.headers["authorization"].to_str().unwrap().to_owned();
    let other_end = if token.ends_with('A') { "B" } else { "A" };
    let mangled = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        token.replace("Bearer", "Basic"),
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        format!("{token}="),
        format!("{}{other_end}", &token[..token.len() - 1]),
        token[..50].to_owned() + &token[51..] + "A",
    ];
    for mangled in mangled {
        let refused = world.stranger().with("authorization", &mangled).get("/v1/me").await;
        refused.is_problem(Code::Unauthenticated);
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{mangled}");
    }
    world.stranger().get("/v1/me").await.is_problem(Code::Unauthenticated);
}

/// The expired items are still in the table.
#[tokio::test]
async fn a_session_expires_by_idle_time_and_by_age_to_the_millisecond() {
    for (user_type, idle, age) in [(UserType::Member, 3_600, 86_400), (UserType::PlatformAdmin, 900, 43_200)] {
        let world = World::new().await;
        let (user, resting) = world.user("somebody", user_type, []).await;
        world.clock.advance(Duration::from_millis(idle * 1_000 - 1));
        resting.get("/v1/me").await.is(200);
        world.clock.advance(Duration::from_secs(idle));
        resting.get("/v1/me").await.is_problem(Code::Unauthenticated);

        let busy = world.signed_in(&user).await;
        for _ in 0..(age / (idle / 2)) - 1 {
            world.clock.advance(Duration::from_secs(idle / 2));
            busy.get("/v1/me").await.is(200);
        }
        world.clock.advance(Duration::from_millis(idle / 2 * 1_000 - 1));
        busy.get("/v1/me").await.is(200);
        world.clock.advance(Duration::from_millis(1));
        busy.get("/v1/me").await.is_problem(Code::Unauthenticated);
    }
}

#[tokio::test]
async fn the_last_use_of_a_session_is_written_at_most_once_a_minute() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(admin.get("/v1/me").await.body["session"]["last_seen_at"].clone());
        world.clock.advance(Duration::from_secs(40));
    }
    let (first, second) = (json!(START), json!("2026-11-20T12:01:20.000Z"));
    assert_eq!(seen, [&first, &first, &second, &second].map(Clone::clone));
}

#[tokio::test]
async fn sign_in_sign_out_and_wrong_credentials() {
    let world = World::new().await;
    let event = bootstrap::BootstrapEvent::first(Some("correct horse battery".to_owned()));
    bootstrap::run(world.context.clone(), event).await.unwrap();
    let stranger = world.stranger();
    let sign_in = |login: &str, password: &str| {
        let (stranger, body) = (stranger.clone(), json!({"login": login, "password": password}));
        async move { stranger.post("/v1/login", &body).await }
    };
    let signed_in = sign_in(" ＡDMIN ", "correct horse battery").await;
    assert_eq!(signed_in.is(200).body["user"]["login"], "admin");
    let client = stranger.with("authorization", &format!("Bearer {}", signed_in.body["token"].as_str().unwrap()));
    let me = client.get("/v1/me").await;
    assert_eq!(me.is(200).body["user"], signed_in.body["user"]);
    assert_eq!((&me.body["teams"], &me.body["session"]["current"]), (&json!([]), &json!(true)));
    client.post("/v1/logout", &Value::Null).await.is(204);
    client.get("/v1/me").await.is_problem(Code::Unauthenticated);

    let mut refusals = Vec::new();
    for (login, password) in [
        ("admin", "wrong horse battery"),
        ("nobody", "correct horse battery"),
        ("no body", "x"),
        ("admin", ""),
        ("admin", &"x".repeat(10_000)),
    ] {
        let mut refused = sign_in(login, password).await;
        refused.is_problem(Code::InvalidCredentials);
        refused.body["request_id"] = Value::Null;
        refusals.push(refused.body);
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]));
    let invalid = stranger.post("/v1/login", &json!({"login": 1, "transport": "pigeon", "user": "x"})).await;
    assert_eq!(
        invalid.is_problem(Code::UnknownField).violations(),
        [
            json!(["/login", "wrong_type"]),
            json!(["/password", "required"]),
            json!(["/transport", "not_allowed"]),
            json!(["/user", "unknown_field"])
        ]
    );
}

#[tokio::test]
async fn exactly_one_hash_is_computed_whatever_the_credentials() {
    let world = World::new().await;
    let first_admin = bootstrap::BootstrapEvent::first(Some("correct horse battery".to_owned()));
    bootstrap::run(world.context.clone(), first_admin).await.unwrap();
    let hashes = count_hashes();
    for (login, password, hashed) in [
        ("admin", "correct horse battery", 1),
        ("admin", "wrong horse battery", 1),
        ("nobody", "correct horse battery", 1),
        ("no body at all", "correct horse battery", 1),
        ("admin", &"x".repeat(10_000), 1),
    ] {
        hashes.store(0, Ordering::SeqCst);
        world.stranger().post("/v1/login", &json!({"login": login, "password": password})).await;
        assert_eq!(hashes.load(Ordering::SeqCst), hashed, "{login}");
    }
}

/// The reset happens after the sign-in read the user or the credential, and before it writes the session.
#[tokio::test]
async fn a_password_reset_during_a_sign_in_prevents_the_session() {
    let world = World::new().await;
    let store = &world.context.store;
    let first_admin = bootstrap::BootstrapEvent::first(Some("correct horse battery".to_owned()));
    let report = bootstrap::run(world.context.clone(), first_admin).await.unwrap();
    let old_user = store.user(report.user_id).await.unwrap().unwrap();
    let break_glass = json!({"break_glass": true, "password": "another horse battery"});
    bootstrap::run(world.context.clone(), serde_json::from_value(break_glass).unwrap()).await.unwrap();
    let user = store.user(report.user_id).await.unwrap().unwrap();
    for (user, begins) in [(&old_user, false), (&user, true)] {
        let write = rollcall_store::user::record_sign_in(user, world.now(), Code::InvalidCredentials).unwrap();
        assert_eq!(world.writer().record([write]).await.is_ok(), begins);
    }
}

#[tokio::test]
async fn break_glass_can_be_switched_off() {
    let world = World::new().await;
    let run = async |variables, event| {
        bootstrap::run(world.restarted(variables), serde_json::from_value(event).unwrap()).await.is_ok()
    };
    let off: &[_] = &[("BREAK_GLASS", "off")];
    assert!(run(off, json!({"password": "correct horse battery"})).await, "the first super admin is created");
    let break_glass = json!({"break_glass": true, "password": "another horse battery"});
    assert!(!run(off, break_glass.clone()).await);
    assert!(run(&[], break_glass).await);
}

#[tokio::test]
async fn unknown_and_missing_fields_of_a_login_are_refused() {
    let world = World::new().await;
    let send = |body: &str| world.stranger().send_owned(Method::POST, "/v1/login", body.to_owned());
    send(r#"{"login":["admin"],"password":"x"}"#).await.is_problem(Code::ValidationFailed);
    send(r#"{"login":"admin","login":"admin","password":"x"}"#).await.is_problem(Code::MalformedJson);
    send("").await.is_problem(Code::MalformedJson);
    send("[]").await.is_problem(Code::ValidationFailed);
}

#[tokio::test]
async fn the_session_cookie_is_accepted_only_from_the_own_origin() {
    let world = World::new().await;
    let event = bootstrap::BootstrapEvent::first(Some("correct horse battery".to_owned()));
    bootstrap::run(world.context.clone(), event).await.unwrap();
    let body = json!({"login": "admin", "password": "correct horse battery", "transport": "cookie"});
    let stranger = world.stranger();
    stranger.with("sec-fetch-site", "cross-site").post("/v1/login", &body).await.is_problem(Code::CrossSiteRequest);
    let signed_in = stranger.with("origin", ORIGIN).post("/v1/login", &body).await;
    assert_eq!(signed_in.is(200).body.get("token"), None);
    let (cookie, attributes) = signed_in.header("set-cookie").split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-session="));
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.split("; ").any(|given| given.trim() == attribute), "{attributes}");
    }

    let browser = stranger.with("cookie", &format!("theme=dark; {cookie}"));
    let create = json!({"name": "App"});
    for (header, value, allowed) in [
        ("sec-fetch-site", "same-origin", true),
        ("sec-fetch-site", "none", true),
        ("sec-fetch-site", "same-site", false),
        ("sec-fetch-site", "cross-site", false),
        ("origin", ORIGIN, true),
        ("origin", "null", false),
        ("origin", "https://evil.example", false),
        ("x-nothing", "x", true),
    ] {
        let sender = browser.with(header, value);
        sender.get("/v1/apps").await.is(200);
        let sent = sender.post("/v1/apps", &create).await;
        if allowed {
            sent.is(201)
        } else {
            sent.is_problem(Code::CrossSiteRequest)
        };
    }
    browser.with("authorization", "Bearer x").get("/v1/me").await.is_problem(Code::AmbiguousCredentials);
    let out = browser.post("/v1/logout", &Value::Null).await;
    assert!(out.is(204).header("set-cookie").contains("Max-Age=0"));
    browser.get("/v1/me").await.is_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn a_password_set_by_an_admin_allows_only_its_change() {
    let world = World::new().await;
    let report = bootstrap::run(world.context.clone(), bootstrap::BootstrapEvent::first(None)).await.unwrap();
    let body = json!({"login": "admin", "password": report.generated_password.unwrap()});
    let signed_in = world.stranger().post("/v1/login", &body).await;
    let client =
        world.stranger().with("authorization", &format!("Bearer {}", signed_in.body["token"].as_str().unwrap()));
    client.get("/v1/apps").await.is_problem(Code::PasswordChangeRequired);
    client.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::PasswordChangeRequired);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["password_change_required"], true);
    client.post("/v1/logout", &Value::Null).await.is(204);
}

#[tokio::test]
async fn a_stored_user_is_read_back_unchanged() {
    let world = World::new().await;
    let team = world.team("Team").await;
    let (user, client): (User, _) = world.user("mina", UserType::Member, [(team, "operator")]).await;
    assert_eq!(world.context.store.user(user.user_id).await.unwrap().unwrap(), user);
    let me = client.get("/v1/me").await;
    assert_eq!(me.body["teams"][0]["name"], "Team");
    assert_eq!(me.body["teams"][0]["role"]["role_id"], "operator");
    assert_eq!(
        me.body["teams"][0]["role"]["permissions"],
        json!(["team.read", "accounts.read", "accounts.write", "accounts.export"])
    );
}
