//! A resource created under the name of a deleted one inherits nothing from it.

use rstest::rstest;

use super::*;

/// Whether the cleanup comes between the deletion and the new one, or after both.
#[rstest]
#[tokio::test]
async fn a_team_of_a_deleted_ones_name_has_nothing_of_it(#[values(true, false)] is_cleaned_before: bool) {
    let world = World::new().await;
    let boss = world.admin().await;
    let old = TeamFixture::new(&world, &boss, 0, false).await;
    let member = world.signed_in(&old.member).await;
    let redeemer = world.redeemer("redeemer").await;
    let path = format!("/v1/teams/{}", old.team);
    let cursor = boss.get(&format!("{path}/members?limit=1")).await;
    let cursor = cursor.is(200).body["next_cursor"].as_str().unwrap().to_owned();
    boss.delete(&path).await.is(204);
    let clean = async || {
        world.clock.advance(Duration::from_secs(61));
        cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap()
    };
    if is_cleaned_before {
        assert_eq!(clean().await.teams_deleted, 1);
    }
    let body = json!({"name": "ESTATE 0", "admin_user_id": old.guest.user_id});
    let created = boss.post("/v1/teams", &body).await;
    let new = created.is(201).body["team_id"].as_str().unwrap().to_owned();
    assert_ne!(new, old.team.to_string());
    if !is_cleaned_before {
        assert_eq!(clean().await.teams_deleted, 1);
    }
    let guest = world.signed_in(&world.store().user(old.guest.user_id).await.unwrap().unwrap()).await;
    let new = format!("/v1/teams/{new}");
    assert_eq!(ids(&guest.get("/v1/teams").await, "team_id"), [created.body["team_id"].as_str().unwrap()]);
    assert_eq!(ids(&guest.get(&format!("{new}/members")).await, "user_id"), [old.guest.user_id.to_string()]);
    assert_eq!(ids(&guest.get(&format!("{new}/roles")).await, "role_id").len(), 6, "the presets alone");
    assert_eq!(ids(&guest.get(&format!("{new}/invitations")).await, "invitation_id"), Vec::<String>::new());
    assert_eq!(ids(&guest.get("/v1/apps").await, "app_id"), Vec::<String>::new());
    let log = guest.get("/v1/audit").await;
    let actions: Vec<_> = log.is(200).body["items"].as_array().unwrap().iter().map(|r| r["action"].clone()).collect();
    assert_eq!(actions.len(), 2, "{actions:?}");
    assert!(actions.contains(&json!("team.create")) && actions.contains(&json!("member.add")));

    assert_eq!(member.get("/v1/me").await.is(200).body["teams"], json!([]));
    for path in [&path, &new] {
        member.get(path).await.is_problem(Code::NotFound);
        member.get(&format!("{path}/members")).await.is_problem(Code::NotFound);
    }
    boss.get(&path).await.is_problem(Code::NotFound);
    let shows = format!("{new}/roles/{}", old.role);
    guest.get(&shows).await.is_problem(Code::NotFound);
    let invite = json!({"role_id": old.role});
    let refused = guest.post(&format!("{new}/invitations"), &invite).await;
    assert_eq!(refused.violations(), [json!(["/role_id", "unknown_reference"])]);
    redeemer.post("/v1/invitations/redeem", &json!({"code": old.code})).await.is_problem(Code::InvitationInvalid);
    boss.get(&format!("{new}/members?limit=1&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
    let leftover = format!("TEAM#{}", old.team);
    let left: Vec<_> = world.dump().await.into_iter().filter(|item| item["pk"] == json!(leftover)).collect();
    assert_eq!(left, Vec::<Value>::new());
    let stored = world.store().user(old.member.user_id).await.unwrap().unwrap();
    assert!(stored.teams.is_empty());
}

#[tokio::test]
async fn an_app_of_a_deleted_ones_name_has_nothing_of_it() {
    let world = World::new().await;
    let (boss, ours, _, caller) = neighbours(&world).await;
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
    for gone in [app.clone(), format!("{app}/accounts"), format!("{app}/accounts/mina")] {
        caller.client.get(&gone).await.is_problem(Code::NotFound);
        boss.get(&gone).await.is_problem(Code::NotFound);
    }
    caller.client.get(&format!("{new}/accounts/mina")).await.is_problem(Code::NotFound);
    let mina = json!({"user_id": "mina", "type": "general"});
    let mina = caller.client.post(&format!("{new}/accounts"), &mina).await;
    assert_eq!((mina.is(201).body["version"].clone(), mina.body["nickname"].clone()), (json!(1), Value::Null));
    let mut expected = vec![ours.spare.clone(), created.body["app_id"].as_str().unwrap().to_owned()];
    expected.sort();
    assert_eq!(ids(&caller.client.get("/v1/apps").await, "app_id"), expected);
}
