//! Applications over HTTP.

use std::time::Duration;

use futures_util::future::join_all;
use rollcall_domain::Code;
use serde_json::json;

use crate::support::{START, World};

mod create {
    use super::*;

    #[tokio::test]
    async fn a_new_application_is_locked_and_has_version_one() {
        let world = World::new().await;
        let admin = world.admin().await;
        let created = admin.post("/v1/apps", &json!({"name": "  Harbor Chat "})).await;
        created.is(201);
        let app_id = created.body["app_id"].as_str().unwrap();
        assert_eq!(
            created.body,
            json!({
                "app_id": app_id, "name": "Harbor Chat", "team_id": null, "admin_count": 0,
                "deletion_lock": {"locked": true, "changed_by": null, "changed_at": null},
                "created_at": START, "updated_at": START, "version": 1,
            })
        );
        assert_eq!(created.header("location"), format!("/v1/apps/{app_id}"));
        assert_eq!(created.header("etag"), "\"1\"");
        assert_eq!(admin.get(created.header("location")).await.body, created.body);
    }

    #[tokio::test]
    async fn a_member_creates_applications_in_teams_where_they_manage_them() {
        let world = World::new().await;
        let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
        let senior = world.member("senior", [(ours, "senior_developer")]).await;
        let developer = world.member("developer", [(ours, "developer")]).await;
        let named = |team: &dyn ToString| json!({"name": "App", "team_id": team.to_string()});
        let created = senior.post("/v1/apps", &named(&ours)).await;
        assert_eq!(created.is(201).body["team_id"], ours.to_string());
        developer.post("/v1/apps", &named(&ours)).await.is_problem(Code::Forbidden);
        let missing = senior.post("/v1/apps", &json!({"name": "App"})).await;
        assert_eq!(missing.is_problem(Code::ValidationFailed).violations(), [json!(["/team_id", "required"])]);
        for foreign in [theirs.to_string(), "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21".to_owned()] {
            let refused = senior.post("/v1/apps", &named(&foreign)).await;
            refused.is_problem(Code::ValidationFailed);
            assert_eq!(refused.violations(), [json!(["/team_id", "unknown_reference"])], "{foreign}");
        }
        let unknown = world.admin().await.post("/v1/apps", &named(&"019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21")).await;
        assert_eq!(unknown.violations(), [json!(["/team_id", "unknown_reference"])]);
    }
}

mod list {
    use super::*;

    #[tokio::test]
    async fn users_list_their_applications_in_the_order_of_creation() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
        let mut ids = Vec::new();
        for (name, team) in [("1", Some(ours)), ("2", Some(theirs)), ("3", None), ("4", Some(ours)), ("5", Some(ours))]
        {
            world.clock.advance(Duration::from_millis(1));
            let team = team.map(|team| team.to_string());
            let app = admin.post("/v1/apps", &json!({"name": name, "team_id": team})).await;
            ids.push(app.is(201).body["app_id"].clone());
        }
        let listed = |reply: crate::support::Reply| -> Vec<_> {
            reply.is(200).body["items"].as_array().unwrap().iter().map(|app| app["app_id"].clone()).collect()
        };
        assert_eq!(listed(admin.get("/v1/apps").await), ids);
        assert_eq!(listed(admin.get(&format!("/v1/apps?team_id={theirs}")).await), ids[1..2]);
        let member = world.member("member", [(ours, "reviewer")]).await;
        assert_eq!(listed(member.get("/v1/apps").await), [&ids[0], &ids[3], &ids[4]].map(Clone::clone));
        assert!(listed(member.get(&format!("/v1/apps?team_id={theirs}")).await).is_empty());
        let manager = world.member("manager", [(ours, "member_manager")]).await;
        assert!(listed(manager.get("/v1/apps").await).is_empty());

        for client in [&admin, &member] {
            let first = client.get("/v1/apps?limit=2").await;
            let rest =
                client.get(&format!("/v1/apps?limit=2&cursor={}", first.body["next_cursor"].as_str().unwrap())).await;
            let all = listed(client.get("/v1/apps").await);
            assert_eq!([listed(first), listed(rest)].concat(), all[..all.len().min(4)]);
        }
    }
}

mod edit {
    use super::*;

