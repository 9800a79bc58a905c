//! Operations on applications and accounts, and work without a route: the first admin and the cleanup. Also signing in.

mod batches;
mod operations;

use std::{collections::BTreeSet, time::Duration};

use rollcall_domain::{Code, Fields, account::NewAccount, id::AppId};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Client, Snapshot, World,
    faults::{FOREVER, Fault},
};

use operations::{LONG_BATCH, OPERATIONS, Operation, long_batch};

/// An application with three accounts, one of them an admin. Its deletion lock is off.
struct AppFixture {
    world: World,
    admin: Client,
    app: String,
    start: Snapshot,
}

impl AppFixture {
    async fn new() -> Self {
        Self::with_accounts(&[]).await
    }

    /// With further accounts, written without the API.
    async fn with_accounts(ids: &[String]) -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let app_id = world.app(&admin, "App").await;
        let app = format!("/v1/apps/{app_id}");
        for (id, account_type) in [("general", "general"), ("boss", "admin"), ("third", "general")] {
            let body = json!({"user_id": id, "type": account_type});
            admin.post(&format!("{app}/accounts"), &body).await.is(201);
        }
        let lifted = json!({"locked": false, "risks_acknowledged": true});
        admin.put(&format!("{app}/deletion-lock"), &lifted).await.is(200);
        // The session is now old enough for the next request to update it, so that this write is tested as well.
        world.clock.advance(Duration::from_secs(61));
        let now = world.now();
        let accounts: Vec<_> = (ids.iter())
            .map(|id| Fields::of(json!({"user_id": id, "type": "general"})))
            .map(|fields| fields.parse(|fields| NewAccount::read(fields, now.date())).unwrap().create(now))
            .collect();
        world.store().load_accounts(AppId::parse(&app_id).unwrap(), &accounts).await.unwrap();
        let start = world.snapshot().await;
        Self { world, admin: admin.with("idempotency-key", "once"), app, start }
    }

    /// The fixture of [`LONG_BATCH`].
    async fn with_long_batch() -> Self {
        Self::with_accounts(&long_batch()).await
    }

    async fn rewind(&self) {
        self.world.rewind(&self.start).await;
    }
}

/// Asserts that applications list their admins, and returns the items of the table without what differs between two
/// runs: ids, and keys that are hashes of ids.
async fn stored(world: &World) -> Vec<Value> {
    const VOLATILE: [&str; 7] = ["audit_id", "gsi1pk", "gsi1sk", "pk", "request_id", "sk", "ttl"];
    let items = world.dump().await;
    assert_admins_consistent(&items);
    let placeholder = |item: &Value| match (item["sk"].as_str(), item["name"].as_str()) {
        (Some("APP"), Some("Second")) => Some(("app_id", "second")),
        (Some("APP"), _) => Some(("app_id", "first")),
        (Some("USER"), _) => Some(("user_id", "admin")),
        (_, _) => None,
    };
    let ids: Vec<_> = (items.iter())
        .filter_map(|item| placeholder(item).map(|(field, placeholder)| (item[field].as_str().unwrap(), placeholder)))
        .collect();
    let mut kept: Vec<Value> = (items.iter().filter(|item| !is_private(item)))
        .map(|item| {
            let text = ids.iter().fold(item.to_string(), |text, (id, placeholder)| text.replace(id, placeholder));
            let mut item: Value = serde_json::from_str(&text).unwrap();
            item.as_object_mut().unwrap().retain(|name, _| !VOLATILE.contains(&name.as_str()));
            item
        })
        .collect();
    kept.sort_by_key(ToString::to_string);
    kept
}

/// Users, their logins and sessions, and replies stored under hashes of their ids.
fn is_private(item: &Value) -> bool {
    let pk = item["pk"].as_str().unwrap();
    ["USER#", "LOGIN#", "PLATFORM", "IDEMPOTENCY#", "SESSIONS#"].iter().any(|prefix| pk.starts_with(prefix))
}

