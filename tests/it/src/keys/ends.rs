//! What ends a key, or takes its power: the very next request is refused.

use rollcall_domain::role_id::RoleId;
use rstest::rstest;

use super::*;
use crate::support::faults::Fault;

/// An owner of a key with a role in a team, and an admin who takes things away.
struct Owned {
    world: World,
    root: Client,
    team: TeamId,
    role: RoleId,
    owner: User,
    key: ApiKey,
    machine: Client,
}

impl Owned {
    async fn by(kind: UserType) -> Self {
        let world = World::new().await;
        let (admin, root) = person(&world, "root", UserType::SuperAdmin, None).await;
        let team = world.team("Northwind").await;
        let role = world.role(team, "Namer", &["team.read", "team.edit"]).await;
        let owner = match kind {
            UserType::Service => world.service("robot", team, &role.to_string()).await,
            _ => world.user("mina", UserType::Member, [(team, &role.to_string())]).await.0,
        };
        let scopes = ["read", "team.edit"];
        let created_by = admin.to_ref();
        let (key, machine) = world.api_key_as(&owner, &scopes, |key| key.created_by = created_by).await;
        Self { world, root, team, role, owner, key, machine }
    }

    async fn change(&self) -> Reply {
        let name = format!("Northwind at {}", self.world.faults.calls());
        self.machine.patch(&format!("/v1/teams/{}", self.team), &json!({"name": name})).await
    }

    async fn take(&self, how: &str) {
        let user = format!("/v1/users/{}", self.owner.user_id);
        let member = format!("/v1/teams/{}/members/{}", self.team, self.owner.user_id);
        let role = format!("/v1/teams/{}/roles/{}", self.team, self.role);
        let reply = match how {
            "demoted" => self.root.patch(&member, &json!({"role_id": "reviewer"})).await,
            "removed" => self.root.delete(&member).await,
            "disabled" => self.root.patch(&user, &json!({"status": "disabled"})).await,
            "deleted" => self.root.delete(&user).await,
            "narrowed" => self.root.patch(&role, &json!({"permissions": ["team.read"]})).await,
            "team_deleted" => self.root.delete(&format!("/v1/teams/{}", self.team)).await,
            "revoked" => self.root.delete(&format!("{user}/keys/{}", self.key.key_id)).await,
            _ => panic!("{how}"),
        };
        assert!(reply.status < 300, "{how}: {reply:?}");
    }
}

const WAYS: [&str; 7] = ["demoted", "removed", "disabled", "deleted", "narrowed", "team_deleted", "revoked"];

