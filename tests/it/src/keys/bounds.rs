//! Keys that are bound to applications or networks.

use super::*;

#[tokio::test]
async fn a_key_for_one_application_finds_nothing_else() {
    let world = World::new().await;
    let (_, client) = person(&world, "root", UserType::SuperAdmin, None).await;
    let (own, other) = (world.app(&client, "Own").await, world.app(&client, "Other").await);
    let mut body = new_key(&all_scopes());
    body["app_ids"] = json!([own]);
    let machine = using(&world, &client.post("/v1/me/keys", &body).await);
    machine.get(&format!("/v1/apps/{own}")).await.is(200);
    machine.get(&format!("/v1/apps/{own}/accounts")).await.is(200);
    machine.get(&format!("/v1/apps/{own}/jobs")).await.is(200);
    let elsewhere = [
        format!("/v1/apps/{other}"),
        format!("/v1/apps/{other}/accounts"),
        "/v1/apps".to_owned(),
        "/v1/teams".to_owned(),
        "/v1/users".to_owned(),
        "/v1/audit".to_owned(),
        "/v1/me".to_owned(),
    ];
    for path in elsewhere {
        machine.get(&path).await.is_problem(Code::NotFound);
    }
    machine.post("/v1/teams", &json!({"name": "New"})).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn a_key_for_some_networks_works_from_no_other_address() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    let mut body = new_key(&["read"]);
    body["cidrs"] = json!(["203.0.113.0/24", "2001:db8::7"]);
    let issued = client.post("/v1/me/keys", &body).await;
    assert_eq!(issued.is(201).body["key"]["cidrs"], body["cidrs"]);
    let machine = using(&world, &issued);
    for (address, status) in [
        ("203.0.113.9", 200),
        ("::ffff:203.0.113.9", 200),
        ("2001:db8::7", 200),
        ("203.0.114.9", 401),
        ("2001:db8::8", 401),
    ] {
        machine.at(address).get("/v1/me").await.is(status);
    }
}
