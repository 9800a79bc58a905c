//! A proof and what it allows are guarded together: of parallel requests with one proof, one is acknowledged.

use super::*;

/// The number of parallel copies of a request.
const COPIES: usize = 8;

/// Sends copies of a request in parallel. Returns the refused ones; exactly one must succeed.
async fn one_of(client: &Client, method: Method, path: &str, body: &Value) -> Vec<Reply> {
    let copies = (0..COPIES).map(|_| client.send(method.clone(), path, Some(body.to_string())));
    let (done, refused): (Vec<_>, Vec<_>) = join_all(copies).await.into_iter().partition(|reply| reply.status < 300);
    assert_eq!(done.len(), 1, "{method} {path}: {refused:?}");
    refused
}

#[tokio::test]
async fn one_of_parallel_password_changes_with_one_current_password_is_acknowledged() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    let change = |number: usize| {
        let new = format!("{NEW_PASSWORD} {number}");
        json!({"current_password": PASSWORD, "password": new, "password_confirmation": new})
    };
    let bodies: Vec<_> = (0..COPIES).map(change).collect();
    let replies = join_all(bodies.iter().map(|body| client.post("/v1/me/password", body))).await;
    let done: Vec<_> = (0..COPIES).filter(|number| replies[*number].status == 204).collect();
    assert_eq!(done.len(), 1, "{replies:?}");
    let acceptable = |reply: &&Reply| {
        reply.status == 204 || reply.status == 429 || reply.violations() == [json!(["/current_password", "incorrect"])]
    };
    assert!(replies.iter().filter(acceptable).count() == COPIES, "{replies:?}");
    let signed_in = json!({"login": "mina", "password": format!("{NEW_PASSWORD} {}", done[0])});
    world.clock.advance(std::time::Duration::from_secs(901));
    world.stranger().post("/v1/login", &signed_in).await.is(200);
}

/// The requests that take the current password of a user without a second factor, with the status of their success.
fn proved_requests() -> [(Method, &'static str, Value, u16); 4] {
    let change = json!({
        "current_password": PASSWORD, "password": "other 7 harbour", "password_confirmation": "other 7 harbour"
    });
    [
        (Method::POST, "/v1/me/password", change, 204),
        (Method::POST, "/v1/me/email", json!({"current_password": PASSWORD, "email": "new@example.com"}), 202),
        (Method::DELETE, "/v1/me/email", json!({"current_password": PASSWORD}), 204),
        (Method::POST, "/v1/me/totp", json!({"current_password": PASSWORD}), 201),
    ]
}

/// Before whichever of its calls to the database the other request runs.
#[tokio::test]
async fn a_proof_ends_with_a_new_password_and_outlives_every_other_change() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    let start = world.snapshot().await;
    let new_password =
        json!({"current_password": PASSWORD, "password": NEW_PASSWORD, "password_confirmation": NEW_PASSWORD});
    for (method, path, body, status) in proved_requests() {
        for (other, is_password) in [("/v1/me/password", true), ("/v1/me/sessions", false)] {
            for at in 1.. {
                world.rewind(&start).await;
                let pause = world.faults.pause(at);
                let request = client.send(method.clone(), path, Some(body.to_string()));
                let meanwhile = async {
                    let (method, body) = if is_password {
                        (Method::POST, Some(new_password.to_string()))
                    } else {
                        (Method::DELETE, None)
                    };
                    client.send(method, other, body).await
                };
                let (reply, meanwhile) = pause.run(request, meanwhile).await;
                let Some(meanwhile) = meanwhile else { break };
                meanwhile.is(204);
                if is_password {
                    let violations = reply.is_problem(Code::ValidationFailed).violations();
                    assert_eq!(violations, [json!(["/current_password", "incorrect"])], "{method} {path} {at}");
                } else {
                    assert_eq!(reply.status, status, "{method} {path} {at}: {reply:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn concurrent_changes_with_one_proof_are_both_made_if_the_password_stays() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    // Ending the other sessions raises the epoch, which a new password would do, too.
    let unbound = json!({"current_password": PASSWORD}).to_string();
    let both = [(Method::DELETE, "/v1/me/sessions", None), (Method::DELETE, "/v1/me/email", Some(unbound))];
    let replies = join_all(both.into_iter().map(|(method, path, body)| client.send(method, path, body))).await;
    for reply in &replies {
        reply.is(204);
    }
}

#[tokio::test]
async fn one_of_parallel_removals_of_a_second_factor_with_one_code_is_acknowledged() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let body = json!({"current_password": PASSWORD, "code": mina.app.code(&world, 0)});
    one_of(&mina.client, Method::DELETE, "/v1/me/totp", &body).await;
    let jin = owner(&world, "jin").await;
    let body = json!({"current_password": PASSWORD, "recovery_code": jin.recovery_codes[0]});
    one_of(&jin.client, Method::DELETE, "/v1/me/totp", &body).await;
}

#[tokio::test]
async fn a_code_removes_the_second_factor_or_signs_in_but_not_both() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let (held, code) = (ticket(&world.stranger(), "mina").await, mina.app.code(&world, 0));
    let body = json!({"current_password": PASSWORD, "code": code}).to_string();
    let stranger = world.stranger();
    let removal = mina.client.send(Method::DELETE, "/v1/me/totp", Some(body));
    let (removed, signed_in) = join(removal, second_step(&stranger, &held, &code)).await;
    let done = usize::from(removed.status == 204) + usize::from(signed_in.status == 200);
    assert_eq!(done, 1, "{removed:?} {signed_in:?}");
}

#[tokio::test]
async fn one_of_parallel_completions_with_one_mailed_code_is_acknowledged() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    let flow = reset_started(&world.stranger(), MINA).await;
    let code = world.code(&flow, FlowPurpose::PasswordReset).await;
    let path = format!("/v1/password-resets/{flow}/complete");
    one_of(&world.stranger(), Method::POST, &path, &new_password(&code, NEW_PASSWORD)).await;
    client.get("/v1/me").await.is(401);
    reset(&world.stranger(), &flow, &new_password(&code, NEW_PASSWORD)).await.is_problem(Code::VerificationFailed);

    let (jin, client) = member(&world, "jin", "jin@example.com").await;
    let body = json!({"email": "jin@example.net", "current_password": PASSWORD});
    client.post("/v1/me/email", &body).await.is(202);
    let code = world.code(&jin.user_id.to_string(), FlowPurpose::EmailChange).await;
    one_of(&client, Method::POST, "/v1/me/email/confirm", &json!({"code": code})).await;
}
