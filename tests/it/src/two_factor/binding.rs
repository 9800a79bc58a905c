//! Binding and removing a second factor.

use super::*;

#[tokio::test]
async fn a_new_password_keeps_the_second_factor() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let stranger = world.stranger();

    let reset = stranger.post("/v1/password-resets", &json!({"email": "mina@example.com"})).await;
    let reset_id = reset.is(202).body["reset_id"].as_str().unwrap();
    let code = world.code(reset_id, FlowPurpose::PasswordReset).await;
    let body = json!({"code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
    stranger.post(&format!("/v1/password-resets/{reset_id}/complete"), &body).await.is(204);
    let after_own_reset = ticket(&stranger, "mina").await;
    second_step(&stranger, &after_own_reset, &mina.app.code(&world, 0)).await.is(200);

    let path = format!("/v1/users/{}/password", mina.user.user_id);
    admin.post(&path, &json!({"password": PASSWORD})).await.is(200);
    let after_reset_by_admin = ticket(&stranger, "mina").await;
    with_recovery_code(&stranger, &after_reset_by_admin, &mina.recovery_codes[0]).await.is(200);
}

#[tokio::test]
async fn binding_and_unbinding_require_more_than_a_session() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let required = |pointer: &str| json!([pointer, "required"]);
    let incorrect = || json!(["/current_password", "incorrect"]);
    let wrong = "wrong horse battery";

    let start = client.post("/v1/me/totp", &json!({})).await;
    assert_eq!(start.is_problem(Code::ValidationFailed).violations(), [required("/current_password")]);
    let start = client.post("/v1/me/totp", &json!({"current_password": wrong})).await;
    assert_eq!(start.is_problem(Code::ValidationFailed).violations(), [incorrect()]);
    client.post("/v1/me/totp/confirm", &json!({"code": "123456"})).await.is_problem(Code::VerificationFailed);
    world.clock.advance(Duration::from_secs(1));

    let Owner { client, app, .. } = bind(&world, user, client).await;
    world.clock.advance(Duration::from_mins(1));
    let again = client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await;
    again.is_problem(Code::TotpEnabled);
    let code = app.code(&world, 0);
    for (body, violations) in [
        (json!({}), vec![required("/current_password"), required("/code")]),
        (json!({"current_password": PASSWORD}), vec![required("/code")]),
        (json!({"code": code}), vec![required("/current_password")]),
        (json!({"current_password": wrong, "code": code}), vec![incorrect()]),
    ] {
        let mut refused = delete(&client, &body).await.is_problem(Code::ValidationFailed).violations();
        refused.sort_by_key(|violation| violation[0] != "/current_password");
        assert_eq!(refused, violations, "{body}");
    }
    let wrong_code = json!({"current_password": PASSWORD, "code": app.wrong_code(&world)});
    delete(&client, &wrong_code).await.is_problem(Code::VerificationFailed);
    delete(&client, &json!({"current_password": PASSWORD, "code": code})).await.is(204);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["totp_enabled"], false);
}

