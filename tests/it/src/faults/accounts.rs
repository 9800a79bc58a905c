//! Every operation, with every fault, at every call it makes.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::BoxFuture;
use rollcall_domain::{Code, Fields, account::NewAccount, id::AppId};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Client, Reply, Snapshot, World,
    faults::{FOREVER, Fault},
};

/// The application that every operation works on: three accounts, one of them an admin; the lock is lifted.
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

    /// With more accounts, written past the API.
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
        // Old enough for the next request to touch the session: that write is tried as well.
        world.clock.advance(Duration::from_secs(61));
        let now = world.now();
        let accounts: Vec<_> = (ids.iter())
            .map(|id| Fields::of(json!({"user_id": id, "type": "general"})))
            .map(|fields| fields.parse(|fields| NewAccount::read(fields, now.date())).unwrap().create(now))
            .collect();
        world.unfaulted().load_accounts(AppId::parse(&app_id).unwrap(), &accounts).await.unwrap();
        let start = world.snapshot().await;
        Self { world, admin: admin.with("idempotency-key", "once"), app, start }
    }

    /// What [`LONG_BATCH`] needs.
    async fn with_long_batch() -> Self {
        Self::with_accounts(&long_batch()).await
    }

    async fn rewind(&self) {
        self.world.rewind(&self.start).await;
    }
}

type Operation = (&'static str, u16, fn(&AppFixture) -> BoxFuture<'_, Reply>);

/// The operations, with what they answer when all is well. A POST carries an `Idempotency-Key`, so that it can be
/// repeated; the other methods can be anyway.
const OPERATIONS: &[Operation] = &[
    ("create app", 201, |s| Box::pin(async { s.admin.post("/v1/apps", &json!({"name": "Second"})).await })),
    ("get app", 200, |s| Box::pin(s.admin.get(&s.app))),
    ("list apps", 200, |s| Box::pin(s.admin.get("/v1/apps"))),
    ("edit app", 200, |s| Box::pin(async { s.admin.patch(&s.app, &json!({"name": "New"})).await })),
    ("turn lock", 200, |s| {
        Box::pin(async { s.admin.put(&format!("{}/deletion-lock", s.app), &json!({"locked": true})).await })
    }),
    ("create account", 201, |s| {
        Box::pin(async {
            s.admin.post(&format!("{}/accounts", s.app), &json!({"user_id": "new", "type": "general"})).await
        })
    }),
    ("create admin", 201, |s| {
        Box::pin(async {
            s.admin.post(&format!("{}/accounts", s.app), &json!({"user_id": "new", "type": "admin"})).await
        })
    }),
    ("get account", 200, |s| Box::pin(async { s.admin.get(&format!("{}/accounts/boss", s.app)).await })),
    ("list accounts", 200, |s| Box::pin(async { s.admin.get(&format!("{}/accounts?limit=2", s.app)).await })),
    ("list admins", 200, |s| Box::pin(async { s.admin.get(&format!("{}/accounts?type=admin", s.app)).await })),
    ("edit account", 200, |s| {
        Box::pin(async { s.admin.patch(&format!("{}/accounts/general", s.app), &json!({"level": 7})).await })
    }),
    ("set admin", 200, |s| {
        Box::pin(async { s.admin.put(&format!("{}/accounts/general/admin", s.app), &Value::Null).await })
    }),
    ("cancel admin", 200, |s| Box::pin(async { s.admin.delete(&format!("{}/accounts/boss/admin", s.app)).await })),
    ("delete accounts", 200, |s| {
        let batch = json!({"user_ids": ["nobody", "boss", "general"]});
        Box::pin(async move { s.admin.post(&format!("{}/account-deletions", s.app), &batch).await })
    }),
    ("export account", 200, |s| {
        Box::pin(async { s.admin.get(&format!("{}/accounts/boss/export?format=csv", s.app)).await })
    }),
    ("export selection", 200, |s| {
        let body = json!({"user_ids": ["boss", "nobody"], "format": "ndjson"});
        Box::pin(async move { s.admin.post(&format!("{}/export-selection", s.app), &body).await })
    }),
    ("me", 200, |s| Box::pin(s.admin.get("/v1/me"))),
    ("log out", 204, |s| Box::pin(async { s.admin.post("/v1/logout", &Value::Null).await })),
];

/// More accounts than one transaction deletes.
fn long_batch() -> Vec<String> {
    (0..60).map(|number| format!("many{number:02}")).collect()
}

