//! Several hands at the same users, people who lose their rights midway, and bad days.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Removal {
    Delete,
    Disable,
    Demote,
}

const REMOVALS: [Removal; 3] = [Removal::Delete, Removal::Disable, Removal::Demote];

async fn remove(client: &Client, path: &str, removal: Removal) -> Reply {
    match removal {
        Removal::Delete => client.delete(path).await,
        Removal::Disable => client.patch(path, &json!({"status": "disabled"})).await,
        Removal::Demote => client.patch(path, &json!({"type": "member"})).await,
    }
}

/// E4: every way against every other, many times.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_super_admins_who_remove_each_other_one_is_left() {
    for round in 0..4 {
        for one in REMOVALS {
            for other in REMOVALS {
                let world = World::new().await;
                world.faults.conflicts_like_dynamodb(round % 2 == 0);
                let (left, left_client) = world.user("left", UserType::SuperAdmin, []).await;
                let (right, right_client) = world.user("right", UserType::SuperAdmin, []).await;
                world.user("unrelated", UserType::PlatformAdmin, []).await;
                let (left, right) = (path_of(&left), path_of(&right));
                let first = tokio::spawn(async move { remove(&left_client, &right, one).await });
                let second = tokio::spawn(async move { remove(&right_client, &left, other).await });
                let replies = [first.await.unwrap(), second.await.unwrap()];
                let done = replies.iter().filter(|reply| reply.status < 300).count();
                assert_eq!(done, 1, "{one:?} against {other:?}: {replies:?}");
                for refused in replies.iter().filter(|reply| reply.status >= 300) {
                    let code = if refused.status == 409 { Code::LastSuperAdmin } else { Code::Unauthenticated };
                    refused.is_problem(code);
                }
                assert_eq!(super_admins_agree(&world).await, 1, "{one:?} against {other:?}");
            }
        }
    }
}

/// A small generator of its own, so that a failure names its seed and comes again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// K5, for super admins.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_super_admins_do_in_parallel_one_is_left_and_the_set_is_the_items() {
    for seed in 0..8 {
        let world = World::new().await;
        world.faults.conflicts_like_dynamodb(seed % 2 == 0);
        let mut people = Vec::new();
        for number in 0..4 {
            people.push(world.user(&format!("boss{number}"), UserType::SuperAdmin, []).await);
        }
        let mut dice = Dice(seed);
        for _ in 0..6 {
            let mut sent = Vec::new();
            for (own, client) in &people {
                let (target, _) = &people[dice.roll(people.len())];
                let (path, kind) = (path_of(target), dice.roll(8));
                if target.user_id == own.user_id {
                    continue;
                }
                let client = client.clone();
                sent.push(tokio::spawn(async move {
                    match kind {
                        0 => client.delete(&path).await,
                        1 | 2 => client.patch(&path, &json!({"status": "disabled"})).await,
                        3 => client.patch(&path, &json!({"type": "platform_admin"})).await,
                        4 | 5 => client.patch(&path, &json!({"status": "enabled", "type": "super_admin"})).await,
                        6 => client.patch(&path, &json!({"username": "renamed"})).await,
                        _ => client.delete(&format!("{path}/sessions")).await,
                    }
                }));
            }
            for reply in join_all(sent).await {
                let reply = reply.unwrap();
                assert!(matches!(reply.status, 200 | 204 | 401 | 403 | 404 | 409), "seed {seed}: {reply:?}");
            }
            super_admins_agree(&world).await;
            // Whoever was signed out comes back, as long as there is somebody to come back.
            for (user, client) in &mut people {
                if let Some(now) = stored(&world, user).await {
                    *client = world.signed_in(&now).await;
                }
            }
        }
    }
}

/// Every way in which a super admin stops being one is refused to the last, whoever asks.
#[tokio::test]
async fn the_last_super_admin_stays_by_every_path() {
    let world = World::new().await;
    let (boss, client) = world.user("boss", UserType::SuperAdmin, []).await;
    let (other, _) = world.user("other", UserType::SuperAdmin, []).await;
    let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
    client.patch(&path_of(&other), &json!({"status": "disabled"})).await.is(200);
    for removal in REMOVALS {
        remove(&client, &path_of(&boss), removal).await.is_problem(Code::UseOwnRoute);
        remove(&platform, &path_of(&boss), removal).await.is_problem(Code::Forbidden);
    }
    let edited = |patch: Value| {
        change(&boss, &boss.clone().edited(Fields::of(patch), world.now()).unwrap(), CredentialChange::Kept)
    };
    for commit in [
        delete(&boss).unwrap(),
        edited(json!({"status": "disabled"})).unwrap(),
        edited(json!({"type": "platform_admin"})).unwrap(),
        edited(json!({"type": "member", "status": "disabled"})).unwrap(),
    ] {
        let refused = world.writer().commit(commit).await;
        assert!(
            matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::LastSuperAdmin),
            "{refused:?}"
        );
    }
    // A disabled one is no super admin to be left: deleting and demoting it takes nothing away.
    client.patch(&path_of(&other), &json!({"type": "member"})).await.is(200);
    client.delete(&path_of(&other)).await.is(204);
    assert_eq!(super_admins_agree(&world).await, 1);
    client.get("/v1/me").await.is(200);
}

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

/// E5, in the store: the guard itself.
#[tokio::test]
async fn whoever_was_changed_since_is_not_entitled_any_more() {
    let world = World::new().await;
    world.admin().await;
    let (actor, _) = world.user("actor", UserType::PlatformAdmin, []).await;
    let check = |actor: &User| Commit::new(still_authorised(actor, None, Code::Unauthenticated));
    world.writer().commit(check(&actor)).await.unwrap();
    let (target, _) = world.user("renamed", UserType::Member, []).await;
    let renamed = target.clone().renamed(Fields::of(json!({"username": "Other"})), world.now()).unwrap();
    world.writer().commit(change(&target, &renamed, CredentialChange::Kept).unwrap()).await.unwrap();
    world.writer().commit(check(&target)).await.unwrap();
    for after in [
        actor.clone().edited(Fields::of(json!({"type": "member"})), world.now()).unwrap(),
        actor.clone().edited(Fields::of(json!({"status": "disabled"})), world.now()).unwrap(),
        actor.clone().signed_out_everywhere(),
    ] {
        world.writer().commit(change(&actor, &after, CredentialChange::Kept).unwrap()).await.unwrap();
        let refused = world.writer().commit(check(&actor)).await;
        assert!(matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::Unauthenticated));
        let back = User { epoch: actor.epoch, version: after.version, ..actor.clone() };
        world
            .writer()
            .commit(change(&after, &User { version: actor.version, ..back }, CredentialChange::Kept).unwrap())
            .await
            .unwrap();
    }
    world.writer().commit(delete(&actor).unwrap()).await.unwrap();
    assert!(world.writer().commit(check(&actor)).await.is_err());
}
