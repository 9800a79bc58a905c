//! Changes of users, of applications by a platform admin, and of one's own account.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::http::Method;
use futures_util::future::BoxFuture;
use rollcall_api::verification::email_change_of;
use rollcall_domain::{
    Code,
    credential::PasswordHash,
    email::Email,
    password::Password,
    permission::UserType,
    user::User,
    verification::{FlowPurpose, Verification},
};
use rollcall_store::{Commit, credential::CredentialChange, user::change};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    support::{
        Client, PASSWORD, Reply, World,
        faults::{FOREVER, Fault},
    },
    users::{OTHER_PASSWORD, Removal, path_of, proved, remove, stored, super_admins_agree},
};

type Request = (&'static str, fn(&Scene) -> BoxFuture<'_, Reply>);

/// Somebody about to lose their rights, and everything they are about to do.
struct Scene {
    world: Arc<World>,
    boss: Client,
    hash: PasswordHash,
    number: usize,
    actor: User,
    client: Client,
    target: User,
    app: String,
    code: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let boss = world.admin().await;
        let hash = rollcall_api::password::hash(&world.context, Password::new(PASSWORD)).await.unwrap();
        Self::cast(Arc::new(world), boss, hash, 0).await
    }

    /// The same world with people of its own.
    async fn again(&self) -> Self {
        self.world.clock.advance(Duration::from_secs(61));
        Self::cast(Arc::clone(&self.world), self.boss.clone(), self.hash.clone(), self.number + 1).await
    }

    async fn cast(world: Arc<World>, boss: Client, hash: PasswordHash, number: usize) -> Self {
        let email = |name: &str| format!("{name}{number}@example.com");
        let actor = proved(&world, &format!("actor{number}"), UserType::SuperAdmin, &email("actor")).await;
        world.writer().commit(change(&actor, &actor, CredentialChange::Password(&hash)).unwrap()).await.unwrap();
        let client = world.signed_in(&actor).await.with("idempotency-key", "once");
        let target = proved(&world, &format!("target{number}"), UserType::Member, &email("target")).await;
        let app = format!("/v1/apps/{}/deletion-lock", world.app(&boss, "App").await);
        let drawn = rollcall_api::mailed_code::draw(&world.context).await.unwrap();
        let code = rollcall_api::mailed_code::digits(&world.context, &drawn).await.unwrap();
        let (flow_id, new) = (email_change_of(actor.user_id), Email::parse(&email("new")).unwrap());
        let purpose = FlowPurpose::EmailChange;
        let flow = Verification::begin(flow_id, purpose, new, Some(actor.user_id), drawn, world.now());
        let begun = Commit::new([rollcall_store::flow::save_verification(None, &flow).unwrap()]);
        world.writer().commit(begun).await.unwrap();
        Self { world, boss, hash, number, actor, client, target, app, code }
    }

    /// What must not change, but for what ends the actor's rights.
    async fn rest(&self) -> Vec<Value> {
        let own = self.actor.user_id.to_string();
        let mut items = self.world.dump().await;
        items.retain(|item| {
            let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
            let is_own = pk == format!("USER#{own}")
                || pk == format!("LOGIN#actor{}", self.number)
                || pk == "PLATFORM"
                || pk == format!("EMAIL#actor{}@example.com", self.number);
            let is_record_of_own = pk.starts_with("AUDIT#")
                && item["target"]["id"] == json!(own)
                && item["actor"]["user_id"] != json!(own);
            !is_own && !is_record_of_own && !pk.starts_with("SESSIONS#") && sk != "LANE"
        });
        // A try that was counted before the end came is counted.
        for item in &mut items {
            item.as_object_mut().unwrap().remove("tries");
        }
        items.sort_by_key(ToString::to_string);
        items
    }
}

const REQUESTS: [Request; 15] = [
    ("create", |s| {
        let login = format!("new{}", s.number);
        let body = json!({"username": "New", "login": login, "type": "super_admin", "generate_password": true});
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
        let email = format!("third{}@example.com", s.number);
        let body = json!({"current_password": PASSWORD, "email": email});
        Box::pin(async move { s.client.post("/v1/me/email", &body).await })
    }),
    ("prove an email", |s| Box::pin(async { s.client.post("/v1/me/email/confirm", &json!({"code": s.code})).await })),
    ("unbind one's email", |s| {
        let body = json!({"current_password": PASSWORD}).to_string();
        Box::pin(async move { s.client.send(Method::DELETE, "/v1/me/email", Some(body)).await })
    }),
    ("begin two-factor", |s| {
        Box::pin(async { s.client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await })
    }),
];

