//! Accounts over HTTP.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use rollcall_domain::Code;
use serde_json::{Value, json};

use crate::support::{Client, START, World};

/// A world with one application: its admin and the application's path.
async fn with_app() -> (World, Client, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
    (world, admin, path)
}

async fn create(client: &Client, path: &str, user_id: &str, account_type: &str) {
    client.post(&format!("{path}/accounts"), &json!({"user_id": user_id, "type": account_type})).await.is(201);
}

async fn unlock(client: &Client, path: &str) {
    client.put(&format!("{path}/deletion-lock"), &json!({"locked": false, "risks_acknowledged": true})).await.is(200);
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|account| account["user_id"].as_str().unwrap().to_owned()).collect()
}

mod create {
    use super::*;

    #[tokio::test]
    async fn an_account_is_answered_listed_and_read_alike() {
        let (_world, admin, path) = with_app().await;
        let body = json!({
            "user_id": "mina", "type": "general", "nickname": "민아", "photo_url": "https://img.example.com/m.png",
            "gender": "female", "birth_date": "1994-05-17", "location": "부산", "whats_up": "On deck\nuntil six",
            "friend_verification": "allow_any", "language": 4_294_967_295_u32, "message_settings": 1,
            "friending": "forbidden", "level": 3, "role": 2,
        });
        let created = admin.post(&format!("{path}/accounts"), &body).await;
        let mut expected = body;
        for (field, value) in [("created_at", json!(START)), ("updated_at", json!(START)), ("version", json!(1))] {
            expected[field] = value;
        }
        assert_eq!(created.is(201).body, expected);
        assert_eq!(created.header("location"), format!("{path}/accounts/mina"));
        assert_eq!(admin.get(created.header("location")).await.is(200).body, expected);
        assert_eq!(admin.get(&format!("{path}/accounts")).await.body["items"], json!([expected]));
    }

    #[tokio::test]
    async fn the_same_id_again_is_refused_and_another_case_is_another_account() {
        let (_world, admin, path) = with_app().await;
        create(&admin, &path, "mina", "general").await;
        let again =
            admin.post(&format!("{path}/accounts"), &json!({"user_id": "mina", "type": "admin", "level": 9})).await;
        again.is_problem(Code::AccountExists);
        assert_eq!(admin.get(&format!("{path}/accounts/mina")).await.body["level"], 0);
        assert_eq!(admin.get(&path).await.body["admin_count"], 0);
        create(&admin, &path, "Mina", "general").await;
    }

    #[tokio::test]
    async fn every_permitted_symbol_stands_in_a_path() {
        let (_world, admin, path) = with_app().await;
        let id = "aZ9!$&'()*+,;=:@._~-";
        let created = admin.post(&format!("{path}/accounts"), &json!({"user_id": id, "type": "general"})).await;
        assert_eq!(admin.get(created.is(201).header("location")).await.is(200).body["user_id"], id);
        for other in ["a%2Fb", "a%00b", "%2e%2e", "..", "a%20b", "%61b/"] {
            admin.get(&format!("{path}/accounts/{other}")).await.is_problem(Code::NotFound);
        }
    }

    #[tokio::test]
    async fn every_broken_rule_is_reported_at_once() {
        let (_world, admin, path) = with_app().await;
        let body = json!({
            "user_id": "a b", "type": "owner", "nickname": "a\nb", "photo_url": "img.png", "gender": 1,
            "birth_date": "2026-11-21", "level": 1.5, "role": -1, "friending": "", "version": 7, "created_at": START,
        });
        let refused = admin.post(&format!("{path}/accounts"), &body).await;
        refused.is_problem(Code::UnknownField);
        assert_eq!(
            refused.violations(),
            [
                json!(["/user_id", "bad_format"]),
                json!(["/type", "not_allowed"]),
                json!(["/nickname", "bad_format"]),
                json!(["/photo_url", "bad_format"]),
                json!(["/gender", "wrong_type"]),
                json!(["/birth_date", "out_of_range"]),
                json!(["/friending", "not_allowed"]),
                json!(["/level", "wrong_type"]),
                json!(["/role", "out_of_range"]),
                json!(["/created_at", "unknown_field"]),
                json!(["/version", "unknown_field"]),
            ]
        );
    }
}

mod admins {
    use super::*;