#[rstest]
#[tokio::test]
async fn the_next_request_is_refused(#[values(UserType::Member, UserType::Service)] kind: UserType) {
    for how in WAYS {
        let owned = Owned::by(kind).await;
        owned.change().await.is(200);
        owned.take(how).await;
        let refused = owned.change().await;
        assert!(matches!(refused.status, 401 | 403 | 404), "{how} {kind:?}: {refused:?}");
        let is_ended = matches!(how, "disabled" | "deleted" | "revoked")
            || (kind == UserType::Service && matches!(how, "removed" | "team_deleted"));
        let me = owned.machine.get("/v1/me").await;
        assert_eq!(me.status, if is_ended { 401 } else { 200 }, "{how} {kind:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_request_in_flight_is_refused(#[values(UserType::Member, UserType::Service)] kind: UserType) {
    // A revoked key may finish the request that it has begun, as a session may that is ended.
    for how in WAYS.into_iter().filter(|how| *how != "revoked") {
        let owned = Owned::by(kind).await;
        owned.change().await.is(200);
        owned.world.faults.take_log();
        owned.change().await.is(200);
        let calls = owned.world.faults.take_log();
        let commit = calls.iter().rposition(|call| call.operation == "TransactWriteItems").unwrap();
        owned.world.faults.arm(Fault::Hang, commit, 1);
        let later = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            owned.take(how).await;
        };
        let (refused, ()) = tokio::join!(owned.change(), later);
        owned.world.faults.disarm();
        assert!(matches!(refused.status, 401 | 403 | 404 | 409), "{how} {kind:?}: {refused:?}");
        assert_eq!(owned.world.audit().await.iter().filter(|record| record["action"] == "team.edit").count(), 2);
    }
}

#[tokio::test]
async fn a_key_ends_at_its_second() {
    let owned = Owned::by(UserType::Service).await;
    owned.world.clock.advance(Duration::from_hours(30 * 24) - Duration::from_millis(1));
    owned.change().await.is(200);
    owned.world.clock.advance(Duration::from_millis(1));
    owned.change().await.is_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn the_keys_of_a_disabled_user_stay_ended() {
    let owned = Owned::by(UserType::Member).await;
    let path = format!("/v1/users/{}", owned.owner.user_id);
    for status in ["disabled", "enabled"] {
        owned.root.patch(&path, &json!({"status": status})).await.is(200);
        owned.machine.get("/v1/me").await.is_problem(Code::Unauthenticated);
    }
    let listed = owned.root.get(&format!("{path}/keys")).await;
    assert_eq!(listed.body["items"][0]["status"], "revoked");
}

#[tokio::test]
async fn a_reset_password_and_another_type_end_the_keys_and_a_changed_password_does_not() {
    for (how, body) in [("password", json!({"generate_password": true})), ("", json!({"type": "platform_admin"}))] {
        let owned = Owned::by(UserType::Member).await;
        let path = format!("/v1/users/{}", owned.owner.user_id);
        match how {
            "" => owned.root.patch(&path, &body).await.is(200),
            how => owned.root.post(&format!("{path}/{how}"), &body).await.is(200),
        };
        owned.machine.get("/v1/me").await.is_problem(Code::Unauthenticated);
    }
    let owned = Owned::by(UserType::Member).await;
    owned.world.with_password(&owned.owner).await;
    let client = owned.world.stranger().sign_in("mina").await;
    let (old, new) = (PASSWORD, "another horse battery");
    let body = json!({"current_password": old, "password": new, "password_confirmation": new});
    client.post("/v1/me/password", &body).await.is(204);
    owned.machine.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn another_role_ends_the_keys_whose_creator_may_not_give_it() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (_, admin) = person(&world, "admin", UserType::Member, Some((team, "admin"))).await;
    let (_, manager) = person(&world, "manager", UserType::Member, Some((team, "member_manager"))).await;
    let service = world.service("robot", team, "developer").await;
    let member = format!("/v1/teams/{team}/members/{}", service.user_id);
    let keys = format!("{member}/keys");
    let by_admin = using(&world, &admin.post(&keys, &new_key(&["read"])).await);
    let by_manager = using(&world, &manager.post(&keys, &new_key(&["read"])).await);
    admin.patch(&member, &json!({"role_id": "operator"})).await.is(200);
    for machine in [&by_admin, &by_manager] {
        machine.get("/v1/me").await.is(200);
    }
    admin.patch(&member, &json!({"role_id": "admin"})).await.is(200);
    by_admin.get("/v1/me").await.is(200);
    by_manager.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let ended = world.audit().await.into_iter().filter(|record| record["action"] == "key.revoke").count();
    assert_eq!(ended, 1);
    manager.post(&keys, &new_key(&["read"])).await.is_problem(Code::Forbidden);
}

#[tokio::test]
async fn another_role_ends_the_keys_that_are_known_to_who_may_not_give_it() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (_, admin) = person(&world, "admin", UserType::Member, Some((team, "admin"))).await;
    let (_, manager) = person(&world, "manager", UserType::Member, Some((team, "member_manager"))).await;
    let service = world.service("robot", team, "developer").await;
    let member = format!("/v1/teams/{team}/members/{}", service.user_id);
    let keys = format!("{member}/keys");
    let mut machines = Vec::new();
    // Who rotates the admin's key, each with or without an overlap, and which of its secrets survive.
    let cases = [
        (vec![(&manager, 24)], vec![false, false]),
        (vec![(&manager, 0), (&admin, 24)], vec![false, false]),
        (vec![(&manager, 0), (&admin, 0)], vec![true]),
    ];
    for (rotations, survive) in cases {
        let mut issued = vec![admin.post(&keys, &new_key(&["read"])).await];
        let key_id = issued[0].is(201).body["key"]["key_id"].as_str().unwrap().to_owned();
        for (client, overlap_hours) in rotations {
            let rotation = json!({"overlap_hours": overlap_hours, "current_password": PASSWORD});
            issued.push(client.post(&format!("{keys}/{key_id}/rotate"), &rotation).await);
        }
        machines.extend(issued.iter().rev().zip(survive).map(|(issued, survives)| (using(&world, issued), survives)));
    }
    for (machine, _) in &machines {
        machine.get("/v1/me").await.is(200);
    }
    admin.patch(&member, &json!({"role_id": "admin"})).await.is(200);
    for (number, (machine, survives)) in machines.iter().enumerate() {
        assert_eq!(machine.get("/v1/me").await.status, if *survives { 200 } else { 401 }, "secret {number}");
    }
}

#[tokio::test]
async fn another_role_ends_a_key_that_is_created_meanwhile() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (_, admin) = person(&world, "admin", UserType::Member, Some((team, "admin"))).await;
    let (_, manager) = person(&world, "manager", UserType::Member, Some((team, "member_manager"))).await;
    let service = world.service("robot", team, "developer").await;
    let member = format!("/v1/teams/{team}/members/{}", service.user_id);
    world.faults.take_log();
    admin.patch(&member, &json!({"role_id": "operator"})).await.is(200);
    let commit = world.faults.take_log().iter().rposition(|call| call.operation == "TransactWriteItems").unwrap();
    world.faults.arm(Fault::Hang, commit, 1);
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        manager.post(&format!("{member}/keys"), &new_key(&["read"])).await
    };
    let raise = json!({"role_id": "admin"});
    let (raised, issued) = tokio::join!(admin.patch(&member, &raise), meanwhile);
    world.faults.disarm();
    raised.is(200);
    using(&world, &issued).get("/v1/me").await.is_problem(Code::Unauthenticated);
}
