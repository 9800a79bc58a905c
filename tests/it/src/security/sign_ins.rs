//! What a completed sign-in records, ends and mails.

use super::*;

async fn recorded(world: &World) -> Vec<Value> {
    let mut records = world.audit().await;
    records.retain(|record| record["action"] == "user.sign_in");
    records
}

#[tokio::test]
async fn a_completed_sign_in_is_recorded_and_a_failed_one_is_not() {
    let world = World::new().await;
    let (mina, _) = member(&world, "mina", MINA).await;
    let client = world.stranger().at("192.0.2.7");
    client.post("/v1/login", &json!({"login": "mina", "password": "wrong"})).await.is(401);
    assert_eq!(recorded(&world).await, [] as [Value; 0]);
    let signed_in = client.post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await;
    let session = world.stranger().bearing(&signed_in).get("/v1/me").await.body["session"]["session_id"].clone();
    let [record] = recorded(&world).await.try_into().unwrap();
    assert_eq!(record["actor"], json!({"user_id": mina.user_id, "login": "mina"}));
    assert_eq!(record["target"], json!({"kind": "user", "id": mina.user_id}));
    assert_eq!((&record["before"], &record["after"]), (&Value::Null, &json!({"session_id": session})));
    assert_eq!((&record["address"], &record["team_id"]), (&json!("192.0.2.7"), &Value::Null));
    assert_eq!(record["request_id"], signed_in.header("x-request-id"));
}

#[tokio::test]
async fn a_sign_in_with_a_second_factor_is_recorded_once() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let before = recorded(&world).await.len();
    let held = ticket(&world.stranger(), "mina").await;
    second_step(&world.stranger(), &held, "000000").await.is(401);
    assert_eq!(recorded(&world).await.len(), before, "a half");
    second_step(&world.stranger(), &held, &mina.app.code(&world, 0)).await.is(200);
    assert_eq!(recorded(&world).await.len(), before + 1);
}

async fn with_cookie(client: &Client, login: &str) -> String {
    let body = json!({"login": login, "password": PASSWORD, "transport": "cookie"});
    let signed_in = client.post("/v1/login", &body).await;
    signed_in.is(200).cookie("__Host-session").to_owned()
}

#[tokio::test]
async fn a_cookie_sign_in_ends_the_session_whose_cookie_came_along() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    member(&world, "jin", "jin@example.com").await;
    let browser = world.stranger().with("origin", ORIGIN);
    let is_alive = async |cookie: &str| browser.with("cookie", cookie).get("/v1/me").await.status == 200;

    let first = with_cookie(&browser, "mina").await;
    // Another person signs in in the same browser.
    let second = with_cookie(&browser.with("cookie", &first), "jin").await;
    assert!(!is_alive(&first).await && is_alive(&second).await);
    let third = with_cookie(&browser.with("cookie", &second), "jin").await;
    assert!(!is_alive(&second).await && is_alive(&third).await);
}

#[tokio::test]
async fn a_session_is_ended_only_by_its_own_cookie_and_only_by_a_sign_in_that_replaces_it() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    member(&world, "jin", "jin@example.com").await;
    let browser = world.stranger().with("origin", ORIGIN);
    let is_alive = async |cookie: &str| browser.with("cookie", cookie).get("/v1/me").await.status == 200;

    let first = with_cookie(&browser, "mina").await;
    // The ids without the secret.
    let end = if first.ends_with("AAAA") { "BBBB" } else { "AAAA" };
    let forged = format!("{}{end}", &first[..first.len() - 4]);
    with_cookie(&browser.with("cookie", &forged), "jin").await;
    with_cookie(&browser.with("cookie", "__Host-session=nonsense"), "jin").await;
    assert!(is_alive(&first).await, "a cookie without the secret");
    let bearer = json!({"login": "jin", "password": PASSWORD});
    browser.with("cookie", &first).post("/v1/login", &bearer).await.is(200);
    let wrong = json!({"login": "jin", "password": "wrong", "transport": "cookie"});
    browser.with("cookie", &first).post("/v1/login", &wrong).await.is(401);
    assert!(is_alive(&first).await, "a bearer sign-in and a failed one");
}

async fn news(world: &World) -> usize {
    mails(world).await.iter().filter(|mail| mail[2] == "new_device").count()
}

#[tokio::test]
async fn the_first_sign_in_after_registering_is_no_news() {
    let world = World::new().await;
    register(&world, &world.stranger(), MINA, "mina").await.is(201);
    world.stranger().sign_in("mina").await.get("/v1/me").await.is(200);
    assert_eq!(news(&world).await, 0);
    world.stranger().sign_in("mina").await.get("/v1/me").await.is(200);
    assert_eq!(news(&world).await, 1, "another device");
}