    /// G10.
    #[tokio::test(flavor = "multi_thread")]
    async fn nine_admins_and_eleven_parallel_new_ones_make_exactly_ten() {
        let (world, admin, path) = with_app().await;
        for number in 0..9 {
            create(&admin, &path, &format!("old{number}"), "admin").await;
        }
        for number in 0..5 {
            create(&admin, &path, &format!("turned{number}"), "general").await;
        }
        world.faults.conflicts_like_dynamodb(true);
        let new = (0..6).map(|number| {
            let (admin, path) = (admin.clone(), path.clone());
            let body = json!({"user_id": format!("new{number}"), "type": "admin"});
            tokio::spawn(async move { admin.post(&format!("{path}/accounts"), &body).await })
        });
        let turned = (0..5).map(|number| {
            let (admin, path) = (admin.clone(), path.clone());
            tokio::spawn(async move { admin.put(&format!("{path}/accounts/turned{number}/admin"), &Value::Null).await })
        });
        let replies: Vec<_> = join_all(new.chain(turned)).await.into_iter().map(Result::unwrap).collect();
        let won = replies.iter().filter(|reply| matches!(reply.status, 200 | 201)).count();
        assert_eq!(won, 1, "{replies:?}");
        for lost in replies.iter().filter(|reply| !matches!(reply.status, 200 | 201)) {
            lost.is_problem(Code::AdminLimitReached);
        }
        assert!(world.faults.conflicts() > 0, "nobody met");
        assert_eq!(admin.get(&path).await.body["admin_count"], 10);
        assert_eq!(ids(&admin.get(&format!("{path}/accounts?type=admin")).await.body).len(), 10);
        let all = admin.get(&format!("{path}/accounts")).await.body;
        let admins = all["items"].as_array().unwrap().iter().filter(|account| account["type"] == "admin").count();
        assert_eq!(admins, 10, "the set in the application equals the items");
    }

    #[tokio::test]
    async fn setting_and_cancelling_are_their_own_action_and_twice_is_once() {
        let (_world, admin, path) = with_app().await;
        create(&admin, &path, "mina", "general").await;
        let turn = format!("{path}/accounts/mina/admin");
        let set = admin.put(&turn, &Value::Null).await;
        assert_eq!((set.body["type"].as_str(), set.body["version"].as_u64()), (Some("admin"), Some(2)));
        assert_eq!(admin.put(&turn, &Value::Null).await.is(200).body, set.body);
        assert_eq!(admin.get(&path).await.body["admin_count"], 1);
        let cancelled = admin.delete(&turn).await;
        assert_eq!((cancelled.body["type"].as_str(), cancelled.body["version"].as_u64()), (Some("general"), Some(3)));
        assert_eq!(admin.delete(&turn).await.is(200).body, cancelled.body);
        assert_eq!(admin.get(&path).await.body["admin_count"], 0);
        admin.put(&format!("{path}/accounts/nobody/admin"), &Value::Null).await.is_problem(Code::NotFound);
    }
}

mod list {
    use super::*;

    #[tokio::test]
    async fn nobody_is_lost_or_doubled_while_others_write() {
        let (_world, admin, path) = with_app().await;
        let stable: BTreeSet<String> = (0..60).map(|number| format!("s{number:02}")).collect();
        for id in &stable {
            create(&admin, &path, id, "general").await;
        }
        let (mut seen, mut cursor, mut round) = (Vec::new(), String::new(), 0);
        loop {
            let page = admin.get(&format!("{path}/accounts?limit=7{cursor}")).await;
            seen.extend(ids(&page.is(200).body));
            create(&admin, &path, &format!("before{round}"), "general").await;
            create(&admin, &path, &format!("t{round}"), "general").await;
            round += 1;
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]));
        let seen: BTreeSet<_> = seen.into_iter().collect();
        assert!(stable.is_subset(&seen));
    }

    #[tokio::test]
    async fn a_cursor_is_null_exactly_when_nothing_follows() {
        let (_world, admin, path) = with_app().await;
        let list = |query: &str| {
            let (admin, path) = (admin.clone(), format!("{path}/accounts?{query}"));
            async move { admin.get(&path).await.body }
        };
        assert_eq!(list("").await, json!({"items": [], "next_cursor": null}));
        for id in ["a", "b", "c", "d"] {
            create(&admin, &path, id, "general").await;
        }
        assert_eq!(list("limit=4").await["next_cursor"], Value::Null);
        let first = list("limit=3").await;
        assert_eq!(ids(&first), ["a", "b", "c"]);
        let rest = list(&format!("limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await;
        assert_eq!((ids(&rest), &rest["next_cursor"]), (vec!["d".to_owned()], &Value::Null));
    }

    #[tokio::test]
    async fn filters_combine_and_order_is_bytewise() {
        let (_world, admin, path) = with_app().await;
        for (id, account_type) in
            [("Zed", "admin"), ("ab", "general"), ("aa", "admin"), ("b", "general"), ("a~", "admin")]
        {
            create(&admin, &path, id, account_type).await;
        }
        let list = |query: &'static str| {
            let (admin, path) = (admin.clone(), format!("{path}/accounts?{query}"));
            async move { ids(&admin.get(&path).await.is(200).body) }
        };
        assert_eq!(list("").await, ["Zed", "aa", "ab", "a~", "b"]);
        assert_eq!(list("user_id_prefix=a").await, ["aa", "ab", "a~"]);
        assert_eq!(list("type=admin&user_id_prefix=a").await, ["aa", "a~"]);
        assert_eq!(list("type=general").await, ["ab", "b"]);
        assert!(list("user_id_prefix=%22").await.is_empty());
        let first = admin.get(&format!("{path}/accounts?type=admin&limit=2")).await.body;
        assert_eq!(ids(&first), ["Zed", "aa"]);
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = admin.get(&format!("{path}/accounts?cursor={cursor}&limit=2&type=admin")).await.body;
        assert_eq!((ids(&rest), &rest["next_cursor"]), (vec!["a~".to_owned()], &Value::Null));
    }
}