/// Sixty accounts and a missing one: two transactions, the second of which is refused and decided anew while the first
/// one stands.
const LONG_BATCH: Operation = ("delete more than a transaction takes", 200, |s| {
    let mut ids = long_batch();
    ids.push("nobody".to_owned());
    Box::pin(async move { s.admin.post(&format!("{}/account-deletions", s.app), &json!({"user_ids": ids})).await })
});

/// What stands in the table, without what differs from run to run: ids, and whose hash a key is.
async fn stored(world: &World) -> Vec<Value> {
    const VOLATILE: [&str; 7] = ["audit_id", "gsi1pk", "gsi1sk", "pk", "request_id", "sk", "ttl"];
    let items = world.dump().await;
    let letter = |item: &Value| match (item["sk"].as_str(), item["name"].as_str()) {
        (Some("APP"), Some("Second")) => Some(("app_id", "second")),
        (Some("APP"), _) => Some(("app_id", "first")),
        (Some("USER"), _) => Some(("user_id", "admin")),
        (_, _) => None,
    };
    let ids: Vec<_> = (items.iter())
        .filter_map(|item| letter(item).map(|(field, letter)| (item[field].as_str().unwrap(), letter)))
        .collect();
    let mut kept: Vec<Value> = (items.iter().filter(|item| !is_private(item)))
        .map(|item| {
            let text = ids.iter().fold(item.to_string(), |text, (id, letter)| text.replace(id, letter));
            let mut item: Value = serde_json::from_str(&text).unwrap();
            item.as_object_mut().unwrap().retain(|name, _| !VOLATILE.contains(&name.as_str()));
            item
        })
        .collect();
    kept.sort_by_key(ToString::to_string);
    kept
}

/// Users, their logins and sessions, and replies remembered under hashes of their ids.
fn is_private(item: &Value) -> bool {
    let pk = item["pk"].as_str().unwrap();
    ["USER#", "LOGIN#", "PLATFORM", "IDEMPOTENCY#", "SESSIONS#"].iter().any(|prefix| pk.starts_with(prefix))
}

