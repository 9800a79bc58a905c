//! Changes by a super admin: of users, of applications and of their own account.

use std::{collections::BTreeMap, time::Duration};

use axum::http::Method;
use futures_util::future::BoxFuture;
use rollcall_api::verification::email_change_of;
use rollcall_domain::{
    Code,
    email::Email,
    permission::UserType,
    user::User,
    verification::{FlowPurpose, Verification},
};
use rollcall_store::Commit;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    support::{
        Client, PASSWORD, Reply, Snapshot, World,
        faults::{FOREVER, Fault},
    },
    users::{OTHER_PASSWORD, Removal, assert_super_admins_consistent, path_of, proved, remove, stored},
};

type Request = (&'static str, fn(&UserFixture) -> BoxFuture<'_, Reply>);

/// A super admin, what their requests act on, and a second super admin who can remove the first.
struct UserFixture {
    world: World,
    other_admin: Client,
    actor: User,
    client: Client,
    target: User,
    app: String,
    code: String,
    start: Snapshot,
}

impl UserFixture {
    async fn new() -> Self {
        let world = World::new().await;
        let other_admin = world.admin().await;
        let actor = proved(&world, "actor", UserType::SuperAdmin, "actor@example.com").await;
        world.with_password(&actor).await;
        let client = world.signed_in(&actor).await.with("idempotency-key", "once");
        let target = proved(&world, "target", UserType::Member, "target@example.com").await;
        let app = format!("/v1/apps/{}/deletion-lock", world.app(&other_admin, "App").await);
        let mailed_code = rollcall_api::mailed_code::draw(&world.context).await.unwrap();
        let code = rollcall_api::mailed_code::digits(&world.context, &mailed_code).await.unwrap();
        let (flow_id, new) = (email_change_of(actor.user_id), Email::parse("new@example.com").unwrap());
        let purpose = FlowPurpose::EmailChange;
        let flow = Verification::begin(flow_id, purpose, new, Some(actor.user_id), mailed_code, world.now());
        let begun = Commit::new([rollcall_store::flow::begin_verification(&flow).unwrap()]);
        world.writer().commit(begun).await.unwrap();
        let start = world.snapshot().await;
        Self { world, other_admin, actor, client, target, app, code, start }
    }

    async fn rewind(&self) {
        self.world.rewind(&self.start).await;
    }

    /// All items except those that the removal of the actor changes.
    async fn rest(&self) -> Vec<Value> {
        let own = self.actor.user_id.to_string();
        let mut items = self.world.dump().await;
        items.retain(|item| {
            let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
            let is_own = pk == format!("USER#{own}")
                || pk == "LOGIN#actor"
                || pk == "PLATFORM"
                || pk == "EMAIL#actor@example.com";
            let is_record_of_own = pk.starts_with("AUDIT#")
                && item["target"]["id"] == json!(own)
                && item["actor"]["user_id"] != json!(own);
            !is_own && !is_record_of_own && !pk.starts_with("SESSIONS#") && sk != "LANE"
        });
        // An attempt counted before the removal stays counted.
        for item in &mut items {
            item.as_object_mut().unwrap().remove("tries");
        }
        items.sort_by_key(ToString::to_string);
        items
    }
}

