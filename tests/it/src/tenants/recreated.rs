//! A resource created under the name of a deleted one inherits nothing from it.

use rstest::rstest;

use super::*;

/// The cleanup runs before or after the new team is created.
#[rstest]
#[tokio::test]
async fn a_team_with_the_name_of_a_deleted_one_inherits_nothing(#[values(true, false)] is_cleaned_before: bool) {
    let world = World::new().await;
    let admin = world.admin().await;
    let old = TeamFixture::new(&world, &admin, 0, false).await;
    let member = world.signed_in(&old.member).await;
    let redeemer = world.redeemer("redeemer").await;
    let path = format!("/v1/teams/{}", old.team);
    let cursor = admin.get(&format!("{path}/members?limit=1")).await;
    let cursor = cursor.is(200).body["next_cursor"].as_str().unwrap().to_owned();
    admin.delete(&path).await.is(204);
    let clean_up = async || {
        world.clock.advance(Duration::from_secs(61));
        cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap()
    };
    if is_cleaned_before {
        assert_eq!(clean_up().await.teams_deleted, 1);
    }
    let body = json!({"name": "FIXTURE 0", "admin_user_id": old.non_member.user_id});
    let created = admin.post("/v1/teams", &body).await;
    let new = created.is(201).body["team_id"].as_str().unwrap().to_owned();
    assert_ne!(new, old.team.to_string());
    if !is_cleaned_before {
        assert_eq!(clean_up().await.teams_deleted, 1);
    }
    let non_member = world.signed_in(&world.store().user(old.non_member.user_id).await.unwrap().unwrap()).await;
    let new = format!("/v1/teams/{new}");
    assert_eq!(ids(&non_member.get("/v1/teams").await, "team_id"), [created.body["team_id"].as_str().unwrap()]);
    assert_eq!(ids(&non_member.get(&format!("{new}/members")).await, "user_id"), [old.non_member.user_id.to_string()]);
    assert_eq!(ids(&non_member.get(&format!("{new}/roles")).await, "role_id").len(), 6, "only the presets");
    assert_eq!(ids(&non_member.get(&format!("{new}/invitations")).await, "invitation_id"), Vec::<String>::new());
    assert_eq!(ids(&non_member.get("/v1/apps").await, "app_id"), Vec::<String>::new());
    let log = non_member.get("/v1/audit").await;
    let actions: Vec<_> = log.is(200).body["items"].as_array().unwrap().iter().map(|r| r["action"].clone()).collect();
    assert_eq!(actions.len(), 2, "{actions:?}");
    assert!(actions.contains(&json!("team.create")) && actions.contains(&json!("member.add")));

    assert_eq!(member.get("/v1/me").await.is(200).body["teams"], json!([]));
    for path in [&path, &new] {
        member.get(path).await.is_problem(Code::NotFound);
        member.get(&format!("{path}/members")).await.is_problem(Code::NotFound);
    }
    admin.get(&path).await.is_problem(Code::NotFound);
    let old_role = format!("{new}/roles/{}", old.role);
    non_member.get(&old_role).await.is_problem(Code::NotFound);
    let invite = json!({"role_id": old.role});
    let refused = non_member.post(&format!("{new}/invitations"), &invite).await;
    assert_eq!(refused.violations(), [json!(["/role_id", "unknown_reference"])]);
    redeemer.post("/v1/invitations/redeem", &json!({"code": old.code})).await.is_problem(Code::InvitationInvalid);
    admin.get(&format!("{new}/members?limit=1&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
    let leftover = format!("TEAM#{}", old.team);
    let left: Vec<_> = world.dump().await.into_iter().filter(|item| item["pk"] == json!(leftover)).collect();
    assert_eq!(left, Vec::<Value>::new());
    let stored = world.store().user(old.member.user_id).await.unwrap().unwrap();
    assert!(stored.teams.stored().next().is_none());
}

#[tokio::test]
async fn an_app_with_the_name_of_a_deleted_one_inherits_nothing() {
    let world = World::new().await;
    let (admin, ours, _, caller) = neighbours(&world).await;
    let app = format!("/v1/apps/{}", ours.app);
    let all = json!({"user_ids": ["mina", "root"]});
    caller.client.post(&format!("{app}/account-deletions"), &all).await.is(200);
    caller.client.delete(&app).await.is(204);
    let body = json!({"name": "Full", "team_id": ours.team});
    let created = caller.client.post("/v1/apps", &body).await;
    let new = created.is(201).header("location").to_owned();
    assert_ne!(new, app);
    assert_eq!(created.body["admin_count"], 0);
    assert_eq!(created.body["deletion_lock"], json!({"locked": true, "changed_by": null, "changed_at": null}));
    assert_eq!(ids(&caller.client.get(&format!("{new}/accounts")).await, "user_id"), Vec::<String>::new());
    for deleted in [app.clone(), format!("{app}/accounts"), format!("{app}/accounts/mina")] {
        caller.client.get(&deleted).await.is_problem(Code::NotFound);
        admin.get(&deleted).await.is_problem(Code::NotFound);
    }
    caller.client.get(&format!("{new}/accounts/mina")).await.is_problem(Code::NotFound);
    let mina = json!({"user_id": "mina", "type": "general"});
    let mina = caller.client.post(&format!("{new}/accounts"), &mina).await;
    assert_eq!((mina.is(201).body["version"].clone(), mina.body["nickname"].clone()), (json!(1), Value::Null));
    let mut expected = vec![ours.spare.clone(), created.body["app_id"].as_str().unwrap().to_owned()];
    expected.sort();
    assert_eq!(ids(&caller.client.get("/v1/apps").await, "app_id"), expected);
}