/// How many items of each kind there are, and how often users and applications were changed.
async fn shape(world: &World) -> BTreeMap<String, i64> {
    let mut shape = BTreeMap::new();
    for item in world.dump().await {
        let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
        let kind = match pk.split('#').next().unwrap() {
            // A try is counted whatever comes of it.
            "LANE" => continue,
            "AUDIT" => item["action"].to_string(),
            kind => format!("{kind} {}", if kind == "SESSIONS" { "" } else { sk }),
        };
        *shape.entry(kind.clone()).or_default() += 1;
        for count in ["version", "epoch"] {
            *shape.entry(format!("{kind} {count}")).or_default() += item[count].as_i64().unwrap_or_default();
        }
    }
    shape
}

fn difference(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    let count = |shape: &BTreeMap<String, i64>, kind: &str| shape.get(kind).copied().unwrap_or_default();
    let kinds: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    let changed = kinds.into_iter().map(|kind| (kind.clone(), count(after, &kind) - count(before, &kind)));
    changed.filter(|(_, change)| *change != 0).collect()
}

/// L1, L2: one fault at whichever call is survived; a lasting one leaves all of the change or nothing of it.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_fault_anywhere_leaves_a_change_whole(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
    #[values(0, 1, 2, 3, 4)] fifth: usize,
) {
    for (name, request) in REQUESTS.into_iter().skip(fifth).step_by(5) {
        let mut scene = Scene::new().await;
        let before = shape(&scene.world).await;
        scene.world.faults.arm(fault, FOREVER, 0);
        let well = request(&scene).await;
        let calls = scene.world.faults.calls();
        let whole = difference(&before, &shape(&scene.world).await);
        assert!(well.status < 300 && !whole.is_empty(), "{name}: {well:?}");
        for (call, times) in (0..calls).flat_map(|call| [(call, 1), (call, FOREVER)]) {
            scene = scene.again().await;
            let before = shape(&scene.world).await;
            scene.world.faults.arm(fault, call, times);
            let reply = request(&scene).await;
            scene.world.faults.disarm();
            let place = format!("{name}, {fault:?} at call {call}, {times} times: {reply:?}");
            let done = difference(&before, &shape(&scene.world).await);
            if times == 1 {
                assert_eq!(reply.status, well.status, "{place}");
            }
            if reply.status == well.status {
                assert_eq!(done, whole, "{place}");
            } else {
                reply.is_problem(Code::Unavailable);
                assert!(done.is_empty() || done == whole, "{place}: {done:?}");
            }
            super_admins_agree(&scene.world).await;
        }
    }
}

/// E5: whichever of its calls a request is at when its sender is deleted, disabled or demoted, it changes nothing.
async fn refused_after(removal: Removal, (name, request): Request) {
    let mut scene = Scene::new().await;
    scene.world.faults.arm(Fault::Hang, FOREVER, 0);
    let reply = request(&scene).await;
    assert!(reply.status < 300, "{name}: {reply:?}");
    let calls = scene.world.faults.calls();
    // The first call reads who asks.
    for call in 1..calls {
        scene = scene.again().await;
        let before = scene.rest().await;
        scene.world.faults.arm(Fault::Hang, call, 1);
        let removing = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            remove(&scene.boss, &path_of(&scene.actor), removal).await
        };
        let (reply, removed) = tokio::join!(request(&scene), removing);
        assert!(removed.status < 300, "{removed:?}");
        let place = format!("{name}, {removal:?} at call {call} of {calls}");
        assert!((400..500).contains(&reply.status), "{place}: {reply:?}");
        assert_eq!(scene.rest().await, before, "{place}");
        if let Some(user) = stored(&scene.world, &scene.actor).await {
            assert_eq!((&user.username, &user.email), (&scene.actor.username, &scene.actor.email), "{place}");
        }
        super_admins_agree(&scene.world).await;
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_request_of_somebody_who_loses_their_rights_meanwhile_changes_nothing(
    #[values(Removal::Delete, Removal::Disable, Removal::Demote)] removal: Removal,
    #[values(0, 1, 2)] third: usize,
) {
    for request in REQUESTS.into_iter().skip(third).step_by(3) {
        refused_after(removal, request).await;
    }
}
