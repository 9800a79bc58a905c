//! Creating, listing, editing and deleting webhooks.

use rollcall_domain::limits::MAX_WEBHOOKS;

use super::*;

const URL: &str = "https://hooks.example.com/rollcall";

#[tokio::test]
async fn a_webhook_is_shown_without_its_secret() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"url": URL, "types": ["user.create", "app.create", "user.create"], "description": " "});
    admin.post("/v1/webhooks", &body).await.is(422);
    let body = json!({"url": URL, "types": ["user.create", "app.create", "user.create"], "description": "Sync"});
    let created = admin.post("/v1/webhooks", &body).await;
    let webhook = created.is(201).body["webhook"].clone();
    let id = webhook["webhook_id"].as_str().unwrap();
    assert_eq!(
        webhook,
        json!({
            "webhook_id": id, "url": URL, "types": ["app.create", "user.create"], "team_id": null,
            "description": "Sync", "status": "active", "created_at": world.now(), "version": 1,
        })
    );
    let secret = created.body["secret"].as_str().unwrap().to_owned();
    assert_eq!((&secret[..6], secret.len()), ("whsec_", 50));
    let path = format!("/v1/webhooks/{id}");
    assert_eq!(admin.get(&path).await.is(200).body, webhook);
    assert_eq!(admin.get("/v1/webhooks").await.is(200).body["items"], json!([webhook]));
    let dump = json!(world.dump().await).to_string();
    assert!(!dump.contains(&secret[6..]), "it is stored encrypted, and in no record");
    let edited = admin.patch(&path, &json!({"description": null, "types": []})).await;
    assert_eq!((&edited.is(200).body["description"], &edited.body["types"]), (&Value::Null, &json!([])));
    assert_eq!((&edited.body["version"], edited.header("etag")), (&json!(2), "\"2\""));
    let unchanged = admin.patch(&path, &json!({"url": URL})).await;
    assert_eq!(unchanged.is(200).body["version"], 2);
    admin.with("if-match", "\"1\"").delete(&path).await.is_problem(Code::VersionConflict);
    admin.delete(&path).await.is(204);
    admin.get(&path).await.is_problem(Code::NotFound);
    assert_eq!(admin.get("/v1/webhooks").await.is(200).body["items"], json!([]));
}

#[tokio::test]
async fn a_team_and_the_platform_have_ten_each() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (admin, owner) = (world.admin().await, world.member("owner", [(team, "admin")]).await);
    for (client, owner) in [(&admin, Value::Null), (&owner, json!(team))] {
        let body = json!({"url": URL, "team_id": owner});
        let mut ids = Vec::new();
        for _ in 0..MAX_WEBHOOKS {
            world.clock.advance(Duration::from_millis(1));
            ids.insert(0, client.post("/v1/webhooks", &body).await.is(201).body["webhook"]["webhook_id"].clone());
        }
        client.post("/v1/webhooks", &body).await.is_problem(Code::TooManyWebhooks);
        let (mut listed, mut path) = (Vec::new(), "/v1/webhooks?limit=3".to_owned());
        loop {
            let page = client.get(&path).await;
            listed.extend(page.is(200).body["items"].as_array().unwrap().clone());
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            path = format!("/v1/webhooks?limit=3&cursor={cursor}");
        }
        let listed: Vec<_> = listed.iter().filter(|webhook| webhook["team_id"] == owner).collect();
        assert_eq!(listed.iter().map(|webhook| webhook["webhook_id"].clone()).collect::<Vec<_>>(), ids);
        client.delete(&format!("/v1/webhooks/{}", ids[0].as_str().unwrap())).await.is(204);
        client.post("/v1/webhooks", &body).await.is(201);
    }
    let page = admin.get(&format!("/v1/webhooks?team_id={team}")).await;
    assert_eq!(page.is(200).body["items"].as_array().unwrap().len(), MAX_WEBHOOKS);
}