/// Neither the secret nor a recovery code nor a ticket is readable.
#[tokio::test]
async fn the_table_contains_no_usable_second_factor() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let enrolled = client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await;
    let app = App::of(&enrolled);
    let before_confirmation = Value::from(world.dump().await).to_string();
    let code = json!({"code": app.code(&world, 0)});
    let confirmed = client.with("idempotency-key", "k").post("/v1/me/totp/confirm", &code).await;
    let pending = ticket(&world.stranger(), "mina").await;
    let after_confirmation = Value::from(world.dump().await).to_string();

    let secret = enrolled.body["secret"].as_str().unwrap();
    let bytes = Secret::try_from_base32(secret).unwrap();
    let hex: String = bytes.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let mut secrets = vec![secret.to_owned(), hex, pending[pending.len() / 2..].to_owned()];
    for code in confirmed.is(200).body["recovery_codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        secrets.extend([code.to_owned(), code.replace('-', ""), code[..13].to_owned()]);
    }
    for secret in secrets {
        assert!(!before_confirmation.contains(&secret) && !after_confirmation.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn only_the_newest_secret_can_be_confirmed_and_only_for_ten_minutes() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let start = async || App::of(&client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await);
    let confirm = async |app: &App| client.post("/v1/me/totp/confirm", &json!({"code": app.code(&world, 0)})).await;

    let late = start().await;
    world.clock.advance(Duration::from_mins(10));
    confirm(&late).await.is_problem(Code::VerificationFailed);
    let (replaced, newest) = (start().await, start().await);
    confirm(&replaced).await.is_problem(Code::VerificationFailed);
    world.clock.advance(Duration::from_mins(10) - Duration::from_millis(1));
    assert_eq!(client.get("/v1/me").await.body["user"]["totp_enabled"], false);
    confirm(&newest).await.is(200);
    confirm(&newest).await.is_problem(Code::VerificationFailed);
    assert_eq!(client.get("/v1/me").await.body["user"]["totp_enabled"], true);
}

#[tokio::test]
async fn binding_and_unbinding_end_all_other_sessions() {
    let world = World::new().await;
    let (user, other) = world.user("mina", UserType::Member, []).await;
    let bystander = world.member("other", []).await;
    world.with_password(&user).await;
    let client = world.stranger().sign_in("mina").await;
    let Owner { client, app, .. } = bind(&world, user.clone(), client).await;
    other.get("/v1/me").await.is_problem(Code::Unauthenticated);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["totp_enabled"], true);

    let pending = ticket(&world.stranger(), "mina").await;
    let other = world.stranger().bearing(&second_step(&world.stranger(), &pending, &app.code(&world, 30)).await);
    other.get("/v1/me").await.is(200);
    world.clock.advance(Duration::from_mins(1));
    delete(&client, &json!({"current_password": PASSWORD, "code": app.code(&world, 0)})).await.is(204);
    other.get("/v1/me").await.is_problem(Code::Unauthenticated);
    assert_eq!(client.get("/v1/me").await.is(200).body["user"]["totp_enabled"], false);
    bystander.get("/v1/me").await.is(200);
    world.stranger().sign_in("mina").await.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn a_recovery_code_removes_the_second_factor() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let removal = |code: &str| json!({"current_password": PASSWORD, "recovery_code": code});
    let other = owner(&world, "other").await;
    delete(&mina.client, &removal(&other.recovery_codes[0])).await.is_problem(Code::VerificationFailed);
    delete(&mina.client, &removal(&mina.recovery_codes[9])).await.is(204);
    world.stranger().sign_in("mina").await.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn an_admin_removes_a_lost_second_factor() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let pending = ticket(&world.stranger(), "mina").await;
    admin.delete(&format!("/v1/users/{}/totp", mina.user.user_id)).await.is(204);
    mina.client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    second_step(&world.stranger(), &pending, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    with_recovery_code(&world.stranger(), &pending, &mina.recovery_codes[0]).await.is_problem(Code::InvalidCode);
    let client = world.stranger().sign_in("mina").await;
    assert_eq!(client.get("/v1/me").await.body["user"]["totp_enabled"], false);
    let items = world.dump().await;
    let credential = items.iter().find(|item| item["pk"] == "LOGIN#mina").unwrap();
    assert_eq!((credential.get("totp"), credential.get("recovery_codes")), (None, None));
}

#[tokio::test]
async fn a_second_factor_can_be_unbound_from_a_throttled_network() {
    let world = World::new().await;
    let owner = owner(&world, "mina").await;
    for number in 0..10 {
        let body = json!({"login": format!("nobody{number}"), "password": "x"});
        world.stranger().post("/v1/login", &body).await.is_problem(Code::InvalidCredentials);
    }
    let body = json!({"current_password": PASSWORD, "code": owner.app.code(&world, 0)});
    let unbind = async || owner.client.send(Method::DELETE, "/v1/me/totp", Some(body.to_string())).await;
    unbind().await.is_problem(Code::TooManyAttempts);
    world.clock.advance(Duration::from_secs(1));
    unbind().await.is(204);
}
