//! Creating users.

use super::*;

#[tokio::test]
async fn a_new_user_is_shown_without_secrets() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({
        "username": "朴 Mina".replace(' ', "."), "login": "Mina.Park", "type": "member", "email": "Mina@Example.com",
        "password": PASSWORD,
    });
    let created = admin.post("/v1/users", &body).await;
    let user_id = created.is(201).body["user"]["user_id"].as_str().unwrap().to_owned();
    let user = json!({
        "user_id": user_id, "username": "朴.Mina", "login": "Mina.Park", "type": "member", "status": "enabled",
        "email": "Mina@Example.com", "email_verified": false, "totp_enabled": false,
        "password_change_required": true, "created_at": START, "updated_at": START, "last_login_at": null,
        "version": 1,
    });
    assert_eq!(created.body, json!({"user": user}));
    assert_eq!(created.header("location"), format!("/v1/users/{user_id}"));
    assert_eq!(created.header("etag"), "\"1\"");
    let mut detail = user;
    detail["teams"] = json!([]);
    let read = admin.get(created.header("location")).await;
    assert_eq!((&read.is(200).body, read.header("etag")), (&detail, "\"1\""));
}

#[tokio::test]
async fn all_violations_are_reported_together() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({
        "username": "a  b", "login": "ab", "type": "owner", "email": "x@", "password": "short",
        "generate_password": 1, "status": "enabled",
    });
    let refused = admin.post("/v1/users", &body).await;
    let mut violations = refused.is_problem(Code::UnknownField).violations();
    violations.sort_by_key(ToString::to_string);
    assert_eq!(
        violations,
        [
            json!(["/email", "bad_format"]),
            json!(["/generate_password", "wrong_type"]),
            json!(["/login", "too_short"]),
            json!(["/password", "too_short"]),
            json!(["/status", "unknown_field"]),
            json!(["/type", "not_allowed"]),
            json!(["/username", "bad_format"]),
        ]
    );
    let empty = admin.post("/v1/users", &json!({})).await;
    let required = ["username", "login", "password", "type"];
    assert_eq!(
        empty.is_problem(Code::ValidationFailed).violations(),
        required.map(|field| json!([format!("/{field}"), "required"]))
    );
    let both =
        json!({"username": "Mina", "login": "mina", "type": "member", "password": PASSWORD, "generate_password": true});
    let refused = admin.post("/v1/users", &both).await;
    assert_eq!(refused.violations(), [json!(["/generate_password", "not_allowed"])]);
    for (field, own) in [("login", "batteryhorse"), ("username", "Battery"), ("email", "battery@example.com")] {
        let mut body =
            json!({"username": "Mina", "login": "mina", "type": "member", "password": "correct batteryhorse 7"});
        body[field] = json!(own);
        let refused = admin.post("/v1/users", &body).await;
        assert_eq!(refused.violations(), [json!(["/password", "weak_password"])], "{field}");
    }
}

#[tokio::test]
async fn a_login_is_taken_whatever_its_case() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = |login: &str| json!({"username": "Mina", "login": login, "type": "member", "generate_password": true});
    admin.post("/v1/users", &body("Mina")).await.is(201);
    for login in ["Mina", "mina", "MINA", "Admin"] {
        admin.post("/v1/users", &body(login)).await.is_problem(Code::LoginTaken);
    }
    admin.post("/v1/users", &body("mina2")).await.is(201);
    let items = world.dump().await;
    assert_eq!(items.iter().filter(|item| item["sk"] == "USER").count(), 3);
}

#[tokio::test]
async fn a_generated_password_is_shown_once_and_must_be_changed_first() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"username": "Mina", "login": "mina", "type": "platform_admin", "generate_password": true});
    let created = admin.post("/v1/users", &body).await;
    let generated = created.is(201).body["generated_password"].as_str().unwrap().to_owned();
    assert_eq!(generated.len(), 26);
    assert!(generated.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')), "{generated}");
    let again = admin
        .post("/v1/users", &json!({"username": "Mina", "login": "mina2", "type": "member", "generate_password": true}))
        .await;
    assert_ne!(again.is(201).body["generated_password"], json!(generated));
    assert_eq!(admin.get(created.header("location")).await.body.get("generated_password"), None);

    let stranger = world.stranger();
    let signed_in = stranger.post("/v1/login", &json!({"login": "mina", "password": generated})).await;
    let mina = stranger.bearing(&signed_in);
    assert_eq!(signed_in.body["user"]["password_change_required"], true);
    mina.get("/v1/users").await.is_problem(Code::PasswordChangeRequired);
    let same = json!({"current_password": generated, "password": generated, "password_confirmation": generated});
    assert_eq!(mina.post("/v1/me/password", &same).await.violations(), [json!(["/password", "not_allowed"])]);
    let own = json!({"current_password": generated, "password": PASSWORD, "password_confirmation": PASSWORD});
    mina.post("/v1/me/password", &own).await.is(204);
    mina.get("/v1/users").await.is(200);
    assert_eq!(mina.get("/v1/me").await.body["user"]["password_change_required"], false);
    stranger.sign_in("mina").await.get("/v1/users").await.is(200);
}

