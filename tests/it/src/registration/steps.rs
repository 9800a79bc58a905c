//! The steps of a registration, in and out of order.

use super::*;

#[tokio::test]
async fn a_verified_address_registers_a_user() {
    let world = World::new().await;
    member(&world, "bystander", "bystander@example.com").await;
    started(&world.stranger(), "waiting@example.com").await;
    let stranger = world.stranger();
    let begun = start(&stranger, "Mina@Example.com").await;
    assert_eq!(begun.is(202).body["expires_at"], "2026-11-20T12:10:00.000Z");
    assert_eq!(begun.body["resend_after"], "2026-11-20T12:01:00.000Z");
    let id = begun.body["registration_id"].as_str().unwrap();
    let code = world.code(id, FlowPurpose::Registration).await;
    let done = complete(&stranger, id, &completion(&code, "mina")).await;
    let user = &done.is(201).body["user"];
    assert_eq!(done.body, json!({"user": user}));
    assert_eq!(done.header("location"), "/v1/me");
    assert_eq!(done.header("etag"), "\"1\"");
    for (field, value) in [
        ("login", json!("mina")),
        ("type", json!("member")),
        ("status", json!("enabled")),
        ("email", json!("Mina@Example.com")),
        ("email_verified", json!(true)),
        ("totp_enabled", json!(false)),
        ("password_change_required", json!(false)),
        ("last_login_at", Value::Null),
        ("version", json!(1)),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    let record = &world.audit().await[0];
    assert_eq!((&record["action"], &record["actor"]["login"]), (&json!("user.register"), &json!("mina")));
    assert!(!record.to_string().contains(&code));
    assert_markers_consistent(&world).await;
    let mina = stranger.sign_in("mina").await;
    assert_eq!(mina.get("/v1/me").await.is(200).body["teams"], json!([]));
    assert_eq!(items(&world, "FLOW#").await.len(), 1, "the other registration");
}

/// A completion before the start, with the id of another flow, or with the code of another purpose.
#[tokio::test]
async fn steps_out_of_order_change_nothing() {
    let world = World::new().await;
    let (user, client) = member(&world, "owner", "owner@example.com").await;
    let stranger = world.stranger();
    let registration_id = started(&stranger, MINA).await;
    let reset_id = reset_started(&stranger, "owner@example.com").await;
    let wanted = json!({"email": "new@example.com", "current_password": PASSWORD});
    client.post("/v1/me/email", &wanted).await.is(202);
    let change_id = user.user_id.to_string();
    let ticket_id = FlowId::new(world.context.uuid().unwrap());
    let credential = world.store().credential(&user.login).await.unwrap().unwrap();
    let ticket = SignInTicket::new(ticket_id, "hash".to_owned(), user.login.clone(), &credential, None, world.now());
    world.writer().commit(Commit::new([flow::begin_ticket(&ticket).unwrap()])).await.unwrap();
    let flows = items(&world, "FLOW#").await;
    let users = items(&world, "USER#").await;

    let code_of = async |id: &str, purpose| world.code(id, purpose).await;
    let never = world.context.uuid().unwrap().to_string();
    for (number, (id, code)) in [
        (never, "00000000".to_owned()),
        (reset_id.clone(), code_of(&reset_id, FlowPurpose::PasswordReset).await),
        (change_id.clone(), code_of(&change_id, FlowPurpose::EmailChange).await),
        (ticket_id.to_string(), "00000000".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let elsewhere = stranger.at(&format!("192.0.2.{number}"));
        is_wrong(&complete(&elsewhere, &id, &completion(&code, "thief")).await);
        if id != reset_id {
            is_wrong(&reset(&elsewhere, &id, &new_password(&code, PASSWORD)).await);
        }
    }
    let code = code_of(&registration_id, FlowPurpose::Registration).await;
    is_wrong(&reset(&stranger, &registration_id, &new_password(&code, PASSWORD)).await);
    is_wrong(&client.post("/v1/me/email/confirm", &json!({"code": code})).await);

    let mut change_attempted = items(&world, "FLOW#").await;
    for (flow, before) in change_attempted.iter_mut().zip(&flows) {
        if flow["purpose"] == "email_change" {
            assert_eq!(flow["tries"], 1, "a wrong code counts as an attempt at the change");
            flow["tries"] = before["tries"].clone();
        }
    }
    assert_eq!(change_attempted, flows, "no attempt was counted in another flow");
    assert_eq!(items(&world, "USER#").await, users);
    complete(&stranger, &registration_id, &completion(&code, "mina")).await.is(201);
}

#[tokio::test]
async fn a_malformed_id_is_refused_like_an_unknown_one() {
    let world = World::new().await;
    for id in ["x", "00000000-0000-0000-0000-00000000000G", "0193495D-1C00-7000-8000-000000000000", "%00", ".."] {
        complete(&world.stranger(), id, &completion("00000000", "mina")).await.is_problem(Code::NotFound);
    }
}

#[tokio::test]
async fn a_registration_completes_once_and_its_id_is_never_used_again() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(&stranger, &id, &completion(&code, "mina")).await.is(201);
    let before = items(&world, "USER#").await;
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
    is_wrong(&complete(&stranger, &id, &completion(&code, "another")).await);
    assert_eq!(items(&world, "USER#").await, before);
    assert_ne!(started(&stranger, MINA).await, id);
    assert_eq!(mails(&world).await.last().unwrap(), &json!([MINA, "en", "registration_code"]));
    let kinds: BTreeSet<_> = mails(&world).await.iter().map(|mail| mail[2].to_string()).collect();
    assert_eq!(kinds, ["\"address_taken\"", "\"registration_code\""].map(str::to_owned).into());
}

#[tokio::test]
async fn closed_registration_is_refused() {
    let world = World::with(&[("REGISTRATION", "off")]).await;
    let open = world.stranger_to(&world.restarted(&[]));
    let id = started(&open, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let before = world.dump().await.len();
    start(&world.stranger(), "other@example.com").await.is_problem(Code::RegistrationClosed);
    start(&world.stranger(), "").await.is_problem(Code::RegistrationClosed);
    complete(&world.stranger(), &id, &completion(&code, "mina")).await.is_problem(Code::RegistrationClosed);
    complete(&world.stranger(), "x", &completion(&code, "mina")).await.is_problem(Code::NotFound);
    assert_eq!(world.dump().await.len(), before, "nothing was written");
    complete(&open, &id, &completion(&code, "mina")).await.is(201);
}

/// The address was entered by an admin, in a registration and in a change of address. None of them reserves it.
#[tokio::test]
async fn an_unverified_address_is_not_reserved() {
    let world = World::new().await;
    let admin = world.admin().await;
    let unverified =
        json!({"username": "unverified", "login": "unverified", "type": "member", "email": MINA, "password": PASSWORD});
    let unverified = admin.post("/v1/users", &unverified).await;
    let unverified_path = format!("/v1/users/{}", unverified.is(201).body["user"]["user_id"].as_str().unwrap());
    let (eve, eve_client) = member(&world, "eve", "eve@example.com").await;
    let wanted = json!({"email": MINA, "current_password": PASSWORD});
    eve_client.post("/v1/me/email", &wanted).await.is(202);
    let eves_code = world.code(&eve.user_id.to_string(), FlowPurpose::EmailChange).await;
    let stranger = world.stranger().at("192.0.2.66");
    let id = started(&stranger, MINA).await;
    is_wrong(&complete(&stranger, &id, &completion("00000000", "eve2")).await);

    world.clock.advance(RESEND_AFTER);
    let done = register(&world, &world.stranger(), MINA, "mina").await;
    assert_eq!(done.is(201).body["user"]["email_verified"], true);
    // By then even the right code does not bind the address to another user.
    is_wrong(&eve_client.post("/v1/me/email/confirm", &json!({"code": eves_code})).await);
    let unverified = admin.get(&unverified_path).await;
    assert_eq!((&unverified.body["email"], &unverified.body["email_verified"]), (&json!(MINA), &json!(false)));
    assert_eq!(eve_client.get("/v1/me").await.body["user"]["email"], "eve@example.com");
    assert_markers_consistent(&world).await;
    let reset_id = reset_started(&world.stranger(), MINA).await;
    let flow = world.flow(&reset_id, FlowPurpose::PasswordReset).await;
    assert_eq!(flow.unwrap().user_id.unwrap().to_string(), done.body["user"]["user_id"]);
    assert!(mails(&world).await.contains(&json!([MINA, "en", "password_reset_code"])));
}

#[tokio::test]
async fn an_unknown_id_is_answered_like_a_wrong_code() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let never = world.context.uuid().unwrap().to_string();
    let attempt = async |id: &str, address: &str| {
        let refused = complete(&world.stranger().at(address), id, &completion(&other(&code), "mina")).await;
        is_wrong(&refused);
        refused
    };
    are_alike(&attempt(&id, "192.0.2.1").await, &attempt(&never, "192.0.2.2").await);
}

#[tokio::test]
async fn an_address_verified_by_another_user_meanwhile_is_refused() {
    let world = World::new().await;
    let (_, owner) = member(&world, "owner", "owner@example.com").await;
    let stranger = world.stranger();
    for email in ["owner@example.com", "OWNER@EXAMPLE.COM"] {
        let id = started(&stranger, email).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        is_wrong(&complete(&stranger, &id, &completion(&code, "thief")).await);
        is_wrong(&complete(&stranger, &id, &completion(&code, "owner")).await);
    }
    assert_eq!(mails(&world).await, vec![json!(["owner@example.com", "en", "address_taken"]); 2]);
    assert_markers_consistent(&world).await;
    assert_eq!(owner.get("/v1/me").await.is(200).body["user"]["version"], 2);

    // Verified between the mail and the code.
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    member(&world, "mina", MINA).await;
    is_wrong(&complete(&stranger, &id, &completion(&code, "thief")).await);
    assert_markers_consistent(&world).await;
}