    #[tokio::test]
    async fn a_rename_increments_the_version_unless_the_name_is_the_same() {
        let world = World::new().await;
        let admin = world.admin().await;
        let path = format!("/v1/apps/{}", world.app(&admin, "Old").await);
        world.clock.advance(Duration::from_secs(1));
        let renamed = admin.patch(&path, &json!({"name": "New"})).await;
        assert_eq!((renamed.body["name"].as_str(), renamed.body["version"].as_u64()), (Some("New"), Some(2)));
        assert_eq!(renamed.body["updated_at"], "2026-11-20T12:00:01.000Z");
        assert_eq!(admin.patch(&path, &json!({"name": "New"})).await.body, renamed.body);
        assert_eq!(admin.patch(&path, &json!({"name": null})).await.violations(), [json!(["/name", "required"])]);
    }

    #[tokio::test]
    async fn only_platform_admins_move_an_application() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (from, to) = (world.team("From").await, world.team("To").await);
        let senior = world.member("senior", [(from, "admin"), (to, "admin")]).await;
        let app = senior.post("/v1/apps", &json!({"name": "App", "team_id": from.to_string()})).await;
        let path = app.header("location");
        let to = json!({"team_id": to.to_string()});
        senior.patch(path, &to).await.is_problem(Code::Forbidden);
        assert_eq!(admin.patch(path, &to).await.is(200).body["team_id"], to["team_id"]);
        assert_eq!(senior.get(&format!("/v1/apps?team_id={from}")).await.body["items"], json!([]));
        assert_eq!(admin.patch(path, &json!({"team_id": null})).await.is(200).body["team_id"], json!(null));
        senior.get(path).await.is_problem(Code::NotFound);
    }
}

mod lock {
    use super::*;

    #[tokio::test]
    async fn unlocking_requires_the_acknowledgement_and_records_the_user() {
        let world = World::new().await;
        let admin = world.admin().await;
        let lock = format!("/v1/apps/{}/deletion-lock", world.app(&admin, "App").await);
        for unacknowledged in [json!({"locked": false}), json!({"locked": false, "risks_acknowledged": false})] {
            let refused = admin.put(&lock, &unacknowledged).await;
            assert_eq!(
                refused.is_problem(Code::ValidationFailed).violations(),
                [json!(["/risks_acknowledged", "required"])]
            );
        }
        let lifted = admin.put(&lock, &json!({"locked": false, "risks_acknowledged": true})).await;
        assert_eq!(lifted.is(200).body["deletion_lock"]["locked"], false);
        assert_eq!(lifted.body["deletion_lock"]["changed_by"]["username"], "admin");
        assert_eq!(lifted.body["deletion_lock"]["changed_at"], START);
        let back = admin.put(&lock, &json!({"locked": true})).await;
        assert_eq!(back.is(200).body["deletion_lock"]["locked"], true);
        assert_eq!(back.body["version"], 3);
    }
}

mod delete {
    use super::*;

    #[tokio::test]
    async fn only_an_empty_application_is_deleted() {
        let world = World::new().await;
        let admin = world.admin().await;
        let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
        admin.post(&format!("{path}/accounts"), &json!({"user_id": "a", "type": "general"})).await.is(201);
        admin.delete(&path).await.is_problem(Code::AppNotEmpty);
        admin
            .put(&format!("{path}/deletion-lock"), &json!({"locked": false, "risks_acknowledged": true}))
            .await
            .is(200);
        admin.post(&format!("{path}/account-deletions"), &json!({"user_ids": ["a"]})).await.is(200);
        admin.delete(&path).await.is(204);
        admin.delete(&path).await.is_problem(Code::NotFound);
        admin.get(&path).await.is_problem(Code::NotFound);
        assert_eq!(admin.get("/v1/apps").await.body["items"], json!([]));
    }

    #[tokio::test]
    async fn a_deletion_during_creations_loses_no_created_account() {
        for round in 0..20 {
            let world = World::new().await;
            let admin = world.admin().await;
            let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
            let create = |id: usize| {
                let (admin, path) = (admin.clone(), format!("{path}/accounts"));
                async move { admin.post(&path, &json!({"user_id": format!("a{id}"), "type": "general"})).await.status }
            };
            let delete = async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                admin.delete(&path).await.status
            };
            let (deleted, created) = tokio::join!(delete, join_all((0..4).map(create)));
            let created = created.into_iter().filter(|status| *status == 201).count();
            world.clock.advance(Duration::from_secs(61));
            cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
            let listed = admin.get(&format!("{path}/accounts")).await;
            if created == 0 {
                assert_eq!((deleted, listed.status), (204, 404));
            } else {
                assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), created);
            }
        }
    }
}
