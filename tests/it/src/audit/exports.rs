//! Downloads of accounts are recorded, with the accounts that are in the file.

use super::*;

async fn exports(world: &World) -> Vec<Value> {
    let mut records = world.audit().await;
    records.retain(|record| record["action"] == "account.export");
    records.sort_by_key(|record| record["audit_id"].to_string());
    records
}

#[tokio::test]
async fn each_download_is_recorded_with_its_accounts() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Northwind").await;
    let (operator, client) = world.user("operator", UserType::Member, [(team, "operator")]).await;
    let app = admin.post("/v1/apps", &json!({"name": "Harbor Chat", "team_id": team})).await;
    let app_id = app.is(201).body["app_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/apps/{app_id}");
    for user_id in ["mina", "jin"] {
        admin.post(&format!("{path}/accounts"), &json!({"user_id": user_id, "type": "general"})).await.is(201);
    }
    let client = client.at("192.0.2.7");
    let one = client.get(&format!("{path}/accounts/mina/export?format=csv")).await;
    one.is(200);
    world.clock.advance(Duration::from_millis(1));
    let selection = json!({"user_ids": ["mina", "nobody", "jin"], "format": "ndjson"});
    let several = client.post(&format!("{path}/export-selection"), &selection).await;
    several.is(200);

    let records = exports(&world).await;
    let expected = [
        (
            json!({"kind": "account", "id": "mina", "app_id": app_id}),
            json!({"format": "csv", "user_ids": ["mina"]}),
            &one,
        ),
        (json!({"kind": "app", "id": app_id}), json!({"format": "ndjson", "user_ids": ["jin", "mina"]}), &several),
    ];
    assert_eq!(records.len(), expected.len());
    for (record, (target, after, reply)) in records.iter().zip(expected) {
        assert_eq!((&record["target"], &record["after"]), (&target, &after));
        assert_eq!(record["actor"], json!({"user_id": operator.user_id, "login": "operator"}));
        assert_eq!((&record["team_id"], &record["address"]), (&json!(team), &json!("192.0.2.7")));
        assert_eq!(record["request_id"], reply.header("x-request-id"));
    }
    // The log finds an export by any account in it.
    let found = admin.get("/v1/audit?target=jin&action=account.export").await;
    assert_eq!(found.is(200).body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_download_is_not_recorded() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Northwind").await;
    let reviewer = world.member("reviewer", [(team, "reviewer")]).await;
    let app = admin.post("/v1/apps", &json!({"name": "Harbor Chat", "team_id": team})).await;
    let path = format!("/v1/apps/{}", app.is(201).body["app_id"].as_str().unwrap());
    admin.post(&format!("{path}/accounts"), &json!({"user_id": "mina", "type": "general"})).await.is(201);
    reviewer.get(&format!("{path}/accounts/mina/export?format=csv")).await.is_problem(Code::Forbidden);
    let selection = json!({"user_ids": ["mina"], "format": "csv"});
    reviewer.post(&format!("{path}/export-selection"), &selection).await.is_problem(Code::Forbidden);
    admin.get(&format!("{path}/accounts/nobody/export?format=csv")).await.is_problem(Code::NotFound);
    admin.get(&format!("{path}/accounts/mina/export?format=pdf")).await.is(422);
    assert_eq!(exports(&world).await, [] as [Value; 0]);
}
