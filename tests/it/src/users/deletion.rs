//! Deleting users.

use super::*;

#[tokio::test]
async fn deleting_a_user_frees_their_login_and_address_and_keeps_their_teams_data() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Team").await;
    let email = Email::parse("mina@example.com").unwrap();
    let mina = world
        .user_as("mina", UserType::Member, |user| {
            (user.email, user.email_verified) = (Some(email), true);
            user.teams = [(team, Preset::Admin.into())].into_iter().collect();
        })
        .await;
    let client = world.signed_in(&mina).await;
    let app = client.post("/v1/apps", &json!({"name": "App", "team_id": team.to_string()})).await;
    let app = app.is(201).header("location").to_owned();
    client.post(&format!("{app}/accounts"), &json!({"user_id": "a", "type": "general"})).await.is(201);

    admin.delete(&path_of(&mina)).await.is(204);
    client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    admin.get(&path_of(&mina)).await.is_problem(Code::NotFound);
    admin.delete(&path_of(&mina)).await.is_problem(Code::NotFound);
    assert_eq!(admin.get("/v1/users?q=mina").await.body["items"], json!([]));
    admin.get(&app).await.is(200);
    admin.get(&format!("{app}/accounts/a")).await.is(200);
    for kind in ["LOGIN#mina", "EMAIL#mina@example.com"] {
        assert!(world.dump().await.iter().all(|item| item["pk"] != kind), "{kind}");
    }

    let again = json!({"username": "Mina", "login": "MINA", "type": "member", "password": OTHER_PASSWORD});
    let created = admin.post("/v1/users", &again).await;
    assert_ne!(created.is(201).body["user"]["user_id"], json!(mina.user_id));
    client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let started = world.stranger().post("/v1/registrations", &json!({"email": "mina@example.com"})).await;
    let registration = started.body["registration_id"].as_str().unwrap().to_owned();
    let code = world.code(&registration, FlowPurpose::Registration).await;
    let complete = json!({
        "code": code, "username": "Owner", "login": "owner", "password": PASSWORD, "password_confirmation": PASSWORD
    });
    world.stranger().post(&format!("/v1/registrations/{registration}/complete"), &complete).await.is(201);
}

#[tokio::test]
async fn users_outlive_the_admin_who_created_them() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (creator, client) = world.user("maker", UserType::PlatformAdmin, []).await;
    let body = json!({"username": "Made", "login": "made", "type": "platform_admin", "password": PASSWORD});
    let created = client.post("/v1/users", &body).await;
    admin.delete(&path_of(&creator)).await.is(204);
    admin.get(created.header("location")).await.is(200);
    world.stranger().sign_in("made").await.get("/v1/me").await.is(200);
    let records = audit_of(&world, &created.body["user"]["user_id"]).await;
    assert_eq!(records[0]["actor"], json!({"user_id": creator.user_id, "login": "maker"}));
}
