//! Conventions of all routes: refusals, bodies, cursors, versions and idempotency keys.

use std::time::Duration;

use axum::http::Method;
use chrono::DateTime;
use rollcall_domain::{Code, permission::UserType};
use serde_json::{Value, json};

use crate::support::{Client, World};

async fn with_app() -> (World, Client, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
    (world, admin, path)
}

mod refusals {
    use super::*;

    #[tokio::test]
    async fn refusals_have_a_fixed_precedence() {
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

    /// The replies are equal but for the id of the request.
    #[tokio::test]
    async fn an_application_of_another_team_is_answered_like_a_missing_one() {
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
            world.stranger().get("/nothing").await,
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

    #[tokio::test]
    async fn the_date_of_every_reply_is_that_of_the_clock_which_sets_its_times() {
        let (world, admin, path) = with_app().await;
        world.clock.advance(Duration::from_hours(1));
        for reply in [admin.get(&path).await, world.stranger().get("/nothing").await] {
            let date = DateTime::parse_from_rfc2822(reply.header("date")).unwrap();
            assert_eq!(date.timestamp(), world.now().unix_seconds());
        }
    }
}

mod bodies {
    use super::*;

    #[tokio::test]
    async fn a_body_has_at_most_64_kib() {
        let (_world, admin, path) = with_app().await;
        let body = r#"{"name":"New"}"#;
        let padded = |bytes: usize| format!("{body}{}", " ".repeat(bytes - body.len()));
        admin.send_owned(Method::PATCH, &path, padded(65_536)).await.is(200);
        admin.send_owned(Method::PATCH, &path, padded(65_537)).await.is_problem(Code::PayloadTooLarge);
    }

    #[tokio::test]
    async fn unknown_and_malformed_query_parameters_are_refused() {
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

    #[tokio::test]
    async fn a_cursor_is_valid_for_its_user_path_and_filter_for_an_hour() {
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
    async fn a_change_with_if_match_requires_that_version() {
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
    async fn a_repeated_request_gets_the_stored_reply() {
        let world = World::new().await;
        let admin = world.admin().await;
        let with_key = admin.with("idempotency-key", "key 1");
        let body = json!({"name": "App"});
        let first = with_key.post("/v1/apps", &body).await;
        assert_eq!(first.is(201).header("idempotency-replayed"), "");
        admin.delete(first.header("location")).await.is(204);
        let again = with_key.post("/v1/apps", &body).await;
        assert_eq!(again.is(201).header("idempotency-replayed"), "true");
        assert_eq!(again.bytes, first.bytes);
        for header in ["location", "etag"] {
            assert_eq!(again.header(header), first.header(header));
        }
        assert_eq!(count(&admin).await, 0);
        with_key.post("/v1/apps", &json!({"name": "Other"})).await.is_problem(Code::IdempotencyMismatch);
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
    async fn a_refusal_is_not_stored() {
        let (_world, admin, path) = with_app().await;
        let with_key = admin.with("idempotency-key", "k");
        let batch = json!({"user_ids": ["a"]});
        with_key.post(&format!("{path}/account-deletions"), &batch).await.is_problem(Code::AccountDeletionLocked);
        admin
            .put(&format!("{path}/deletion-lock"), &json!({"locked": false, "risks_acknowledged": true}))
            .await
            .is(200);
        let report = with_key.post(&format!("{path}/account-deletions"), &batch).await;
        assert_eq!(report.is(200).body["results"][0]["outcome"], "not_found");
        admin.post(&format!("{path}/accounts"), &json!({"user_id": "a", "type": "general"})).await.is(201);
        let again = with_key.post(&format!("{path}/account-deletions"), &batch).await;
        assert_eq!((again.header("idempotency-replayed"), &again.bytes), ("true", &report.bytes));
        admin.get(&format!("{path}/accounts/a")).await.is(200);
    }

    #[tokio::test]
    async fn a_malformed_key_is_refused() {
        let world = World::new().await;
        let admin = world.admin().await;
        for bad in ["", "tab\there", &"k".repeat(129), "schlüssel"] {
            let with_key = admin.with("idempotency-key", bad);
            with_key.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::InvalidIdempotencyKey);
        }
        admin.with("idempotency-key", &"k".repeat(128)).post("/v1/apps", &json!({"name": "App"})).await.is(201);
        let two = admin.with("idempotency-key", "a").with("idempotency-key", "b");
        two.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::InvalidIdempotencyKey);
        assert_eq!(count(&admin).await, 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn concurrent_requests_with_one_key_have_one_effect() {
        let (world, admin, path) = with_app().await;
        world.faults.conflicts_like_dynamodb(true);
        let sent = (0..8).map(|_| {
            let (with_key, path) = (admin.with("idempotency-key", "k"), path.clone());
            tokio::spawn(async move {
                with_key.post(&format!("{path}/accounts"), &json!({"user_id": "a", "type": "admin"})).await
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
