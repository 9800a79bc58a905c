//! Service accounts: users who are programs.

use super::*;

#[tokio::test]
async fn a_service_account_has_no_password_and_never_signs_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"username": "Robot", "login": "robot", "type": "service"});
    let created = admin.post("/v1/users", &body).await;
    let user = &created.is(201).body["user"];
    assert_eq!((&user["type"], &user["home_team_id"], &user["email"]), (&json!("service"), &Value::Null, &Value::Null));
    assert_eq!((&user["password_change_required"], created.body.get("generated_password")), (&json!(false), None));
    for password in [PASSWORD, "", "x"] {
        let sign_in = json!({"login": "robot", "password": password});
        let known = world.stranger().post("/v1/login", &sign_in).await;
        let unknown = json!({"login": "nobody", "password": password});
        let unknown = world.stranger().post("/v1/login", &unknown).await;
        assert_eq!((known.status, &known.body["code"]), (unknown.status, &unknown.body["code"]));
    }
    admin.post("/v1/users", &body).await.is_problem(Code::LoginTaken);
    for (field, value) in
        [("password", json!(PASSWORD)), ("generate_password", json!(true)), ("email", json!("robot@example.com"))]
    {
        let mut body = json!({"username": "Robot", "login": "robot2", "type": "service"});
        body[field] = value;
        let refused = admin.post("/v1/users", &body).await;
        assert_eq!(refused.is(422).violations(), [json!([format!("/{field}"), "not_allowed"])]);
    }
    let path = format!("/v1/users/{}", user["user_id"].as_str().unwrap());
    admin.post(&format!("{path}/password"), &json!({"generate_password": true})).await.is_problem(Code::Forbidden);
    for what in ["totp", "email", "sessions"] {
        admin.delete(&format!("{path}/{what}")).await.is_problem(Code::Forbidden);
    }
    admin.patch(&path, &json!({"type": "member"})).await.is_problem(Code::Forbidden);
    admin.patch(&path, &json!({"username": "Robot 2"})).await.is(200);
    let listed = admin.get("/v1/users?type=service").await;
    assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_becomes_a_service_account() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    for user_type in ["service", "platform_service"] {
        let refused = admin.patch(&format!("/v1/users/{}", mina.user_id), &json!({"type": user_type})).await;
        assert_eq!(refused.is(422).violations(), [json!(["/type", "not_allowed"])]);
    }
}

#[tokio::test]
async fn a_platform_service_acts_as_a_platform_admin_and_belongs_to_super_admins() {
    let world = World::new().await;
    let (_, root) = person(&world, "root", UserType::SuperAdmin, None).await;
    let (_, admin) = person(&world, "admin", UserType::PlatformAdmin, None).await;
    let body = json!({"username": "Robot", "login": "robot", "type": "platform_service"});
    admin.post("/v1/users", &body).await.is_problem(Code::Forbidden);
    let created = root.post("/v1/users", &body).await;
    let path = format!("/v1/users/{}", created.is(201).body["user"]["user_id"].as_str().unwrap());
    admin.patch(&path, &json!({"username": "other"})).await.is_problem(Code::Forbidden);
    admin.post(&format!("{path}/keys"), &new_key(&["read"])).await.is_problem(Code::Forbidden);
    let issued = root.post(&format!("{path}/keys"), &new_key(&["teams.manage", "users.read"])).await;
    let machine = using(&world, &issued);
    let team = machine.post("/v1/teams", &json!({"name": "Northwind"})).await;
    machine.get("/v1/users").await.is(200);
    let join = json!({"user_id": created.body["user"]["user_id"], "role_id": "developer"});
    let members = format!("/v1/teams/{}/members", team.is(201).body["team_id"].as_str().unwrap());
    root.post(&members, &join).await.is_problem(Code::NotAMember);
    let key = issued.body["key"]["key_id"].as_str().unwrap();
    admin.patch(&format!("{path}/keys/{key}"), &json!({"name": "Other"})).await.is_problem(Code::Forbidden);
    admin.delete(&format!("{path}/keys/{key}")).await.is(204);
    machine.get("/v1/users").await.is_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn a_service_account_of_a_team_joins_no_other_and_is_deleted_with_its_membership() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (_, manager) = person(&world, "manager", UserType::Member, Some((team, "member_manager"))).await;
    let body = json!({"new_user": {"username": "Robot", "login": "robot", "type": "service"}, "role_id": "developer"});
    let members = format!("/v1/teams/{team}/members");
    let added = manager.post(&members, &body).await;
    let user_id = added.is(201).body["member"]["user_id"].as_str().unwrap().to_owned();
    assert!(added.body.get("generated_password").is_none());
    let machine = using(&world, &manager.post(&format!("{members}/{user_id}/keys"), &new_key(&["read"])).await);
    let me = machine.get("/v1/me").await;
    assert_eq!((&me.body["user"]["home_team_id"], &me.body["teams"][0]["team_id"]), (&json!(team), &json!(team)));
    let admin = world.admin().await;
    let elsewhere = world.team("Southwind").await;
    let join = json!({"user_id": user_id, "role_id": "developer"});
    admin.post(&format!("/v1/teams/{elsewhere}/members"), &join).await.is_problem(Code::NotAMember);
    manager.delete(&format!("{members}/{user_id}")).await.is(204);
    machine.get("/v1/me").await.is_problem(Code::Unauthenticated);
    admin.get(&format!("/v1/users/{user_id}")).await.is_problem(Code::NotFound);
    let actions: Vec<_> = world.audit().await.iter().map(|record| record["action"].clone()).collect();
    assert!(actions.contains(&json!("user.delete")) && actions.contains(&json!("member.remove")));
    manager.post(&members, &body).await.is(201);
}