/// Asserts that each application lists its admin accounts.
fn assert_admins_consistent(items: &[Value]) {
    for app in items.iter().filter(|item| item["sk"] == "APP") {
        let of_set: BTreeSet<_> = app["admins"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        let of_items = items.iter().filter(|item| item["pk"] == app["pk"] && item["type"] == "admin");
        assert_eq!(of_set, of_items.map(|item| item["user_id"].to_string()).collect());
    }
}

/// What is stored after the operation without a fault.
async fn expected_items(fixture: &AppFixture, operation: &Operation) -> Vec<Value> {
    fixture.rewind().await;
    operation.2(fixture).await.is(operation.1);
    stored(&fixture.world).await
}

async fn survives_one_fault(fixture: &AppFixture, operation: &Operation, fault: Fault) {
    let (name, status, send) = operation;
    let expected = expected_items(fixture, operation).await;
    for call in 0.. {
        fixture.rewind().await;
        fixture.world.faults.arm(fault, call, 1);
        let reply = send(fixture).await;
        if fixture.world.faults.calls() <= call {
            break;
        }
        fixture.world.faults.disarm();
        assert_eq!(reply.status, *status, "{name}, {fault:?} at call {call}: {reply:?}");
        assert_eq!(stored(&fixture.world).await, expected, "{name}, {fault:?} at call {call}");
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn one_fault_at_any_call_is_retried_and_nothing_is_done_twice(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    let fixture = AppFixture::new().await;
    for operation in OPERATIONS {
        survives_one_fault(&fixture, operation, fault).await;
    }
    survives_one_fault(&AppFixture::with_long_batch().await, &LONG_BATCH, fault).await;
}

/// The first admin and the cleanup have no route; signing in computes a hash.
#[rstest]
#[tokio::test(start_paused = true)]
async fn bootstrap_sign_in_and_cleanup_survive_one_fault(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    const PASSWORD: &str = "correct horse battery";
    let kinds = |items: &[Value], sk: &str| items.iter().filter(|item| item["sk"] == sk).count();
    let mut seen = [false; 3];
    for call in 0.. {
        let world = World::new().await;
        let mut went_wrong = |step: usize| {
            seen[step] |= world.faults.calls() > call;
            world.faults.disarm();
            world.faults.calls() > call
        };
        world.faults.arm(fault, call, 1);
        let event = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
        bootstrap::run(world.context.clone(), event).await.unwrap();
        let mut any = went_wrong(0);
        let items = world.dump().await;
        assert_eq!((kinds(&items, "USER"), kinds(&items, "CREDENTIAL"), kinds(&items, "SUPER_ADMINS")), (1, 1, 1));

        world.faults.arm(fault, call, 1);
        let body = json!({"login": "admin", "password": PASSWORD});
        let signed_in = world.stranger().post("/v1/login", &body).await;
        any |= went_wrong(1);
        let token = signed_in.is(200).body["token"].as_str().unwrap();
        let sessions = world.dump().await.iter().filter(|item| item["secret_hash"].is_string()).count();
        assert_eq!(sessions, 1, "{fault:?} at call {call}");

        let admin = world.stranger().with("authorization", &format!("Bearer {token}"));
        let app = format!("/v1/apps/{}", world.app(&admin, "App").await);
        admin.delete(&app).await.is(204);
        world.clock.advance(Duration::from_secs(61));
        world.faults.arm(fault, call, 1);
        cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
        any |= went_wrong(2);
        let items = world.dump().await;
        assert_eq!(kinds(&items, "APP"), 0, "{fault:?} at call {call}");
        let state = items.iter().find(|item| item["pk"] == "CLEANUP").unwrap();
        assert_eq!(state.get("leased_until"), None, "the cleanup has released its lease");
        if !any {
            break;
        }
    }
    assert_eq!(seen, [true; 3], "each of the three met the fault");
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_lasting_fault_is_a_503_within_five_seconds_and_the_retry_converges(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    let fixture = AppFixture::new().await;
    for operation in OPERATIONS {
        let (name, status, send) = operation;
        let expected = expected_items(&fixture, operation).await;
        for call in 0.. {
            fixture.rewind().await;
            fixture.world.faults.arm(fault, call, FOREVER);
            let begun = Instant::now();
            let reply = send(&fixture).await;
            if fixture.world.faults.calls() <= call {
                break;
            }
            assert!(begun.elapsed() <= Duration::from_secs(5), "{name}, {fault:?} from call {call}");
            fixture.world.faults.disarm();
            assert_admins_consistent(&fixture.world.dump().await);
            // A lasting conflict does not refuse reads, so a request that only reads succeeds.
            if reply.status != *status {
                reply.is_problem(Code::Unavailable);
                assert_eq!(reply.header("retry-after"), "1");
                // By then the lost request cannot be running any more.
                fixture.world.clock.advance(Duration::from_secs(5));
                let again = send(&fixture).await;
                let is_signed_out = *name == "log out" && again.status == 401;
                assert!(again.status == *status || is_signed_out, "{name}, {fault:?} from call {call}: {again:?}");
                // Each download is recorded, even one whose reply is lost.
                if fault == Fault::DropReply && name.starts_with("export") {
                    continue;
                }
            }
            let now = without_retry_delay(&stored(&fixture.world).await);
            assert_eq!(now, without_retry_delay(&expected), "{name}, {fault:?} from call {call}");
        }
    }
}

/// The items with the times of a repeated request set back by the five seconds it came later.
fn without_retry_delay(items: &[Value]) -> Vec<Value> {
    let earlier = |item: &Value| item.to_string().replace("12:01:06", "12:01:01");
    let mut items: Vec<Value> = items.iter().map(|item| serde_json::from_str(&earlier(item)).unwrap()).collect();
    items.sort_by_key(ToString::to_string);
    items
}

/// The deadline covers the whole request, however many calls it makes.
#[tokio::test(start_paused = true)]
async fn a_hanging_database_is_a_503_within_five_seconds() {
    let fixture = AppFixture::new().await;
    fixture.world.faults.arm(Fault::Hang, 0, FOREVER);
    let begun = Instant::now();
    fixture.admin.get("/v1/me").await.is_problem(Code::Unavailable);
    assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    fixture.world.stranger().get("/healthz").await.is(200);
}

#[tokio::test]
async fn without_the_master_key_nothing_is_hashed_or_counted() {
    let world = World::without_key().await;
    let body = json!({"login": "admin", "password": "correct horse battery"});
    world.stranger().post("/v1/login", &body).await.is_problem(Code::Unavailable);
    let admin = world.admin().await;
    admin.with("idempotency-key", "k").post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::Unavailable);
    assert_eq!(admin.get("/v1/apps").await.is(200).body["items"], json!([]));
}

#[tokio::test]
async fn a_clock_that_steps_back_ends_no_session_and_fails_no_request() {
    let fixture = AppFixture::new().await;
    fixture.admin.get("/v1/me").await.is(200);
    fixture.world.clock.retreat(Duration::from_mins(5));
    fixture.admin.get("/v1/me").await.is(200);
    fixture.admin.patch(&fixture.app, &json!({"name": "Earlier"})).await.is(200);
}
