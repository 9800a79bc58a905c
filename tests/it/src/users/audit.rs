//! The audit records of changes of a user.

use super::*;

#[tokio::test]
async fn every_change_is_recorded_with_actor_address_and_fields_but_no_secret() {
    let world = World::new().await;
    let (admin, client) = world.user("boss", UserType::SuperAdmin, []).await;
    let client = client.at("192.0.2.7");
    let body = json!({
        "username": "Mina", "login": "mina", "type": "member", "email": "mina@example.com", "password": PASSWORD
    });
    let mut ids = Vec::new();
    let mut moments = vec![world.now()];
    let created = client.post("/v1/users", &body).await;
    ids.push(created.is(201).header("x-request-id").to_owned());
    let user_id = created.body["user"]["user_id"].clone();
    let path = created.header("location").to_owned();
    let steps: [(Method, &str, Value); 8] = [
        (Method::PATCH, "", json!({"username": "Jin", "type": "platform_admin"})),
        (Method::PATCH, "", json!({"status": "disabled"})),
        (Method::PATCH, "", json!({"status": "enabled", "email": "jin@example.com"})),
        (Method::POST, "/password", json!({"password": OTHER_PASSWORD})),
        (Method::POST, "/password", json!({"generate_password": true})),
        (Method::DELETE, "/email", Value::Null),
        (Method::DELETE, "/sessions", Value::Null),
        (Method::DELETE, "", Value::Null),
    ];
    let mut generated = String::new();
    for (method, route, body) in steps {
        world.clock.advance(Duration::from_millis(1));
        moments.push(world.now());
        let body = Some(body).filter(|body| !body.is_null()).map(|body| body.to_string());
        let reply = client.send(method, &format!("{path}{route}"), body).await;
        assert!(reply.status < 300, "{reply:?}");
        if let Some(password) = reply.body["generated_password"].as_str() {
            password.clone_into(&mut generated);
        }
        ids.push(reply.header("x-request-id").to_owned());
    }
    let records = audit_of(&world, &user_id).await;
    let recorded: Vec<_> = records.iter().map(|r| json!([r["action"], r["before"], r["after"]])).collect();
    let first = json!({
        "user_id": user_id, "username": "Mina", "login": "mina", "type": "member", "status": "enabled",
        "email": "mina@example.com", "email_verified": false, "totp_enabled": false,
        "password_change_required": true, "created_at": START,
    });
    let mut last = first.clone();
    (last["username"], last["type"]) = (json!("Jin"), json!("platform_admin"));
    last.as_object_mut().unwrap().remove("email");
    let shown = |record: &Value| {
        let mut record = record.clone();
        for state in [1, 2] {
            if let Some(fields) = record[state].as_object_mut() {
                fields.retain(|_, value| !value.is_null());
            }
        }
        record
    };
    assert_eq!(
        recorded.iter().map(shown).collect::<Vec<_>>(),
        [
            json!(["user.create", null, first]),
            json!(["user.edit", {"username": "Mina", "type": "member"}, {"username": "Jin", "type": "platform_admin"}]),
            json!(["user.edit", {"status": "enabled"}, {"status": "disabled"}]),
            json!([
                "user.edit",
                {"status": "disabled", "email": "mina@example.com"},
                {"status": "enabled", "email": "jin@example.com"}
            ]),
            json!(["user.set_password", {}, {}]),
            json!(["user.set_password", {}, {}]),
            json!(["user.unbind_email", {"email": "jin@example.com"}, {}]),
            json!(["user.end_sessions", {}, {}]),
            json!(["user.delete", last, null]),
        ]
    );
    for ((record, id), moment) in records.iter().zip(ids).zip(moments) {
        assert_eq!(record["request_id"], json!(id));
        assert_eq!(record["actor"], json!({"user_id": admin.user_id, "login": "boss"}));
        assert_eq!(
            (&record["address"], &record["at"], &record["team_id"]),
            (&json!("192.0.2.7"), &json!(moment), &json!(null))
        );
    }
    let text = json!(records).to_string();
    for secret in [PASSWORD, OTHER_PASSWORD, &generated, "argon2"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