/// The set of admins in each application equals the items.
async fn admins_agree(world: &World) {
    let items = world.dump().await;
    for app in items.iter().filter(|item| item["sk"] == "APP") {
        let of_set: BTreeSet<_> = app["admins"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        let of_items = items.iter().filter(|item| item["pk"] == app["pk"] && item["type"] == "admin");
        assert_eq!(of_set, of_items.map(|item| item["user_id"].to_string()).collect());
    }
}

/// What is stored when nothing goes wrong.
async fn undisturbed(fixture: &AppFixture, operation: &Operation) -> Vec<Value> {
    fixture.rewind().await;
    operation.2(fixture).await.is(operation.1);
    stored(&fixture.world).await
}

async fn survives_one_fault(fixture: &AppFixture, operation: &Operation, fault: Fault) {
    let (name, status, send) = operation;
    let expected = undisturbed(fixture, operation).await;
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
        admins_agree(&fixture.world).await;
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn one_fault_anywhere_is_survived_and_nothing_is_done_twice(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    let fixture = AppFixture::new().await;
    for operation in OPERATIONS {
        survives_one_fault(&fixture, operation, fault).await;
    }
    survives_one_fault(&AppFixture::with_long_batch().await, &LONG_BATCH, fault).await;
}

/// What has no route, and what hashes: setting up, signing in, cleaning up.
#[rstest]
#[tokio::test(start_paused = true)]
async fn one_fault_stops_neither_the_first_admin_nor_a_sign_in_nor_the_cleanup(
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
        assert_eq!(state.get("leased_until"), None, "the lease went back");
        if !any {
            break;
        }
    }
    assert_eq!(seen, [true; 3], "each of the three was tried");
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_lasting_fault_is_a_503_within_five_seconds_and_the_retry_converges(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    let fixture = AppFixture::new().await;
    for operation in OPERATIONS {
        let (name, status, send) = operation;
        let expected = undisturbed(&fixture, operation).await;
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
            admins_agree(&fixture.world).await;
            // A lasting conflict lets reads through, and so a read-only request.
            if reply.status != *status {
                reply.is_problem(Code::Unavailable);
                assert_eq!(reply.header("retry-after"), "1");
                // Past the time in which the lost request might still be running.
                fixture.world.clock.advance(Duration::from_secs(5));
                let again = send(&fixture).await;
                let is_over = *name == "log out" && again.status == 401;
                assert!(again.status == *status || is_over, "{name}, {fault:?} from call {call}: {again:?}");
            }
            let now = timeless(&stored(&fixture.world).await);
            assert_eq!(now, timeless(&expected), "{name}, {fault:?} from call {call}");
        }
    }
}

/// Once something is deleted, the rest is an outcome, and the key remembers it; another key finishes the work.
#[tokio::test(start_paused = true)]
async fn a_batch_cut_off_between_its_transactions_says_what_was_deleted() {
    let fixture = AppFixture::with_long_batch().await;
    fixture.world.faults.arm(Fault::ServerError, 6, FOREVER);
    let cut_off = LONG_BATCH.2(&fixture).await;
    cut_off.is_problem(Code::Unavailable);
    fixture.world.faults.disarm();
    fixture.world.clock.advance(Duration::from_secs(5));
    let remembered = LONG_BATCH.2(&fixture).await;
    assert_eq!(remembered.is(200).header("idempotency-replayed"), "true");
    let results = remembered.body["results"].as_array().unwrap();
    let outcomes = |outcome: &str| results.iter().filter(|result| result["outcome"] == outcome).count();
    assert_eq!((outcomes("deleted"), outcomes("failed")), (50, 11));
    assert!(
        results.iter().filter(|result| result["outcome"] == "failed").all(|result| result["code"] == "unavailable")
    );

    let rest: Vec<_> = results[50..].iter().map(|result| result["user_id"].clone()).collect();
    let other = fixture.admin.with_only("idempotency-key", "twice");
    let finished = other.post(&format!("{}/account-deletions", fixture.app), &json!({"user_ids": rest})).await;
    let results = finished.is(200).body["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|result| result["outcome"] == "deleted").count(), 10);
    assert_eq!(results[10], json!({"user_id": "nobody", "outcome": "not_found"}));
}

/// K4, step by step: the lock falls while the second transaction waits, and keeps what that one would have deleted.
#[tokio::test(start_paused = true)]
async fn a_lock_put_back_midway_keeps_the_rest() {
    let fixture = AppFixture::with_long_batch().await;
    fixture.world.faults.arm(Fault::Hang, 5, 1);
    let locking = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.admin.put(&format!("{}/deletion-lock", fixture.app), &json!({"locked": true})).await.is(200);
    };
    let (report, ()) = tokio::join!(LONG_BATCH.2(&fixture), locking);
    let results = report.is(200).body["results"].as_array().unwrap();
    assert!(results[..50].iter().all(|result| result["outcome"] == "deleted"));
    assert!(
        results[50..60]
            .iter()
            .all(|result| result["outcome"] == "failed" && result["code"] == "account_deletion_locked")
    );
    let left = fixture.admin.get(&format!("{}/accounts?user_id_prefix=many", fixture.app)).await;
    assert_eq!(left.body["items"].as_array().unwrap().len(), 10);
}

/// The repeated request is five seconds later; everything else is the same.
fn timeless(items: &[Value]) -> Vec<Value> {
    let earlier = |item: &Value| item.to_string().replace("12:01:06", "12:01:01");
    let mut items: Vec<Value> = items.iter().map(|item| serde_json::from_str(&earlier(item)).unwrap()).collect();
    items.sort_by_key(ToString::to_string);
    items
}

/// L5: the deadline holds for the request as a whole, however many calls it makes.
#[tokio::test(start_paused = true)]
async fn a_hanging_database_is_a_503_within_five_seconds() {
    let fixture = AppFixture::new().await;
    fixture.world.faults.arm(Fault::Hang, 0, FOREVER);
    let begun = Instant::now();
    fixture.admin.get("/v1/me").await.is_problem(Code::Unavailable);
    assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    fixture.world.stranger().get("/healthz").await.is(200);
}

/// L6.
#[tokio::test]
async fn without_the_master_key_nothing_is_hashed_and_nothing_is_guessed() {
    let world = World::without_key().await;
    let body = json!({"login": "admin", "password": "correct horse battery"});
    world.stranger().post("/v1/login", &body).await.is_problem(Code::Unavailable);
    let admin = world.admin().await;
    admin.with("idempotency-key", "k").post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::Unavailable);
    assert_eq!(admin.get("/v1/apps").await.is(200).body["items"], json!([]));
}

/// L10: a clock that steps back leaves sessions and requests alone.
#[tokio::test]
async fn a_clock_that_steps_back_breaks_nothing() {
    let fixture = AppFixture::new().await;
    fixture.admin.get("/v1/me").await.is(200);
    fixture.world.clock.retreat(Duration::from_mins(5));
    fixture.admin.get("/v1/me").await.is(200);
    fixture.admin.patch(&fixture.app, &json!({"name": "Earlier"})).await.is(200);
}