#[tokio::test]
async fn a_url_that_does_not_lead_to_the_public_is_refused() {
    let world = World::with(&[("WEBHOOK_LOOPBACK", "off")]).await;
    let admin = world.admin().await;
    let created = admin.post("/v1/webhooks", &json!({"url": URL})).await;
    let path = format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
    for (url, code) in [
        ("http://hooks.example.com/", "bad_format"),
        ("http://127.0.0.1/", "bad_format"),
        ("https://127.0.0.1/", "not_allowed"),
        ("https://[::ffff:10.0.0.1]/", "not_allowed"),
        ("https://0x7f000001/", "not_allowed"),
        ("https://169.254.169.254/latest/meta-data", "not_allowed"),
        ("https://user:password@hooks.example.com/", "bad_format"),
        ("javascript:alert(1)", "bad_format"),
    ] {
        for refused in
            [admin.post("/v1/webhooks", &json!({"url": url})).await, admin.patch(&path, &json!({"url": url})).await]
        {
            assert_eq!(refused.is(422).violations(), [json!(["/url", code])], "{url}");
        }
    }
    let refused = admin.post("/v1/webhooks", &json!({"types": ["app.explode"], "status": "paused"})).await;
    assert_eq!(
        refused.is(422).violations(),
        [json!(["/url", "required"]), json!(["/types/0", "not_allowed"]), json!(["/status", "unknown_field"])]
    );
    let refused = admin.patch(&path, &json!({"team_id": null})).await;
    assert_eq!(refused.is_problem(Code::ImmutableField).violations(), [json!(["/team_id", "immutable_field"])]);
}

#[tokio::test]
async fn a_member_names_a_team_whose_admin_they_are() {
    let world = World::new().await;
    let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
    let both = world.member("both", [(ours, "admin"), (theirs, "reviewer")]).await;
    let refused = both.post("/v1/webhooks", &json!({"url": URL})).await;
    assert_eq!(refused.is(422).violations(), [json!(["/team_id", "required"])]);
    both.post("/v1/webhooks", &json!({"url": URL, "team_id": theirs})).await.is_problem(Code::Forbidden);
    let refused = both.post("/v1/webhooks", &json!({"url": URL, "team_id": crate::support::UNKNOWN_ID})).await;
    assert_eq!(refused.is(422).violations(), [json!(["/team_id", "unknown_reference"])]);
    let (member, _) = world.user("demoted", UserType::Member, [(ours, "admin")]).await;
    let demoted = world.signed_in(&member).await;
    let keyed = demoted.with("idempotency-key", "once");
    let body = json!({"url": URL, "team_id": ours});
    let created = keyed.post("/v1/webhooks", &body).await;
    let path = format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
    assert_eq!(keyed.post("/v1/webhooks", &body).await.body, created.body, "the secret once more");
    let demotion = format!("/v1/teams/{ours}/members/{}", member.user_id);
    both.patch(&demotion, &json!({"role_id": "reviewer"})).await.is(200);
    keyed.post("/v1/webhooks", &body).await.is_problem(Code::NotFound);
    demoted.get(&path).await.is_problem(Code::NotFound);
    assert_eq!(demoted.get("/v1/webhooks").await.is(200).body["items"], json!([]));
}

#[tokio::test]
async fn an_edit_during_a_delivery_is_used_for_the_next_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let hook = Hook::new(&admin, CHANGES).await;
    let receivers = [hook.receiver.clone(), Receiver::new(204).await];
    for call in 0.. {
        let (old, new) = (&receivers[call % 2], &receivers[(call + 1) % 2]);
        let event = change(&world, &admin).await;
        world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
        let pause = world.faults.pause(call);
        let edit = async { admin.patch(&hook.path, &json!({"url": new.url})).await.is(200).status };
        let (_, edited) = Box::pin(pause.run(send(&world), edit)).await;
        if edited.is_none() {
            assert!(call > 5, "it was edited at each call before");
            break;
        }
        send(&world).await;
        let received = [old.take_ids(), new.take_ids()].concat();
        assert!(!received.is_empty() && received.iter().all(|id| *id == event), "call {call}: {received:?}");
        let next = change(&world, &admin).await;
        settle(&world).await;
        assert_eq!((old.take_ids(), new.take_ids()), (Vec::new(), vec![next]), "call {call}");
    }
}
