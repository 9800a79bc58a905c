//! Admins set new passwords for users.

use super::*;

#[tokio::test]
async fn a_password_set_by_an_admin_signs_in_and_must_be_changed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, old) = world.user("mina", UserType::Member, []).await;
    let reset = format!("{}/password", path_of(&user));
    for (body, violations) in [
        (json!({}), [json!(["/password", "required"])]),
        (json!({"password": null}), [json!(["/password", "required"])]),
        (json!({"password": "x"}), [json!(["/password", "too_short"])]),
        (json!({"password": "mina tq7 vXk 2pLw"}), [json!(["/password", "weak_password"])]),
        (json!({"password": PASSWORD, "generate_password": true}), [json!(["/generate_password", "not_allowed"])]),
        (json!({"generate_password": false}), [json!(["/password", "required"])]),
    ] {
        let refused = admin.post(&reset, &body).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), violations, "{body}");
    }
    old.get("/v1/me").await.is(200);
    assert_eq!(admin.post(&reset, &json!({"password": PASSWORD})).await.is(200).body, json!({}));
    old.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let signed_in = world.stranger().sign_in("mina").await;
    signed_in.patch("/v1/me", &json!({"username": "Jin"})).await.is_problem(Code::PasswordChangeRequired);
    let generated = admin.post(&reset, &json!({"generate_password": true})).await;
    assert_eq!(generated.is(200).body["generated_password"].as_str().unwrap().len(), 26);
    signed_in.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let old_password = json!({"login": "mina", "password": PASSWORD});
    world.stranger().post("/v1/login", &old_password).await.is_problem(Code::InvalidCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_requests_create_one_user_and_show_one_password() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.faults.conflicts_like_dynamodb(true);
    let with_key = admin.with("idempotency-key", "k");
    let body = json!({"username": "Mina", "login": "mina", "type": "member", "generate_password": true});
    let sent = (0..6).map(|_| tokio::spawn(with_key.send_owned(Method::POST, "/v1/users", body.to_string())));
    let mut replies = Vec::new();
    for reply in join_all(sent).await {
        let reply = reply.unwrap();
        if reply.status == 201 {
            replies.push(reply.bytes);
        } else {
            reply.is_problem(Code::IdempotencyInProgress);
        }
    }
    let again = with_key.post("/v1/users", &body).await;
    assert_eq!(again.is(201).header("idempotency-replayed"), "true");
    assert!(replies.iter().all(|reply| *reply == again.bytes) && !replies.is_empty());
    assert_eq!(world.audit().await.len(), 1);
    let path = again.header("location").to_owned();

    let reset = format!("{path}/password");
    let first = with_key.post(&reset, &json!({"generate_password": true})).await;
    let second = with_key.post(&reset, &json!({"generate_password": true})).await;
    assert_eq!(first.is(200).bytes, second.is(200).bytes);
    assert_eq!(second.header("idempotency-replayed"), "true");
    let other = admin.with("idempotency-key", "l").post(&reset, &json!({"generate_password": true})).await;
    assert_ne!(other.is(200).body, first.body);
    with_key.post(&reset, &json!({"password": PASSWORD})).await.is_problem(Code::IdempotencyMismatch);
}
