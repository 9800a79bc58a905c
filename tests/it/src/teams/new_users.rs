//! Users that a member manager creates directly in the team.

use rollcall_domain::permission::UserType;

use super::*;
use crate::support::PASSWORD;

fn new(login: &str, more: &Value) -> Value {
    let mut user = json!({"username": "Mina", "login": login});
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"role_id": "reviewer", "new_user": user})
}

#[tokio::test]
async fn a_new_member_must_change_their_password_before_anything_else() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let members = format!("/v1/teams/{team}/members");
    let generated =
        owner.post(&members, &new("generated", &json!({"generate_password": true, "email": "Mina@example.com"}))).await;
    let typed = owner.post(&members, &new("typed", &json!({"password": "tq7 vXk 2pLw"}))).await;
    assert_eq!(typed.is(201).body.get("generated_password"), None);
    let password = generated.is(201).body["generated_password"].as_str().unwrap().to_owned();
    assert_eq!(generated.body["member"]["role"]["role_id"], "reviewer");
    assert_eq!(generated.header("location"), members);
    for (login, password) in [("generated", password.as_str()), ("typed", "tq7 vXk 2pLw")] {
        let stranger = world.stranger();
        let signed_in = stranger.post("/v1/login", &json!({"login": login, "password": password})).await;
        let client = stranger.bearing(&signed_in);
        assert_eq!(signed_in.body["user"]["type"], "member");
        assert_eq!(
            (&signed_in.body["user"]["email_verified"], &signed_in.body["user"]["password_change_required"]),
            (&json!(false), &json!(true))
        );
        for path in [members.as_str(), "/v1/teams", "/v1/apps", "/v1/audit"] {
            client.get(path).await.is_problem(Code::PasswordChangeRequired);
        }
        client
            .delete(&format!("{members}/{}", signed_in.body["user"]["user_id"].as_str().unwrap()))
            .await
            .is_problem(Code::PasswordChangeRequired);
        let change = json!({"current_password": password, "password": PASSWORD, "password_confirmation": PASSWORD});
        client.post("/v1/me/password", &change).await.is(204);
        client.get(&members).await.is(200);
        assert_eq!(client.get("/v1/me").await.body["teams"][0]["team_id"], json!(team));
    }
    // The address is not verified, so the member cannot redeem invitations.
    let generated = world.stranger().sign_in("generated").await;
    generated.post("/v1/invitations/redeem", &json!({"code": "00000000"})).await.is_problem(Code::EmailNotVerified);
}

#[tokio::test]
async fn violations_of_a_new_user_point_to_their_field() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    world.user("taken", UserType::Member, []).await;
    let members = format!("/v1/teams/{team}/members");
    let before = crate::support::everything(&world).await;
    for (body, mut expected) in [
        (
            json!({"role_id": "reviewer", "new_user": {}}),
            vec![
                json!(["/new_user/username", "required"]),
                json!(["/new_user/login", "required"]),
                json!(["/new_user/password", "required"]),
            ],
        ),
        (json!({"role_id": "reviewer", "new_user": []}), vec![json!(["/new_user", "wrong_type"])]),
        (json!({"role_id": "reviewer", "new_user": "mina"}), vec![json!(["/new_user", "wrong_type"])]),
        (
            new("a b", &json!({"username": "x  y", "email": "x@", "password": "short"})),
            vec![
                json!(["/new_user/login", "bad_format"]),
                json!(["/new_user/username", "bad_format"]),
                json!(["/new_user/email", "bad_format"]),
                json!(["/new_user/password", "too_short"]),
            ],
        ),
        (
            new("mina", &json!({"password": PASSWORD, "generate_password": true})),
            vec![json!(["/new_user/generate_password", "not_allowed"])],
        ),
        (
            new("batteryhorse", &json!({"password": "correct batteryhorse 7"})),
            vec![json!(["/new_user/password", "weak_password"])],
        ),
        // The type, the verification and other fields that the server sets are refused.
        (
            new(
                "mina",
                &json!({
                    "generate_password": true, "type": "super_admin", "email_verified": true, "version": 1, "status":
                    "enabled", "teams": {}, "user_id": 1
                }),
            ),
            vec![
                json!(["/new_user/type", "unknown_field"]),
                json!(["/new_user/email_verified", "unknown_field"]),
                json!(["/new_user/version", "unknown_field"]),
                json!(["/new_user/status", "unknown_field"]),
                json!(["/new_user/teams", "unknown_field"]),
                json!(["/new_user/user_id", "unknown_field"]),
            ],
        ),
    ] {
        let refused = owner.post(&members, &body).await;
        let mut violations = refused.is(422).violations();
        violations.sort_by_key(ToString::to_string);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(violations, expected, "{body}");
    }
    for login in ["taken", "TAKEN", "owner"] {
        owner.post(&members, &new(login, &json!({"generate_password": true}))).await.is_problem(Code::LoginTaken);
    }
    assert_eq!(crate::support::everything(&world).await, before);
}

/// The repeated request shows the generated password again.
#[tokio::test]
async fn an_idempotency_key_creates_a_new_member_once() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let members = format!("/v1/teams/{team}/members");
    let owner = owner.with("idempotency-key", "once");
    let body = new("mina", &json!({"generate_password": true}));
    let first = owner.post(&members, &body).await;
    let again = owner.post(&members, &body).await;
    assert_eq!((&first.is(201).bytes, again.header("idempotency-replayed")), (&again.is(201).bytes, "true"));
    assert_eq!(owner.get(&members).await.body["items"].as_array().unwrap().len(), 2);
    let stored = json!(world.dump().await).to_string();
    assert!(!stored.contains(first.body["generated_password"].as_str().unwrap()), "stored replies are encrypted");
}
