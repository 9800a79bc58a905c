//! The calls and capacity units of each operation, from the database's own `ConsumedCapacity`.

use std::{fmt::Write, time::Duration};

use rollcall_domain::{limits::EVENT_HOLD_BACK, text::Login, verification::FlowPurpose};
use serde_json::{Value, json};

use crate::{
    support::{
        Client, World,
        mailed_codes::{complete, completion, started},
    },
    two_factor::{owner, second_step, ticket},
    webhooks::{Hook, send},
};

/// On-demand prices in dollars per million units: reads and writes.
const PRICES: (f64, f64) = (0.125, 0.625);

/// The calls, read units and write units since the last call of this function.
fn spent(world: &World) -> (usize, f64, f64) {
    let log = world.faults.take_log();
    let units = |of: fn(&crate::support::faults::Call) -> f64| log.iter().map(of).sum();
    (log.len(), units(|call| call.read_units), units(|call| call.write_units))
}

/// The table of costs in `infra/reference.md`. A change that costs more changes the snapshot and that table.
#[tokio::test]
async fn each_operation_costs_what_the_table_says() {
    let world = World::new().await;
    let first_admin = bootstrap::BootstrapEvent::first(Some("correct horse battery".to_owned()));
    bootstrap::run(world.context.clone(), first_admin).await.unwrap();
    let credentials = json!({"login": "admin", "password": "correct horse battery"});
    let token = world.stranger().post("/v1/login", &credentials).await.body["token"].as_str().unwrap().to_owned();
    let admin = world.stranger().with("authorization", &format!("Bearer {token}"));
    let mina = owner(&world, "mina").await;
    let app = format!("/v1/apps/{}", world.app(&admin, "App").await);
    for number in 0..100 {
        let account = json!({"user_id": format!("a{number:03}"), "type": if number < 5 { "admin" } else { "general" }});
        admin.post(&format!("{app}/accounts"), &account).await.is(201);
    }
    admin.put(&format!("{app}/deletion-lock"), &json!({"locked": false, "risks_acknowledged": true})).await.is(200);
    spent(&world);

    let mut table = String::new();
    let mut row = |name: &str| {
        let (requests, reads, writes) = spent(&world);
        let price = reads * PRICES.0 + writes * PRICES.1;
        writeln!(table, "| {name} | {requests} | {reads} | {writes} | {price:.2} |").unwrap();
    };
    let accounts = format!("{app}/accounts");
    world.stranger().post("/v1/login", &credentials).await.is(200);
    row("login, right");
    world.stranger().post("/v1/login", &json!({"login": "admin", "password": "x"})).await.is(401);
    row("login, wrong");
    world.stranger().post("/v1/login", &json!({"login": "nobody", "password": "x"})).await.is(401);
    row("login, unknown");
    let pending = ticket(&world.stranger(), "mina").await;
    row("login, first step of two");
    second_step(&world.stranger(), &pending, &mina.app.code(&world, 0)).await.is(200);
    row("login, second step");
    admin.get("/v1/me").await.is(200);
    row("me");
    let user = world.store().user_by_login(&Login::parse("admin").unwrap()).await.unwrap().unwrap();
    let (_, machine) = world.api_key(&user, &["accounts.read", "accounts.write"]).await;
    // The first use is written.
    machine.get("/v1/me").await.is(200);
    spent(&world);
    machine.get("/v1/me").await.is(200);
    row("me, with an API key");
    admin.get(&format!("{accounts}/a050")).await.is(200);
    row("get account");
    admin.get(&accounts).await.is(200);
    row("list 50 accounts");
    admin.post(&accounts, &json!({"user_id": "new", "type": "general"})).await.is(201);
    row("create general account");
    admin.post(&accounts, &json!({"user_id": "boss", "type": "admin"})).await.is(201);
    row("create admin account");
    admin.patch(&format!("{accounts}/a050"), &json!({"level": 7})).await.is(200);
    row("edit account");
    machine.patch(&format!("{accounts}/a051"), &json!({"level": 7})).await.is(200);
    row("edit account, with an API key");
    admin.put(&format!("{accounts}/a050/admin"), &Value::Null).await.is(200);
    row("set admin");
    with_key(&admin).post(&accounts, &json!({"user_id": "keyed", "type": "general"})).await.is(201);
    row("create with an Idempotency-Key");
    with_key(&admin).post(&accounts, &json!({"user_id": "keyed", "type": "general"})).await.is(201);
    row("the same, replayed");
    let batch: Vec<_> = (0..100).map(|number| format!("a{number:03}")).collect();
    admin.post(&format!("{app}/account-deletions"), &json!({"user_ids": batch})).await.is(200);
    row("batch delete 100");
    // The first run also reads when the platform was set up.
    cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    spent(&world);
    cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    row("cleanup, nothing due");
    let id = started(&world.stranger(), "new@example.com").await;
    row("start a registration");
    let body = completion(&world.code(&id, FlowPurpose::Registration).await, "newcomer");
    complete(&world.stranger(), &id, &body).await.is(201);
    row("complete a registration");
    let team = admin.post("/v1/teams", &json!({"name": "Northwind"})).await;
    row("create a team");
    let team = format!("/v1/teams/{}", team.is(201).body["team_id"].as_str().unwrap());
    let invite = async || {
        let issued = admin.post(&format!("{team}/invitations"), &json!({"role_id": "developer"})).await;
        issued.is(201).body["code"].clone()
    };
    let invitation = invite().await;
    row("issue an invitation");
    let redeemer = world.redeemer("redeemer").await;
    spent(&world);
    redeemer.post("/v1/invitations/redeem", &json!({"code": invitation})).await.is(200);
    row("redeem");
    redeemer.post("/v1/invitations/redeem", &json!({"code": "00000000"})).await.is(422);
    row("redeem, wrong");
    let id = started(&world.stranger(), "invited@example.com").await;
    let mut body = completion(&world.code(&id, FlowPurpose::Registration).await, "invited");
    body["invitation_code"] = invite().await;
    spent(&world);
    complete(&world.stranger(), &id, &body).await.is(201);
    row("complete a registration with an invitation");
    redeemer.get(&format!("{team}/members")).await.is(200);
    row("list members");
    events_and_webhooks(&world, &admin, &mut row).await;
    insta::assert_snapshot!(table);
}

/// The rows about the event feed and webhooks.
async fn events_and_webhooks(world: &World, admin: &Client, row: &mut impl FnMut(&str)) {
    let cursor = admin.get("/v1/events").await.is(200).body["next_cursor"].as_str().unwrap().to_owned();
    spent(world);
    let events = admin.get(&format!("/v1/events?cursor={cursor}")).await;
    assert_eq!(events.is(200).body["items"], json!([]));
    row("follow the events, nothing new");
    // A webhook is sent what happens in the millisecond of its creation.
    world.clock.advance(Duration::from_millis(1));
    let hook = Hook::new(admin, &["app.create"]).await;
    row("create a webhook");
    world.clock.advance(EVENT_HOLD_BACK);
    spent(world);
    send(world).await;
    row("look at a webhook, nothing new");
    world.app(admin, "Another").await;
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    spent(world);
    send(world).await;
    assert_eq!(hook.receiver.take().len(), 1);
    row("send an event to a webhook");
}

fn with_key(admin: &Client) -> Client {
    admin.with("idempotency-key", "k")
}