const REQUESTS: [Request; 15] = [
    ("create", |s| {
        let body = json!({"username": "New", "login": "new", "type": "super_admin", "generate_password": true});
        Box::pin(async move { s.client.post("/v1/users", &body).await })
    }),
    ("edit", |s| Box::pin(async { s.client.patch(&path_of(&s.target), &json!({"type": "super_admin"})).await })),
    ("delete", |s| Box::pin(async { s.client.delete(&path_of(&s.target)).await })),
    ("reset a password", |s| {
        let body = json!({"password": OTHER_PASSWORD});
        Box::pin(async move { s.client.post(&format!("{}/password", path_of(&s.target)), &body).await })
    }),
    ("unbind an email", |s| Box::pin(async { s.client.delete(&format!("{}/email", path_of(&s.target))).await })),
    ("end sessions", |s| Box::pin(async { s.client.delete(&format!("{}/sessions", path_of(&s.target))).await })),
    ("lift the lock", |s| {
        let body = json!({"locked": false, "risks_acknowledged": true});
        Box::pin(async move { s.client.put(&s.app, &body).await })
    }),
    ("create an app", |s| Box::pin(async { s.client.post("/v1/apps", &json!({"name": "Second"})).await })),
    ("delete an app", |s| Box::pin(async { s.client.delete(s.app.strip_suffix("/deletion-lock").unwrap()).await })),
    ("rename oneself", |s| Box::pin(async { s.client.patch("/v1/me", &json!({"username": "Other"})).await })),
    ("change one's password", |s| {
        let body =
            json!({"current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD});
        Box::pin(async move { s.client.post("/v1/me/password", &body).await })
    }),
    ("ask for an email", |s| {
        let body = json!({"current_password": PASSWORD, "email": "third@example.com"});
        Box::pin(async move { s.client.post("/v1/me/email", &body).await })
    }),
    ("confirm an email", |s| Box::pin(async { s.client.post("/v1/me/email/confirm", &json!({"code": s.code})).await })),
    ("unbind one's email", |s| {
        let body = json!({"current_password": PASSWORD}).to_string();
        Box::pin(async move { s.client.send(Method::DELETE, "/v1/me/email", Some(body)).await })
    }),
    ("begin two-factor", |s| {
        Box::pin(async { s.client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await })
    }),
];

/// The number of items of each kind, and the sums of their versions and epochs.
async fn summary(world: &World) -> BTreeMap<String, i64> {
    let mut summary = BTreeMap::new();
    for item in world.dump().await {
        let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
        let kind = match pk.split('#').next().unwrap() {
            // Attempts are counted whatever their outcome.
            "LANE" => continue,
            "AUDIT" => item["action"].to_string(),
            kind => format!("{kind} {}", if kind == "SESSIONS" { "" } else { sk }),
        };
        *summary.entry(kind.clone()).or_default() += 1;
        for count in ["version", "epoch"] {
            *summary.entry(format!("{kind} {count}")).or_default() += item[count].as_i64().unwrap_or_default();
        }
    }
    summary
}

/// After a single fault the request succeeds. After a lasting one, all of the change is stored or none of it.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_leaves_a_change_complete_or_undone(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
    #[values(0, 1, 2, 3, 4)] offset: usize,
) {
    let fixture = UserFixture::new().await;
    let before = summary(&fixture.world).await;
    for (name, request) in REQUESTS.into_iter().skip(offset).step_by(5) {
        fixture.rewind().await;
        fixture.world.faults.arm(fault, FOREVER, 0);
        let undisturbed = request(&fixture).await;
        let calls = fixture.world.faults.calls();
        let done = summary(&fixture.world).await;
        assert!(undisturbed.status < 300 && done != before, "{name}: {undisturbed:?}");
        for (call, times) in (0..calls).flat_map(|call| [(call, 1), (call, FOREVER)]) {
            fixture.rewind().await;
            fixture.world.faults.arm(fault, call, times);
            let reply = request(&fixture).await;
            fixture.world.faults.disarm();
            let place = format!("{name}, {fault:?} at call {call}, {times} times: {reply:?}");
            let now = summary(&fixture.world).await;
            if times == 1 {
                assert_eq!(reply.status, undisturbed.status, "{place}");
            }
            if reply.status == undisturbed.status {
                assert_eq!(now, done, "{place}");
            } else {
                reply.is_problem(Code::Unavailable);
                assert!(now == before || now == done, "{place}: {now:?}");
            }
            assert_super_admins_consistent(&fixture.world).await;
        }
    }
}

/// The caller is deleted, disabled or demoted while the request waits for one of its calls. The first call, which reads
/// the caller, is left out. The request changes nothing.
async fn assert_refused_after(fixture: &UserFixture, removal: Removal, (name, request): Request) {
    fixture.rewind().await;
    let before = fixture.rest().await;
    fixture.world.faults.arm(Fault::Hang, FOREVER, 0);
    let reply = request(fixture).await;
    assert!(reply.status < 300, "{name}: {reply:?}");
    let calls = fixture.world.faults.calls();
    for call in 1..calls {
        fixture.rewind().await;
        fixture.world.faults.arm(Fault::Hang, call, 1);
        let removing = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            remove(&fixture.other_admin, &path_of(&fixture.actor), removal).await
        };
        let (reply, removed) = tokio::join!(request(fixture), removing);
        assert!(removed.status < 300, "{removed:?}");
        let place = format!("{name}, {removal:?} at call {call} of {calls}");
        assert!((400..500).contains(&reply.status), "{place}: {reply:?}");
        assert_eq!(fixture.rest().await, before, "{place}");
        if let Some(user) = stored(&fixture.world, &fixture.actor).await {
            assert_eq!((&user.username, &user.email), (&fixture.actor.username, &fixture.actor.email), "{place}");
        }
        assert_super_admins_consistent(&fixture.world).await;
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_request_whose_caller_is_removed_meanwhile_changes_nothing(
    #[values(Removal::Delete, Removal::Disable, Removal::Demote)] removal: Removal,
    #[values(0, 1, 2)] offset: usize,
) {
    let fixture = UserFixture::new().await;
    for request in REQUESTS.into_iter().skip(offset).step_by(3) {
        assert_refused_after(&fixture, removal, request).await;
    }
}