#[tokio::test]
async fn a_password_entered_by_an_admin_must_be_changed_too() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"username": "Mina", "login": "mina", "type": "platform_admin", "password": PASSWORD});
    assert_eq!(admin.post("/v1/users", &body).await.is(201).body.get("generated_password"), None);
    world.stranger().sign_in("mina").await.get("/v1/users").await.is_problem(Code::PasswordChangeRequired);
}

/// An unverified address belongs to nobody: others may register with it, and it receives no mail for a password reset.
#[tokio::test]
async fn an_address_entered_by_an_admin_blocks_nobody_and_gets_no_reset() {
    let world = World::new().await;
    let admin = world.admin().await;
    let email = "mina@example.com";
    let create = |login: &str| {
        json!({
            "username": "Mina", "login": login, "type": "member", "email": email, "generate_password": true
        })
    };
    for login in ["first", "second"] {
        let created = admin.post("/v1/users", &create(login)).await;
        assert_eq!(created.is(201).body["user"]["email_verified"], false);
    }
    let stranger = world.stranger();
    let reset = stranger.post("/v1/password-resets", &json!({"email": email})).await;
    let reset_id = reset.is(202).body["reset_id"].as_str().unwrap().to_owned();
    let code = world.code(&reset_id, FlowPurpose::PasswordReset).await;
    let complete = json!({"code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    let refused = stranger.post(&format!("/v1/password-resets/{reset_id}/complete"), &complete).await;
    refused.is_problem(Code::VerificationFailed);
    let mails: Vec<_> = world.dump().await.into_iter().filter(|item| item["sk"] == "OUTBOX").collect();
    assert!(mails.iter().all(|mail| mail["to"].is_null()), "{mails:?}");

    let started = stranger.post("/v1/registrations", &json!({"email": email})).await;
    let registration = started.is(202).body["registration_id"].as_str().unwrap().to_owned();
    let code = world.code(&registration, FlowPurpose::Registration).await;
    let complete = json!({
        "code": code, "username": "Owner", "login": "owner", "password": PASSWORD, "password_confirmation": PASSWORD
    });
    let owner = stranger.post(&format!("/v1/registrations/{registration}/complete"), &complete).await;
    assert_eq!(owner.is(201).body["user"]["email_verified"], true);
}

#[tokio::test]
async fn an_address_entered_by_an_admin_is_not_taken_from_its_owner() {
    let world = World::new().await;
    let admin = world.admin().await;
    let owner = proved(&world, "owner", UserType::Member, "mina@example.com").await;
    let (other, _) = world.user("other", UserType::Member, []).await;
    let edited = admin.patch(&path_of(&other), &json!({"email": "MINA@example.com"})).await;
    assert_eq!(
        (&edited.is(200).body["email"], &edited.body["email_verified"]),
        (&json!("MINA@example.com"), &json!(false))
    );
    assert_eq!(world.owner_of("mina@example.com").await, Some(owner.user_id));
    admin.delete(&path_of(&other)).await.is(204);
    assert_eq!(world.owner_of("mina@example.com").await, Some(owner.user_id));

    let replaced = admin.patch(&path_of(&owner), &json!({"email": "other@example.com"})).await;
    assert_eq!(replaced.is(200).body["email_verified"], false);
    assert_eq!(world.owner_of("mina@example.com").await, None, "the address is free");
    assert_eq!(world.owner_of("other@example.com").await, None, "an address entered by an admin is not verified");
    let outbox: Vec<_> = world.dump().await.into_iter().filter(|item| item["sk"] == "OUTBOX").collect();
    assert_eq!(outbox.len(), 1, "{outbox:?}");
    assert_eq!(outbox[0]["to"], "mina@example.com");
}