mod edit {
    use super::*;

    #[tokio::test]
    async fn an_edit_keeps_clears_and_sets() {
        let (world, admin, path) = with_app().await;
        let body = json!({"user_id": "mina", "type": "admin", "nickname": "Mina", "location": "Busan", "level": 3});
        let created = admin.post(&format!("{path}/accounts"), &body).await;
        world.clock.advance(Duration::from_secs(5));
        let edited =
            admin.patch(created.header("location"), &json!({"nickname": null, "location": "", "role": 4})).await;
        let mut expected = created.body.clone();
        for (field, value) in
            [("nickname", Value::Null), ("location", Value::Null), ("role", json!(4)), ("version", json!(2))]
        {
            expected[field] = value;
        }
        expected["updated_at"] = json!("2026-11-20T12:00:05.000Z");
        assert_eq!(edited.is(200).body, expected);
        assert_eq!(edited.header("etag"), "\"2\"");
    }

    #[tokio::test]
    async fn identity_and_type_are_immutable() {
        let (_world, admin, path) = with_app().await;
        create(&admin, &path, "mina", "general").await;
        let refused =
            admin.patch(&format!("{path}/accounts/mina"), &json!({"user_id": "x", "type": "admin", "level": 1})).await;
        refused.is_problem(Code::ImmutableField);
        assert_eq!(refused.violations(), [json!(["/user_id", "immutable_field"]), json!(["/type", "immutable_field"])]);
        assert_eq!(admin.get(&format!("{path}/accounts/mina")).await.body["level"], 0);
    }

    #[tokio::test]
    async fn parallel_edits_of_different_fields_are_all_kept() {
        let (world, admin, path) = with_app().await;
        create(&admin, &path, "mina", "general").await;
        world.faults.conflicts_like_dynamodb(true);
        let edits = ["language", "level", "role"].map(|field| {
            let (admin, path) = (admin.clone(), format!("{path}/accounts/mina"));
            async move { admin.patch(&path, &json!({field: 7})).await.status }
        });
        assert_eq!(join_all(edits).await, [200; 3]);
        let account = admin.get(&format!("{path}/accounts/mina")).await.body;
        assert_eq!(
            [&account["language"], &account["level"], &account["role"], &account["version"]],
            [7, 7, 7, 4].map(|n| json!(n)).each_ref()
        );
    }
}

mod deletion {
    use super::*;

    #[tokio::test]
    async fn a_locked_application_deletes_nothing() {
        let (_world, admin, path) = with_app().await;
        create(&admin, &path, "mina", "general").await;
        let refused = admin.post(&format!("{path}/account-deletions"), &json!({"user_ids": ["mina"]})).await;
        refused.is_problem(Code::AccountDeletionLocked);
        admin.get(&format!("{path}/accounts/mina")).await.is(200);
    }

