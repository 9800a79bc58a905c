//! The manners that all routes share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::Method;
use rollcall_domain::{Code, permission::UserType, user::User};
use serde_json::{Value, json};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::support::{Client, ORIGIN, World};

async fn with_app() -> (World, Client, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
    (world, admin, path)
}

mod sessions {
    use super::*;

    /// D2.
    #[tokio::test]
    async fn only_the_exact_token_is_one() {
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

    /// D3: the items are still in the table.
    #[tokio::test]
    async fn a_session_ends_by_rest_and_by_age_to_the_millisecond() {
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
    async fn a_session_is_touched_at_most_once_a_minute() {
        let world = World::new().await;
        let admin = world.admin().await;
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(admin.get("/v1/me").await.body["session"]["last_seen_at"].clone());
            world.clock.advance(Duration::from_secs(40));
        }
        assert_eq!(seen[0], seen[1], "a minute has not passed");
        assert_eq!(admin.get("/v1/me").await.is(200).body["session"]["last_seen_at"], "2026-11-20T12:01:20.000Z");
    }

    #[tokio::test]
    async fn signing_in_out_and_wrongly() {
        let world = World::new().await;
        let event = bootstrap::Event::first(Some("correct horse battery".to_owned()));
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
        let mistaken = stranger.post("/v1/login", &json!({"login": 1, "transport": "pigeon", "user": "x"})).await;
        assert_eq!(
            mistaken.is_problem(Code::UnknownField).violations(),
            [
                json!(["/login", "wrong_type"]),
                json!(["/password", "required"]),
                json!(["/transport", "not_allowed"]),
                json!(["/user", "unknown_field"])
            ]
        );
    }

    #[tokio::test]
    async fn one_hash_is_computed_whoever_asks() {
        let world = World::new().await;
        let founded = bootstrap::Event::first(Some("correct horse battery".to_owned()));
        bootstrap::run(world.context.clone(), founded).await.unwrap();
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

    /// A reset between the comparison and the session's beginning, whichever of the two items was read before it.
    #[tokio::test]
    async fn a_password_that_was_reset_meanwhile_begins_no_session() {
        let world = World::new().await;
        let store = &world.context.store;
        let founded = bootstrap::Event::first(Some("correct horse battery".to_owned()));
        let report = bootstrap::run(world.context.clone(), founded).await.unwrap();
        let (old_user, old_credential) =
            (store.user(report.user_id).await, store.credential(Some(&report.login)).await);
        let (old_user, old_credential) = (old_user.unwrap().unwrap(), old_credential.unwrap().unwrap());
        let break_glass = json!({"break_glass": true, "password": "another horse battery"});
        bootstrap::run(world.context.clone(), serde_json::from_value(break_glass).unwrap()).await.unwrap();
        let (user, credential) = (store.user(report.user_id).await, store.credential(Some(&report.login)).await);
        let (user, credential) = (user.unwrap().unwrap(), credential.unwrap().unwrap());
        for (user, credential, begins) in [
            (&old_user, &old_credential, false),
            (&user, &old_credential, false),
            (&old_user, &credential, false),
            (&user, &credential, true),
        ] {
            let writes = rollcall_store::user::signed_in(user, credential, world.now()).unwrap();
            assert_eq!(store.commit(rollcall_store::Commit::new(writes)).await.is_ok(), begins);
        }
    }

    /// Counts what the hashing logs, in this process, which is this test's own.
    fn count_hashes() -> Arc<AtomicUsize> {
        struct Counter(Arc<AtomicUsize>);
        impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counter {
            fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
                if event.metadata().target() == "rollcall::password" {
                    self.0.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
        let count = Arc::new(AtomicUsize::new(0));
        tracing_subscriber::registry().with(Counter(Arc::clone(&count))).init();
        count
    }

    /// B7.
    #[tokio::test]
    async fn a_login_body_is_read_strictly() {
        let world = World::new().await;
        let send = |body: &str| world.stranger().send_owned(Method::POST, "/v1/login", body.to_owned());
        send(r#"{"login":["admin"],"password":"x"}"#).await.is_problem(Code::ValidationFailed);
        send(r#"{"login":"admin","login":"admin","password":"x"}"#).await.is_problem(Code::MalformedJson);
        send("").await.is_problem(Code::MalformedJson);
        send("[]").await.is_problem(Code::ValidationFailed);
    }

    /// D5.
    #[tokio::test]
    async fn the_cookie_is_taken_from_our_own_pages_only() {
        let world = World::new().await;
        let event = bootstrap::Event::first(Some("correct horse battery".to_owned()));
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
    async fn a_password_somebody_else_set_opens_nothing_but_its_change() {
        let world = World::new().await;
        let report = bootstrap::run(world.context.clone(), bootstrap::Event::first(None)).await.unwrap();
        let body = json!({"login": "admin", "password": report.generated_password.unwrap()});
        let signed_in = world.stranger().post("/v1/login", &body).await;
        let client =
            world.stranger().with("authorization", &format!("Bearer {}", signed_in.body["token"].as_str().unwrap()));
        client.get("/v1/apps").await.is_problem(Code::PasswordChangeRequired);
        client.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::PasswordChangeRequired);
        assert_eq!(client.get("/v1/me").await.is(200).body["user"]["password_change_required"], true);
        client.post("/v1/logout", &Value::Null).await.is(204);
    }
}

mod refusals {
    use super::*;

    #[tokio::test]
    async fn they_come_in_the_promised_order() {
        let (world, admin, path) = with_app().await;
        let team = world.team("Team").await;
        let outsider = world.member("outsider", []).await;
        let reviewer = world.member("reviewer", [(team, "reviewer")]).await;
        let theirs = admin.post("/v1/apps", &json!({"name": "Theirs", "team_id": team.to_string()})).await;
        let theirs = theirs.header("location");
        let stranger = world.stranger();
        let large = "x".repeat(65_537);
        let post = |client: &Client, path: &str, body: &str| client.send_owned(Method::POST, path, body.to_owned());

        let accounts = format!("{path}/accounts");
        post(&stranger, "/v1/nothing", "{").await.is_problem(Code::NotFound);
        stranger.put("/v1/apps", &Value::Null).await.is_problem(Code::MethodNotAllowed);
        let both = admin.with("cookie", "__Host-session=x");
        post(&both, &accounts, &large).await.is_problem(Code::AmbiguousCredentials);
        post(&stranger, &accounts, &large).await.is_problem(Code::Unauthenticated);
        post(&admin.with("content-type", "text/plain"), &accounts, &large).await.is_problem(Code::PayloadTooLarge);
        post(&admin.with("content-type", "text/plain"), &accounts, "{").await.is_problem(Code::UnsupportedMediaType);
        post(&outsider, &accounts, "{").await.is_problem(Code::MalformedJson);
        post(&outsider, &accounts, r#"{"a":1}"#).await.is_problem(Code::NotFound);
        post(&admin, "/v1/apps/x/accounts", r#"{"a":1}"#).await.is_problem(Code::NotFound);
        post(&reviewer, &format!("{theirs}/accounts"), r#"{"a":1}"#).await.is_problem(Code::Forbidden);
        admin.post(&accounts, &json!({"user_id": "a", "type": "general"})).await.is(201);
        let stale = admin.with("if-match", "\"9\"");
        stale.patch(&format!("{accounts}/a"), &json!({"a": 1})).await.is_problem(Code::UnknownField);
        stale.patch(&format!("{accounts}/a"), &json!({"level": 1})).await.is_problem(Code::VersionConflict);
        stale.delete(&path).await.is_problem(Code::VersionConflict);
        admin.delete(&path).await.is_problem(Code::AppNotEmpty);
    }

    /// F1: but for the request's id, byte for byte.
    #[tokio::test]
    async fn anothers_application_answers_as_a_missing_one() {
        let (world, _admin, path) = with_app().await;
        let member = world.member("member", []).await;
        let missing = "/v1/apps/019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";
        let read = |reply: crate::support::Reply| {
            let id = reply.header("x-request-id").to_owned();
            (reply.status, String::from_utf8(reply.bytes).unwrap().replace(&id, "-"))
        };
        for rest in ["", "/accounts", "/accounts/mina"] {
            let (theirs, none) =
                (member.get(&format!("{path}{rest}")).await, member.get(&format!("{missing}{rest}")).await);
            theirs.is_problem(Code::NotFound);
            assert_eq!(read(theirs), read(none));
        }
    }

    #[tokio::test]
    async fn every_reply_carries_its_id_and_the_security_headers() {
        let (world, admin, path) = with_app().await;
        let replies = [
            admin.get(&path).await,
            admin.delete(&format!("{path}x")).await,
            world.stranger().get("/healthz").await,
            world.stranger().get("/").await,
        ];
        let mut ids = Vec::new();
        for reply in &replies {
            ids.push(reply.header("x-request-id"));
            assert_eq!(reply.header("cache-control"), "no-store");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert!(reply.header("strict-transport-security").starts_with("max-age="));
            assert!(!reply.header("content-security-policy").contains("unsafe-inline"));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), replies.len());
        assert_eq!(replies[2].body, json!({"status": "ok"}));
    }
}

mod bodies {
    use super::*;

    /// J1, I4: a body at the limit is read, one byte more is not.
    #[tokio::test]
    async fn a_body_takes_64_kib() {
        let (_world, admin, path) = with_app().await;
        let body = r#"{"name":"New"}"#;
        let padded = |bytes: usize| format!("{body}{}", " ".repeat(bytes - body.len()));
        admin.send_owned(Method::PATCH, &path, padded(65_536)).await.is(200);
        admin.send_owned(Method::PATCH, &path, padded(65_537)).await.is_problem(Code::PayloadTooLarge);
    }

    #[tokio::test]
    async fn the_query_of_a_list_is_read_strictly() {
        let (_world, admin, path) = with_app().await;
        let list = format!("{path}/accounts");
        for (query, violations) in [
            ("limit=0", vec![json!(["limit", "out_of_range"])]),
            ("limit=-1", vec![json!(["limit", "out_of_range"])]),
            ("limit=2147483648", vec![json!(["limit", "out_of_range"])]),
            ("limit=99999999999999999999", vec![json!(["limit", "out_of_range"])]),
            ("limit=1.0", vec![json!(["limit", "out_of_range"])]),
            ("limit=%2B1", vec![json!(["limit", "out_of_range"])]),
            ("limit=", vec![json!(["limit", "out_of_range"])]),
            ("limit=1&limit=1", vec![json!(["limit", "not_allowed"])]),
            ("type=owner&order=desc", vec![json!(["type", "not_allowed"]), json!(["order", "unknown_field"])]),
        ] {
            let refused = admin.get(&format!("{list}?{query}")).await;
            refused.is(422);
            assert_eq!(refused.violations(), violations, "{query}");
        }
        for limit in ["1", "100", "050"] {
            admin.get(&format!("{list}?limit={limit}")).await.is(200);
        }
    }
}

mod cursors {
    use super::*;

    /// F3.
    #[tokio::test]
    async fn a_cursor_is_good_for_its_user_path_and_filter_and_for_an_hour() {
        let (world, admin, path) = with_app().await;
        let other_app = format!("/v1/apps/{}", world.app(&admin, "Other").await);
        for app in [&path, &other_app] {
            for id in ["a", "b", "c"] {
                admin.post(&format!("{app}/accounts"), &json!({"user_id": id, "type": "general"})).await.is(201);
            }
        }
        let (_, other) = world.user("other", UserType::PlatformAdmin, []).await;
        let list = format!("{path}/accounts");
        let first = admin.get(&format!("{list}?limit=1&type=general")).await;
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        let good = format!("{list}?cursor={cursor}&type=general");
        admin.get(&good).await.is(200);
        admin.get(&format!("{good}&limit=2")).await.is(200);
        let mut tampered = cursor.clone();
        tampered.replace_range(12..13, if &cursor[12..13] == "A" { "B" } else { "A" });
        for (client, path) in [
            (&other, good.clone()),
            (&admin, format!("{other_app}/accounts?cursor={cursor}&type=general")),
            (&admin, format!("{list}?cursor={cursor}")),
            (&admin, format!("{good}&user_id_prefix=a")),
            (&admin, format!("{list}?cursor={tampered}&type=general")),
            (&admin, format!("{list}?cursor=&type=general")),
            (&admin, format!("{list}?cursor=nonsense&type=general")),
            (&admin, format!("/v1/apps?cursor={cursor}")),
        ] {
            client.get(&path).await.is_problem(Code::InvalidCursor);
        }
        for _ in 0..5 {
            world.clock.advance(Duration::from_mins(11));
            admin.get(&good).await.is(200);
        }
        world.clock.advance(Duration::from_mins(5));
        admin.get(&good).await.is_problem(Code::InvalidCursor);
    }
}

mod versions {
    use super::*;

    #[tokio::test]
    async fn if_match_names_the_version_to_change() {
        let (_world, admin, path) = with_app().await;
        let rename = |tag: &str, name: &str| {
            let (client, path, body) = (admin.with("if-match", tag), path.clone(), json!({"name": name}));
            async move { client.patch(&path, &body).await }
        };
        assert_eq!(rename("\"1\"", "Two").await.is(200).header("etag"), "\"2\"");
        for stale in ["\"1\"", "W/\"2\"", "\"x\"", "\"1\", \"3\"", "\"1\",", "\"a,b\"", "\"\""] {
            rename(stale, "Three").await.is_problem(Code::VersionConflict);
        }
        for broken in ["2", "\"2", "\"\"2\"\"", "", ",", "\"1\" \"2\"", "\"2\"x", "w/\"2\""] {
            rename(broken, "Three").await.is_problem(Code::InvalidIfMatch);
        }
        rename("\"1\", \"2\"", "Three").await.is(200);
        rename("*", "Four").await.is(200);
    }
}

mod idempotency {
    use super::*;

    async fn count(admin: &Client) -> usize {
        admin.get("/v1/apps").await.body["items"].as_array().unwrap().len()
    }

    #[tokio::test]
    async fn the_same_again_gets_the_same_reply_whatever_happened_since() {
        let world = World::new().await;
        let admin = world.admin().await;
        let keyed = admin.with("idempotency-key", "key 1");
        let body = json!({"name": "App"});
        let first = keyed.post("/v1/apps", &body).await;
        assert_eq!(first.is(201).header("idempotency-replayed"), "");
        admin.delete(first.header("location")).await.is(204);
        let again = keyed.post("/v1/apps", &body).await;
        assert_eq!(again.is(201).header("idempotency-replayed"), "true");
        assert_eq!(again.bytes, first.bytes);
        for header in ["location", "etag"] {
            assert_eq!(again.header(header), first.header(header));
        }
        assert_eq!(count(&admin).await, 0);
        keyed.post("/v1/apps", &json!({"name": "Other"})).await.is_problem(Code::IdempotencyMismatch);
    }

    #[tokio::test]
    async fn a_key_belongs_to_its_user_and_path_and_lasts_a_day() {
        let (world, admin, path) = with_app().await;
        let (user, other) = world.user("other", UserType::PlatformAdmin, []).await;
        let body = json!({"name": "App"});
        admin.with("idempotency-key", "k").post("/v1/apps", &body).await.is(201);
        let others = other.with("idempotency-key", "k").post("/v1/apps", &body).await;
        assert_eq!(others.is(201).header("idempotency-replayed"), "");
        let account = json!({"user_id": "a", "type": "general"});
        admin.with("idempotency-key", "k").post(&format!("{path}/accounts"), &account).await.is(201);
        world.clock.advance(Duration::from_millis(24 * 60 * 60 * 1_000 - 1));
        let other = world.signed_in(&user).await.with("idempotency-key", "k");
        assert_eq!(other.post("/v1/apps", &body).await.header("idempotency-replayed"), "true");
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(other.post("/v1/apps", &body).await.is(201).header("idempotency-replayed"), "");
    }

    #[tokio::test]
    async fn a_refusal_is_not_remembered() {
        let (_world, admin, path) = with_app().await;
        let keyed = admin.with("idempotency-key", "k");
        let batch = json!({"user_ids": ["a"]});
        keyed.post(&format!("{path}/account-deletions"), &batch).await.is_problem(Code::AccountDeletionLocked);
        admin
            .put(&format!("{path}/deletion-lock"), &json!({"locked": false, "risks_acknowledged": true}))
            .await
            .is(200);
        let report = keyed.post(&format!("{path}/account-deletions"), &batch).await;
        assert_eq!(report.is(200).body["results"][0]["outcome"], "not_found");
        admin.post(&format!("{path}/accounts"), &json!({"user_id": "a", "type": "general"})).await.is(201);
        let again = keyed.post(&format!("{path}/account-deletions"), &batch).await;
        assert_eq!((again.header("idempotency-replayed"), &again.bytes), ("true", &report.bytes));
        admin.get(&format!("{path}/accounts/a")).await.is(200);
    }

    #[tokio::test]
    async fn a_key_that_is_none_is_refused() {
        let world = World::new().await;
        let admin = world.admin().await;
        for bad in ["", "tab\there", &"k".repeat(129), "schlüssel"] {
            let keyed = admin.with("idempotency-key", bad);
            keyed.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::InvalidIdempotencyKey);
        }
        admin.with("idempotency-key", &"k".repeat(128)).post("/v1/apps", &json!({"name": "App"})).await.is(201);
        let two = admin.with("idempotency-key", "a").with("idempotency-key", "b");
        two.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::InvalidIdempotencyKey);
        assert_eq!(count(&admin).await, 1);
    }

    /// K7.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_double_submit_has_one_effect() {
        let (world, admin, path) = with_app().await;
        world.faults.conflicts_like_dynamodb(true);
        let sent = (0..8).map(|_| {
            let (keyed, path) = (admin.with("idempotency-key", "k"), path.clone());
            tokio::spawn(async move {
                keyed.post(&format!("{path}/accounts"), &json!({"user_id": "a", "type": "admin"})).await
            })
        });
        for reply in futures_util::future::join_all(sent).await {
            let reply = reply.unwrap();
            if reply.status != 201 {
                reply.is_problem(Code::IdempotencyInProgress);
            }
        }
        assert_eq!(admin.get(&path).await.body["admin_count"], 1);
    }
}

#[tokio::test]
async fn a_user_from_storage_reads_back_as_written() {
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