#[tokio::test]
async fn a_service_account_whose_membership_has_ended_is_as_good_as_deleted() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (_, manager) = person(&world, "manager", UserType::Member, Some((team, "member_manager"))).await;
    let members = format!("/v1/teams/{team}/members");
    let new_user = json!({"username": "Robot", "login": "robot", "type": "service"});
    let ends = world.context.now() + Duration::from_mins(10);
    let body = json!({"new_user": new_user, "role_id": "developer", "expires_at": ends});
    let added = manager.post(&members, &body).await;
    let user_id = added.is(201).body["member"]["user_id"].as_str().unwrap().to_owned();
    let machine = using(&world, &manager.post(&format!("{members}/{user_id}/keys"), &new_key(&["read"])).await);
    machine.get("/v1/apps").await.is(200);
    world.clock.advance(Duration::from_mins(10));
    machine.get("/v1/apps").await.is_problem(Code::Unauthenticated);
    let admin = world.admin().await;
    let keys = admin.get(&format!("/v1/users/{user_id}/keys")).await;
    assert_eq!(keys.is(200).body["items"][0]["status"], "revoked");
    for (name, value) in [("user_id", user_id.as_str()), ("login", "robot")] {
        let again = manager.post(&members, &json!({name: value, "role_id": "developer"})).await;
        assert_eq!(again.is(422).violations(), [json!([format!("/{name}"), "unknown_reference"])]);
    }
    manager.post(&members, &json!({"new_user": new_user, "role_id": "developer"})).await.is(201);
}

#[tokio::test]
async fn nobody_invites_a_service_account() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let homeless = world.user_as("rover", UserType::Service, |_| {}).await;
    let invitation = json!({"role_id": "developer", "login": homeless.login});
    let refused = world.admin().await.post(&format!("/v1/teams/{team}/invitations"), &invitation).await;
    assert_eq!(refused.is(422).violations(), [json!(["/login", "not_allowed"])]);
}

#[tokio::test]
async fn the_service_accounts_of_a_deleted_team_are_deleted_by_the_cleanup() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Northwind").await;
    let service = world.service("robot", team, "developer").await;
    admin.delete(&format!("/v1/teams/{team}")).await.is(204);
    assert_eq!(crate::cleanup::run(&world).await["members_removed"], 1);
    assert!(world.store().user(service.user_id).await.unwrap().is_none());
    assert!(world.store().user_by_login(&service.login).await.unwrap().is_none());
}

#[tokio::test]
async fn a_service_account_is_no_admin_whom_a_team_could_be_left_to() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Northwind").await;
    let (person, client) = world.user("mina", UserType::Member, [(team, "admin")]).await;
    let service = world.service("robot", team, "admin").await;
    let shown = client.get(&format!("/v1/teams/{team}")).await;
    assert_eq!(shown.body["admins"], json!([{"user_id": person.user_id, "username": "mina"}]));
    client.delete(&format!("/v1/teams/{team}/members/{}", person.user_id)).await.is_problem(Code::LastTeamAdmin);
    let member = format!("/v1/teams/{team}/members/{}", service.user_id);
    client.patch(&member, &json!({"role_id": "developer"})).await.is(200);
    client.patch(&member, &json!({"role_id": "admin"})).await.is(200);
    client.delete(&member).await.is(204);
    assert_eq!(client.get(&format!("/v1/teams/{team}")).await.body["admins"].as_array().unwrap().len(), 1);
    let homeless = world.user_as("rover", UserType::Service, |_| {}).await;
    let refused = admin.post("/v1/teams", &json!({"name": "South", "admin_user_id": homeless.user_id})).await;
    assert_eq!(refused.is(422).violations(), [json!(["/admin_user_id", "not_allowed"])]);
}

#[tokio::test]
async fn a_team_sees_only_keys_of_its_own_service_accounts() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (mina, _) = world.user("mina", UserType::Member, [(team, "developer")]).await;
    let homeless = world.user_as("rover", UserType::Service, |user| {
        user.teams = [(team, rollcall_domain::role_id::RoleId::parse("developer").unwrap())].into_iter().collect();
    });
    let homeless = homeless.await;
    let (_, manager) = person(&world, "manager", UserType::Member, Some((team, "admin"))).await;
    for user in [mina, homeless] {
        let path = format!("/v1/teams/{team}/members/{}/keys", user.user_id);
        manager.get(&path).await.is_problem(Code::NotFound);
        manager.post(&path, &new_key(&["read"])).await.is_problem(Code::NotFound);
    }
}
