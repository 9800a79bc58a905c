//! Codes and passwords, as keyboards type them.

use axum::http::Method;
use rollcall_domain::{Code, permission::UserType, verification::FlowPurpose};
use serde_json::{Value, json};

use crate::{
    invitations::InvitationFixture,
    support::{
        PASSWORD, Reply, World,
        mailed_codes::{MINA, complete, completion, member, new_password, reset, reset_started, started},
    },
    two_factor::{owner, second_step, ticket},
};

/// What nobody can type when they sign in.
const UNTYPEABLE: [&str; 4] = ["tq7 vXk 2pLw\n", "tq7\tvXk 2pLw", "tq7 vXk 2pLw\0", "tq7 vXk\u{85} 2pLw"];

/// The same characters as East Asian keyboards type them.
fn full_width(text: &str) -> String {
    let widen = |c: char| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c };
    text.chars().map(widen).collect()
}

#[tokio::test]
async fn mailed_codes_and_invitation_codes_may_be_typed_in_full_width() {
    let fixture = InvitationFixture::new().await;
    let (world, stranger) = (&fixture.world, fixture.world.stranger());
    let id = started(&stranger, MINA).await;
    let mut body = completion(&full_width(&world.code(&id, FlowPurpose::Registration).await), "mina");
    body["invitation_code"] = json!(full_width(&fixture.code().await));
    complete(&stranger, &id, &body).await.is(201);

    let id = reset_started(&stranger, MINA).await;
    let code = full_width(&world.code(&id, FlowPurpose::PasswordReset).await);
    reset(&stranger, &id, &new_password(&code, "seven quiet harbours")).await.is(204);

    let jisoo = world.redeemer("jisoo").await;
    let code = full_width(&fixture.code().await);
    jisoo.post("/v1/invitations/redeem", &json!({"code": code})).await.is(200);
}

#[tokio::test]
async fn a_second_factor_may_be_typed_in_full_width() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let stranger = world.stranger();
    let held = ticket(&stranger, "mina").await;
    second_step(&stranger, &held, &full_width(&mina.app.code(&world, 0))).await.is(200);
    let held = ticket(&stranger, "mina").await;
    let code = full_width(&mina.recovery_codes[0].to_lowercase());
    stranger.post("/v1/login/totp", &json!({"ticket": held, "recovery_code": code})).await.is(200);
    let body = json!({"current_password": PASSWORD, "recovery_code": full_width(&mina.recovery_codes[1])});
    mina.client.send(Method::DELETE, "/v1/me/totp", Some(body.to_string())).await.is(204);
}

/// Every place where a password is set.
#[tokio::test]
async fn a_password_that_nobody_can_type_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, mina) = member(&world, "mina", MINA).await;
    let team = admin.post("/v1/teams", &json!({"name": "Northwind"})).await.is(201).header("location").to_owned();
    let stranger = world.stranger();
    let registration = started(&stranger, "jisoo@example.com").await;
    let code = world.code(&registration, FlowPurpose::Registration).await;
    let reset_id = reset_started(&stranger, MINA).await;
    let reset_code = world.code(&reset_id, FlowPurpose::PasswordReset).await;
    for password in UNTYPEABLE {
        let new = json!({"username": "Dora", "login": "dora", "password": password});
        let mut typed = new.clone();
        typed["type"] = json!("member");
        let mut completion = completion(&code, "jisoo");
        (completion["password"], completion["password_confirmation"]) = (json!(password), json!(password));
        let change = json!({"current_password": PASSWORD, "password": password, "password_confirmation": password});
        let path = format!("/v1/users/{}/password", user.user_id);
        for refused in [
            admin.post("/v1/users", &typed).await,
            admin.post(&path, &json!({"password": password})).await,
            mina.post("/v1/me/password", &change).await,
            complete(&stranger, &registration, &completion).await,
            reset(&stranger, &reset_id, &new_password(&reset_code, password)).await,
        ] {
            assert_eq!(violations(&refused), [json!(["/password", "bad_format"])], "{password:?}");
        }
        let added = admin.post(&format!("{team}/members"), &json!({"new_user": new, "role_id": "developer"})).await;
        assert_eq!(violations(&added), [json!(["/new_user/password", "bad_format"])], "{password:?}");
    }
    stranger.sign_in("mina").await.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn a_password_that_nobody_can_type_is_a_wrong_one_at_a_sign_in() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    for password in [format!("{PASSWORD}\n"), PASSWORD.replace(' ', "\t")] {
        let refused = world.stranger().post("/v1/login", &json!({"login": "mina", "password": password})).await;
        refused.is_problem(Code::InvalidCredentials);
    }
}

#[tokio::test]
async fn the_current_password_is_refused_with_its_own_reason() {
    let world = World::new().await;
    let (_, mina) = member(&world, "mina", MINA).await;
    let change = json!({"current_password": PASSWORD, "password": PASSWORD, "password_confirmation": PASSWORD});
    let refused = mina.post("/v1/me/password", &change).await;
    assert_eq!(violations(&refused), [json!(["/password", "not_allowed"])]);
    assert_eq!(refused.body["errors"][0]["reason"], "unchanged");
}

#[tokio::test]
async fn bootstrap_refuses_a_password_that_nobody_can_type() {
    let world = World::new().await;
    for break_glass in [false, true] {
        if break_glass {
            world.user("admin", UserType::SuperAdmin, []).await;
        }
        let event = json!({"password": "tq7 vXk 2pLw\n", "break_glass": break_glass});
        let ran = bootstrap::run(world.context.clone(), serde_json::from_value(event).unwrap()).await;
        let message = ran.map(|report| report.login).unwrap_err().to_string();
        assert!(message.contains("/password takes no control characters"), "{message}");
    }
}

#[track_caller]
fn violations(refused: &Reply) -> Vec<Value> {
    refused.is_problem(Code::ValidationFailed).violations()
}