    /// E7, J4.
    #[tokio::test]
    async fn a_batch_answers_per_account_in_the_order_of_first_mention() {
        let (_world, admin, path) = with_app().await;
        create(&admin, &path, "general", "general").await;
        create(&admin, &path, "boss", "admin").await;
        create(&admin, &path, "stays", "admin").await;
        unlock(&admin, &path).await;
        let batch = json!({"user_ids": ["nobody", "boss", "general", "boss"]});
        let report = admin.post(&format!("{path}/account-deletions"), &batch).await;
        assert_eq!(
            report.is(200).body,
            json!({"results": [
                {"user_id": "nobody", "outcome": "not_found"},
                {"user_id": "boss", "outcome": "deleted"},
                {"user_id": "general", "outcome": "deleted"},
            ]})
        );
        assert_eq!(ids(&admin.get(&format!("{path}/accounts")).await.body), ["stays"]);
        assert_eq!(admin.get(&path).await.body["admin_count"], 1);
    }

    #[tokio::test]
    async fn a_batch_takes_a_hundred_entries_and_no_more() {
        let (_world, admin, path) = with_app().await;
        for number in 0..100 {
            create(&admin, &path, &format!("a{number:03}"), if number < 3 { "admin" } else { "general" }).await;
        }
        unlock(&admin, &path).await;
        let names = |count: usize| -> Value { (0..count).map(|number| format!("a{number:03}")).collect() };
        let deletions = format!("{path}/account-deletions");
        let refused = admin.post(&deletions, &json!({"user_ids": names(101)})).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/user_ids", "too_long"])]);
        assert_eq!(
            admin.post(&deletions, &json!({"user_ids": []})).await.violations(),
            [json!(["/user_ids", "too_short"])]
        );
        let bad = admin.post(&deletions, &json!({"user_ids": ["ok", 7, "a b"]})).await;
        assert_eq!(bad.violations(), [json!(["/user_ids/1", "wrong_type"]), json!(["/user_ids/2", "bad_format"])]);
        let report = admin.post(&deletions, &json!({"user_ids": names(100)})).await;
        let results = report.is(200).body["results"].as_array().unwrap();
        assert_eq!(results.len(), 100);
        assert!(results.iter().all(|result| result["outcome"] == "deleted"));
        assert_eq!(admin.get(&path).await.body["admin_count"], 0);
    }

    /// K4.
    #[tokio::test(flavor = "multi_thread")]
    async fn lock_against_delete_has_a_serial_outcome_for_each_account() {
        for round in 0..10 {
            let (world, admin, path) = with_app().await;
            let names: Vec<_> = (0..60).map(|number| format!("a{number:02}")).collect();
            for id in &names {
                create(&admin, &path, id, "general").await;
            }
            unlock(&admin, &path).await;
            world.faults.conflicts_like_dynamodb(true);
            let (deletions, lock) = (format!("{path}/account-deletions"), format!("{path}/deletion-lock"));
            let batch = json!({"user_ids": names});
            let locking = async {
                // A later start in each round, so that the lock falls before, between and after the transactions.
                tokio::time::sleep(Duration::from_millis(round)).await;
                admin.put(&lock, &json!({"locked": true})).await.is(200);
            };
            let (delete, ()) = tokio::join!(admin.post(&deletions, &batch), locking);
            let left = ids(&admin.get(&format!("{path}/accounts?limit=100")).await.body);
            match delete.status {
                409 => assert_eq!(left.len(), 60),
                _ => {
                    for result in delete.is(200).body["results"].as_array().unwrap() {
                        let id = result["user_id"].as_str().unwrap().to_owned();
                        let expected = if left.contains(&id) { "failed" } else { "deleted" };
                        assert_eq!(result["outcome"], expected);
                        assert_eq!(
                            result["code"],
                            if expected == "failed" { json!("account_deletion_locked") } else { Value::Null }
                        );
                    }
                }
            }
        }
    }
}

mod concurrency {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn fifty_parallel_creates_never_meet_on_a_shared_item() {
        let (world, admin, path) = with_app().await;
        world.faults.conflicts_like_dynamodb(true);
        let creates = (0..50).map(|number| {
            let (admin, path) = (admin.clone(), format!("{path}/accounts"));
            let body = json!({"user_id": format!("a{number}"), "type": "general"});
            tokio::spawn(async move { admin.post(&path, &body).await.status })
        });
        let statuses: Vec<_> = join_all(creates).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(statuses, [201; 50]);
        assert_eq!(world.faults.conflicts(), 0);
    }
}
