//! Registering: an address is proved by a mailed code, then one request makes a user or changes nothing.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use futures_util::future::join_all;
use rollcall_domain::{
    Code,
    id::FlowId,
    limits::{CODE_LIFETIME, RESEND_AFTER},
    session::SignInTicket,
    verification::FlowPurpose,
};
use rollcall_store::{Commit, flow};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, World,
    faults::{Call, Fault},
    mailed_codes::{
        MILLISECOND, MINA, are_alike, assert_markers_consistent, complete, completion, is_wrong, items, just_before,
        mails, member, new_password, other, register, reset, reset_started, start, started,
    },
};

#[tokio::test]
async fn a_proved_address_makes_a_user() {
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
    assert_eq!(done.header("location"), format!("/v1/users/{}", user["user_id"].as_str().unwrap()));
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
    assert_eq!(items(&world, "FLOW#").await.len(), 1, "the one that waits");
}

/// B1.
#[tokio::test]
async fn what_a_client_says_of_the_host_shows_nowhere() {
    let world = World::new().await;
    let poisoned = ["host", "x-forwarded-host", "x-original-url", "x-rewrite-url", "origin", "referer"]
        .iter()
        .fold(world.stranger(), |client, name| client.with(name, "https://evil.example/"));
    let poisoned = poisoned
        .with("forwarded", "for=203.0.113.66;host=evil.example;proto=http")
        .with("x-forwarded-for", "203.0.113.66");
    let (plain, forged) = (start(&world.stranger(), "plain@example.com").await, start(&poisoned, MINA).await);
    are_alike(&plain, &forged);
    let id = forged.body["registration_id"].as_str().unwrap();
    let code = world.code(id, FlowPurpose::Registration).await;
    let done = complete(&poisoned, id, &completion(&code, "mina")).await;
    assert!(done.is(201).header("location").starts_with("/v1/users/"));
    for reply in [&forged, &done] {
        assert!(!format!("{:?} {}", reply.headers, reply.body).contains("evil"), "{reply:?}");
    }
    let stored = world.dump().await;
    assert!(stored.iter().all(|item| !item.to_string().contains("evil") && !item.to_string().contains("203.0.113")));
    assert_eq!(world.audit().await[0]["address"], "127.0.0.1");
}

/// B2: before its start, with the id of another flow, with a right code of another purpose.
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

    let mut change_tried = items(&world, "FLOW#").await;
    for (flow, before) in change_tried.iter_mut().zip(&flows) {
        if flow["purpose"] == "email_change" {
            assert_eq!(flow["tries"], 1, "a wrong code for a change is a try at it");
            flow["tries"] = before["tries"].clone();
        }
    }
    assert_eq!(change_tried, flows, "no other flow was tried");
    assert_eq!(items(&world, "USER#").await, users);
    complete(&stranger, &registration_id, &completion(&code, "mina")).await.is(201);
}

/// B2.
#[tokio::test]
async fn a_malformed_id_is_no_registration() {
    let world = World::new().await;
    for id in ["x", "00000000-0000-0000-0000-00000000000G", "0193495D-1C00-7000-8000-000000000000", "%00", ".."] {
        complete(&world.stranger(), id, &completion("00000000", "mina")).await.is_problem(Code::NotFound);
    }
}

/// B2.
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

/// K7: the one that loses answers as if it had come later, and leaves the address usable.
#[tokio::test(start_paused = true)]
async fn one_code_sent_many_times_at_once_makes_one_user() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let sent = (0..5).map(|number| {
        let (client, id) = (stranger.at(&format!("192.0.2.{number}")), id.clone());
        let body = completion(&code, "mina");
        async move { complete(&client, &id, &body).await }
    });
    let replies = join_all(sent).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert!(["login_taken", "verification_failed"].contains(&reply.body["code"].as_str().unwrap()), "{reply:?}");
    }
    assert_markers_consistent(&world).await;
    assert_eq!(items(&world, "USER#").await.len(), 1);
    for lane in items(&world, "LANE#").await {
        assert!(lane["since"].is_string(), "a lane that no later try can read: {lane}");
    }
    world.clock.advance(RESEND_AFTER);
    let reset_id = reset_started(&stranger, MINA).await;
    is_wrong(&reset(&stranger, &reset_id, &new_password("00000000", PASSWORD)).await);
}

/// B3.
#[tokio::test]
async fn the_newest_code_is_the_only_one() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let old = world.code(&id, FlowPurpose::Registration).await;
    world.clock.advance(RESEND_AFTER);
    assert_eq!(started(&stranger, MINA).await, id);
    let new = world.code(&id, FlowPurpose::Registration).await;
    assert_ne!(old, new);
    is_wrong(&complete(&stranger, &id, &completion(&old, "mina")).await);
    complete(&stranger, &id, &completion(&new, "mina")).await.is(201);
}

/// B3.
#[tokio::test]
async fn a_minute_must_pass_between_two_mails_and_until_then_the_reply_is_the_same() {
    let world = World::new().await;
    let first = start(&world.stranger(), MINA).await;
    let id = first.body["registration_id"].as_str().unwrap();
    let code = world.code(id, FlowPurpose::Registration).await;
    world.clock.advance(just_before(RESEND_AFTER));
    let again = start(&world.stranger().at("192.0.2.1"), "MINA@EXAMPLE.COM").await;
    assert_eq!(again.is(202).body, first.body);
    assert_eq!((mails(&world).await.len(), world.code(id, FlowPurpose::Registration).await), (1, code.clone()));
    world.clock.advance(MILLISECOND);
    let resent = start(&world.stranger(), MINA).await;
    assert_eq!(
        resent.is(202).body,
        json!({
            "registration_id": id,
            "expires_at": "2026-11-20T12:11:00.000Z",
            "resend_after": "2026-11-20T12:02:00.000Z",
        })
    );
    assert_eq!(mails(&world).await.len(), 2);
    assert_ne!(world.code(id, FlowPurpose::Registration).await, code);
}

/// B3.
#[tokio::test]
async fn a_code_is_good_for_ten_minutes_to_the_millisecond() {
    for (lasts, is_good) in [(just_before(CODE_LIFETIME), true), (CODE_LIFETIME, false)] {
        let world = World::new().await;
        let stranger = world.stranger();
        let id = started(&stranger, MINA).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        world.clock.advance(lasts);
        let done = complete(&stranger, &id, &completion(&code, "mina")).await;
        if is_good {
            done.is(201);
        } else {
            is_wrong(&done);
        }
        let next = started(&stranger, "MINA@example.com").await;
        assert_ne!(next, id, "a flow that is over or spent is not gone on with");
    }
}

/// B3.
#[tokio::test]
async fn a_code_takes_five_tries_and_another_code_no_more() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for number in 0..4 {
        let elsewhere = stranger.at(&format!("192.0.2.{number}"));
        is_wrong(&complete(&elsewhere, &id, &completion(&other(&code), "mina")).await);
    }
    world.clock.advance(RESEND_AFTER);
    assert_eq!(started(&stranger, MINA).await, id);
    let code = world.code(&id, FlowPurpose::Registration).await;
    is_wrong(&complete(&stranger, &id, &completion(&other(&code), "mina")).await);
    // The address's own lane is slower than the code's tries run out.
    let refused = complete(&stranger, &id, &completion(&code, "mina")).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    world.clock.advance(Duration::from_secs(1));
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
    world.clock.advance(RESEND_AFTER);
    assert_eq!(started(&stranger, MINA).await, id);
    let code = world.code(&id, FlowPurpose::Registration).await;
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
    // Once it is over, the next flow begins with all its tries.
    world.clock.advance(CODE_LIFETIME);
    let next = started(&stranger, MINA).await;
    let code = world.code(&next, FlowPurpose::Registration).await;
    complete(&stranger, &next, &completion(&code, "mina")).await.is(201);
}

/// B3: a fifth try that is right is one.
#[tokio::test]
async fn the_fifth_try_may_be_the_right_one() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for _ in 0..4 {
        is_wrong(&complete(&stranger, &id, &completion(&other(&code), "mina")).await);
    }
    complete(&stranger, &id, &completion(&code, "mina")).await.is(201);
}

/// B5, L7: nothing is sent by the request itself, and what becomes of a mail changes no reply.
#[tokio::test]
async fn the_reply_tells_neither_whose_an_address_is_nor_what_became_of_the_mail() {
    let world = World::new().await;
    member(&world, "owner", "Owner@example.com").await;
    world.faults.take_log();
    let unknown = start(&world.stranger(), "rowne@example.com").await;
    let calls_for_unknown = world.faults.take_log();
    let items_for_unknown = world.dump().await.len();
    let known = start(&world.stranger(), "owner@example.com").await;
    let calls_for_known = world.faults.take_log();
    are_alike(&unknown, &known);
    let operations = |calls: &[Call]| calls.iter().map(|call| call.operation.clone()).collect::<Vec<_>>();
    assert_eq!(operations(&calls_for_unknown), operations(&calls_for_known));
    let units = |calls: &[Call]| calls.iter().map(|call| call.write_units).sum::<f64>();
    assert!((units(&calls_for_unknown) - units(&calls_for_known)).abs() < f64::EPSILON);
    // A flow, two counts and a mail for either.
    assert_eq!(items_for_unknown + 4, world.dump().await.len());
    assert_eq!(
        mails(&world).await,
        [json!(["Owner@example.com", "en", "address_taken"]), json!(["rowne@example.com", "en", "registration_code"])]
    );

    for mail in items(&world, "OUTBOX#").await {
        let mail: rollcall_domain::mail::Mail = serde_json::from_value(mail).unwrap();
        world.store().mark_mail_failed(&mail, world.now()).await.unwrap();
    }
    world.clock.advance(RESEND_AFTER);
    let (unknown, known) =
        (start(&world.stranger(), "rowne@example.com").await, start(&world.stranger(), "owner@example.com").await);
    are_alike(&unknown, &known);
    unknown.is(202);
}

/// B7.
#[tokio::test]
async fn a_body_is_read_strictly() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let path = format!("/v1/registrations/{id}/complete");
    let send = async |path: &str, body: &str| world.stranger().send(Method::POST, path, Some(body.to_owned())).await;
    let starts = "/v1/registrations";
    for (body, violation) in [
        (r#"{"email":["mina@example.com"]}"#, json!(["/email", "wrong_type"])),
        (r#"{"email":{"a":"mina@example.com"}}"#, json!(["/email", "wrong_type"])),
        (r#"{"email":"mina@example.com,eve@example.com"}"#, json!(["/email", "bad_format"])),
        (r#"{"email":"mina@example.com\r\nBcc: eve@example.com"}"#, json!(["/email", "bad_format"])),
        (r#"{"email":null}"#, json!(["/email", "required"])),
    ] {
        let refused = send(starts, body).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [violation], "{body}");
    }
    for path in [starts, &path] {
        send(path, r#"{"email":"a@example.com","email":"b@example.com"}"#).await.is_problem(Code::MalformedJson);
        send(path, "").await.is_problem(Code::MalformedJson);
    }
    let refused = send(starts, r#"{"email":"mina@example.com","type":"super_admin"}"#).await;
    assert_eq!(refused.is_problem(Code::UnknownField).violations(), [json!(["/type", "unknown_field"])]);
    let code = world.code(&id, FlowPurpose::Registration).await;
    for field in ["type", "email", "email_verified", "version", "user_id", "password_change_required"] {
        let mut body = completion(&code, "mina");
        body[field] = json!("super_admin");
        let refused = complete(&world.stranger(), &id, &body).await;
        let pointer = format!("/{field}");
        assert_eq!(refused.is_problem(Code::UnknownField).violations(), [json!([pointer, "unknown_field"])]);
    }
    let mut body = completion(&code, "mina");
    body["code"] = json!([code]);
    let refused = complete(&world.stranger(), &id, &body).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/code", "wrong_type"])]);
    assert_eq!((items(&world, "USER#").await.len(), mails(&world).await.len()), (0, 1));
    assert_eq!(items(&world, "FLOW#").await[0]["tries"], 0, "what breaks a rule spends no try");
}

/// B9.
#[tokio::test]
async fn a_closed_installation_takes_no_registration() {
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

/// B10: an admin's note, a stranger's registration and a user's change of address name it; none of them has it.
#[tokio::test]
async fn whoever_typed_an_address_first_does_not_have_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let noted = json!({"username": "noted", "login": "noted", "type": "member", "email": MINA, "password": PASSWORD});
    let noted = admin.post("/v1/users", &noted).await;
    let noted_path = format!("/v1/users/{}", noted.is(201).body["user"]["user_id"].as_str().unwrap());
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
    // Even the right code binds the address to nobody else any more.
    is_wrong(&eve_client.post("/v1/me/email/confirm", &json!({"code": eves_code})).await);
    let noted = admin.get(&noted_path).await;
    assert_eq!((&noted.body["email"], &noted.body["email_verified"]), (&json!(MINA), &json!(false)));
    assert_eq!(eve_client.get("/v1/me").await.body["user"]["email"], "eve@example.com");
    assert_markers_consistent(&world).await;
    let reset_id = reset_started(&world.stranger(), MINA).await;
    let flow = world.store().verification(FlowId::parse(&reset_id).unwrap(), FlowPurpose::PasswordReset).await;
    assert_eq!(flow.unwrap().unwrap().user_id.unwrap().to_string(), done.body["user"]["user_id"]);
    assert!(mails(&world).await.contains(&json!([MINA, "en", "password_reset_code"])));
}

/// B11, I6: there is no name that could be more than a name, in a mail or in a log.
#[tokio::test]
async fn a_name_holds_no_line_end_no_markup_and_no_escape() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for name in [
        "mina\r\nBcc: eve@example.com",
        "mina\n{\"level\":\"ERROR\"}",
        "<b>mina</b>",
        "mina\u{1b}[31m",
        "mina\0",
        "mina\u{2028}x",
        "mina\u{202e}x",
        "{{mina}}",
        "mina park",
        "mina\"park",
        "mina&amp;",
    ] {
        for field in ["username", "login"] {
            let mut body = completion(&code, "mina");
            body[field] = json!(name);
            let refused = complete(&world.stranger(), &id, &body).await;
            let violation = json!([format!("/{field}"), "bad_format"]);
            assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [violation], "{name:?}");
        }
    }
    assert_eq!(items(&world, "USER#").await.len(), 0);
    let mut body = completion(&code, "mina");
    body["username"] = json!("朴美娜");
    complete(&world.stranger(), &id, &body).await.is(201);
}

/// B12: known and unknown addresses, whatever `X-Forwarded-For` says.
#[tokio::test]
async fn a_network_gets_five_mails_a_day_for_an_address_and_then_exactly_the_rest_of_the_day_to_wait() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let mut refusals = Vec::new();
    for _ in 0..5 {
        for email in [MINA, "owner@example.com"] {
            start(&world.stranger(), email).await.is(202);
        }
        world.clock.advance(RESEND_AFTER);
    }
    world.clock.advance(MILLISECOND * 500);
    let before = world.dump().await.len();
    for (number, email) in [MINA, "owner@example.com"].into_iter().enumerate() {
        world.faults.take_log();
        let client = world.stranger().with("x-forwarded-for", &format!("192.0.2.{number}"));
        let refused = start(&client, email).await;
        // 24 hours less 5 minutes less half a second: a client that comes back earlier is refused again.
        assert_eq!(refused.is_problem(Code::TooManyRequests).header("retry-after"), "86100");
        refusals.push((refused, world.faults.take_log().len()));
    }
    are_alike(&refusals[0].0, &refusals[1].0);
    assert_eq!(refusals[0].1, refusals[1].1);
    assert_eq!(world.dump().await.len(), before);
    // Another address of the same network, and the same address for another purpose, are counted on their own.
    start(&world.stranger(), "third@example.com").await.is(202);
    reset_started(&world.stranger(), MINA).await;

    world.clock.advance(Duration::from_millis(86_100_000 - 501));
    start(&world.stranger(), MINA).await.is_problem(Code::TooManyRequests);
    world.clock.advance(MILLISECOND);
    start(&world.stranger(), MINA).await.is(202);
}

/// B12.
#[tokio::test]
async fn an_address_gets_five_mails_an_hour_and_ten_a_day_from_everywhere() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let mut network = 0;
    let mut ask = async |email: &str| {
        network += 1;
        start(&world.stranger().at(&format!("192.0.{}.{}", network / 200, network % 200)), email).await
    };
    let emails = [MINA, "owner@example.com"];
    for hour in 0..2 {
        for _ in 0..5 {
            for email in emails {
                ask(email).await.is(202);
            }
            world.clock.advance(RESEND_AFTER);
        }
        let retry_after = if hour == 0 { 3_600 - 300 } else { 86_400 - 3_600 - 300 };
        let (one, other) = (ask(emails[0]).await, ask(emails[1]).await);
        assert_eq!(one.is_problem(Code::TooManyRequests).header("retry-after"), retry_after.to_string());
        are_alike(&one, &other);
        world.clock.advance(just_before(Duration::from_secs(retry_after)));
        ask(MINA).await.is_problem(Code::TooManyRequests);
        world.clock.advance(MILLISECOND);
    }
    assert_eq!(items(&world, "OUTBOX#").await.len(), 20, "ten for each");
    for email in emails {
        ask(email).await.is(202);
    }
}

#[tokio::test]
async fn whatever_breaks_a_rule_is_told_at_once_and_before_the_code_is_looked_at() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let body = json!({
        "code": "1234567", "username": "x", "login": "no login", "password": "short", "password_confirmation": "other",
        "invitation_code": "1", "type": "member",
    });
    let refused = complete(&world.stranger(), &id, &body).await;
    let expected = [
        json!(["/code", "bad_format"]),
        json!(["/username", "too_short"]),
        json!(["/login", "bad_format"]),
        json!(["/password", "too_short"]),
        json!(["/password_confirmation", "mismatch"]),
        json!(["/invitation_code", "bad_format"]),
        json!(["/type", "unknown_field"]),
    ];
    let mut violations = refused.is_problem(Code::UnknownField).violations();
    violations.sort_by_key(ToString::to_string);
    let mut sorted = expected.to_vec();
    sorted.sort_by_key(ToString::to_string);
    assert_eq!(violations, sorted);
    assert_eq!((items(&world, "LANE#").await.len(), &items(&world, "FLOW#").await[0]["tries"]), (0, &json!(0)));
}

/// The code, then the login, then the invitation; and what is refused after a right code spends no try.
#[tokio::test]
async fn a_right_code_that_is_refused_for_something_else_gets_its_try_back() {
    let world = World::new().await;
    member(&world, "Taken", "taken@example.com").await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let with_invitation = |login: &str, code: &str| {
        let mut body = completion(code, login);
        body["invitation_code"] = json!("12345678");
        body
    };
    is_wrong(&complete(&stranger, &id, &with_invitation("taken", &other(&code))).await);
    let mailed_codes = async || [items(&world, "LANE#code").await, items(&world, "LANE#network").await];
    let (lanes, flows) = (mailed_codes().await, items(&world, "FLOW#").await);
    assert_eq!(flows[0]["tries"], 1);
    // More often than there are tries.
    for _ in 0..6 {
        complete(&stranger, &id, &with_invitation("TAKEN", &code)).await.is_problem(Code::LoginTaken);
        complete(&stranger, &id, &with_invitation("mina", &code)).await.is_problem(Code::InvitationInvalid);
    }
    assert_eq!(items(&world, "FLOW#").await, flows);
    assert_eq!(mailed_codes().await, lanes);
    // Those were guesses at an invitation all the same.
    assert_eq!(items(&world, "LANE#redeemer").await[0]["failures"], 6);
    assert_eq!(items(&world, "USER#").await.len(), 1);
    complete(&stranger, &id, &completion(&code, "mina")).await.is(201);
}

#[tokio::test]
async fn an_id_that_never_was_answers_as_a_wrong_code_and_costs_the_same() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let mut seen = Vec::new();
    for (id, address) in [(id, "192.0.2.1"), (world.context.uuid().unwrap().to_string(), "192.0.2.2")] {
        world.faults.take_log();
        let refused = complete(&world.stranger().at(address), &id, &completion(&other(&code), "mina")).await;
        is_wrong(&refused);
        let operations: Vec<_> = world.faults.take_log().into_iter().map(|call| call.operation).collect();
        seen.push((refused, operations));
    }
    are_alike(&seen[0].0, &seen[1].0);
    // The condition that fails is a call as well, though the reply of one that holds is the one that is read on.
    assert_eq!(seen[0].1, seen[1].1);
}

#[tokio::test]
async fn an_address_that_somebody_proved_is_refused_though_the_code_is_right() {
    let world = World::new().await;
    let (_, owner) = member(&world, "owner", "owner@example.com").await;
    let stranger = world.stranger();
    for email in ["owner@example.com", "OWNER@EXAMPLE.COM"] {
        let id = started(&stranger, email).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        is_wrong(&complete(&stranger, &id, &completion(&code, "thief")).await);
        is_wrong(&complete(&stranger, &id, &completion(&code, "owner")).await);
    }
    assert_eq!(mails(&world).await, [json!(["owner@example.com", "en", "address_taken"])]);
    assert_markers_consistent(&world).await;
    assert_eq!(owner.get("/v1/me").await.is(200).body["user"]["version"], 2);

    // ProvenFlow between the mail and the code.
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    member(&world, "mina", MINA).await;
    is_wrong(&complete(&stranger, &id, &completion(&code, "thief")).await);
    assert_markers_consistent(&world).await;
}

#[tokio::test]
async fn a_key_repeats_the_reply_and_makes_no_second_user() {
    let world = World::new().await;
    let stranger = world.stranger().with("idempotency-key", "k");
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let wrong = completion(&other(&code), "mina");
    is_wrong(&complete(&stranger, &id, &wrong).await);
    is_wrong(&complete(&stranger, &id, &wrong).await);
    assert_eq!(items(&world, "FLOW#").await[0]["tries"], 2, "a refusal is not remembered");
    let body = completion(&code, "mina");
    let first = complete(&stranger, &id, &body).await;
    world.clock.advance(just_before(Duration::from_hours(24)));
    let again = complete(&stranger, &id, &body).await;
    assert_eq!(first.is(201).header("idempotency-replayed"), "");
    assert_eq!(again.is(201).header("idempotency-replayed"), "true");
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    assert_eq!(items(&world, "USER#").await.len(), 1);
    complete(&stranger, &id, &completion(&code, "other")).await.is_problem(Code::IdempotencyMismatch);
    world.clock.advance(MILLISECOND);
    is_wrong(&complete(&stranger, &id, &body).await);

    // The start takes no key: it is idempotent by itself.
    let mut ids = BTreeSet::new();
    for email in ["one@example.com", "two@example.com", "one@example.com"] {
        ids.insert(started(&stranger, email).await);
    }
    assert_eq!(ids.len(), 2);
    let stored = world.dump().await;
    assert!(stored.iter().all(|item| !item.to_string().contains(PASSWORD) && !item.to_string().contains(&code)));
}

/// K7: whichever the twin's step stands in the way of, the other one is told what became of it.
#[tokio::test]
async fn the_same_completion_sent_several_times_at_once_gets_one_reply() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let body = completion(&world.code(&id, FlowPurpose::Registration).await, "mina");
    let keyed = stranger.with("idempotency-key", "k");
    let replies = join_all((0..4).map(|_| complete(&keyed, &id, &body))).await;
    let made: BTreeSet<_> = replies.iter().map(|reply| reply.is(201).body["user"]["user_id"].to_string()).collect();
    assert_eq!(made.len(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty()).count(), 1);
    assert_eq!(items(&world, "USER#").await.len(), 1);
}

#[tokio::test]
async fn a_weak_password_is_refused_with_the_reason_and_spends_no_try() {
    let world = World::new().await;
    let id = started(&world.stranger(), "minapark@example.com").await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for (password, violation, reason) in [
        ("tq7 vXk 2pL", "too_short", "takes 12 to 256 characters"),
        (&"tq7 vXk 2pL".repeat(24), "too_long", "takes 12 to 256 characters"),
        ("password1234", "weak_password", "is too easy to guess: "),
        ("tq7 vXk MINA.P", "weak_password", "must not contain"),
        ("tq7 vXk hana_k", "weak_password", "must not contain"),
        ("tq7 vXk minapark", "weak_password", "must not contain"),
    ] {
        let mut body = completion(&code, "mina.p");
        (body["username"], body["password"]) = (json!("hana_k"), json!(password));
        body["password_confirmation"] = json!(password);
        let refused = complete(&world.stranger(), &id, &body).await;
        let violations = refused.is_problem(Code::ValidationFailed).violations();
        assert_eq!(violations, [json!(["/password", violation])], "{password}");
        assert!(refused.body["errors"][0]["detail"].as_str().unwrap().starts_with(reason), "{refused:?}");
        assert!(!refused.body.to_string().contains(password));
    }
    assert_eq!(items(&world, "FLOW#").await[0]["tries"], 0);
    // NFC makes one password of two spellings.
    let mut body = completion(&code, "mina.p");
    (body["password"], body["password_confirmation"]) = (json!("tq7 vXk caf\u{e9}"), json!("tq7 vXk cafe\u{301}"));
    complete(&world.stranger(), &id, &body).await.is(201);
}

#[tokio::test]
async fn an_operator_may_ask_for_longer_passwords() {
    let world = World::with(&[("PASSWORD_MIN_LENGTH", "22")]).await;
    let id = started(&world.stranger(), MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let refused = complete(&world.stranger(), &id, &completion(&code, "nobody")).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", "too_short"])]);
}

/// A stranger's mail is in its browser's language, a user's in the user's own.
#[tokio::test]
async fn a_mail_speaks_the_language_of_whoever_gets_it() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let korean = world.stranger().with("accept-language", "ko-KR,ko;q=0.9,en;q=0.8");
    start(&korean, "owner@example.com").await.is(202);
    let id = started(&korean, MINA).await;
    assert_eq!(
        mails(&world).await,
        [json!(["owner@example.com", "en", "address_taken"]), json!([MINA, "ko", "registration_code"])]
    );
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(&korean, &id, &completion(&code, "mina")).await.is(201);
    world.clock.advance(RESEND_AFTER);
    start(&world.stranger(), MINA).await.is(202);
    assert_eq!(mails(&world).await.last().unwrap(), &json!([MINA, "ko", "address_taken"]));
}

/// I1.
#[tokio::test]
async fn look_alikes_of_an_address_are_one_address() {
    for (one, other) in [
        (MINA, "MINA@EXAMPLE.COM"),
        ("mina@b\u{fc}cher.example", "Mina@bu\u{308}cher.example"),
        ("mina@b\u{fc}cher.example", "mina@XN--BCHER-KVA.example"),
    ] {
        let world = World::new().await;
        let id = started(&world.stranger(), one).await;
        assert_eq!(started(&world.stranger(), other).await, id, "{other}");
        let code = world.code(&id, FlowPurpose::Registration).await;
        let done = complete(&world.stranger(), &id, &completion(&code, "mina")).await;
        assert_eq!(done.is(201).body["user"]["email"], one);
        world.clock.advance(RESEND_AFTER);
        is_wrong(&register(&world, &world.stranger(), other, "twin").await);
        assert_eq!(items(&world, "EMAIL#").await.len(), 1);
    }
    let world = World::new().await;
    for email in
        ["mi\u{200d}na@example.com", "mina@exam\u{200b}ple.com", "m\u{131}na@example.com", "mina@example\u{ff0e}com"]
    {
        let refused = start(&world.stranger(), email).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/email", "bad_format"])]);
    }
    assert_eq!(world.dump().await, [] as [Value; 0]);
    // ß and ss are two domains that different people can own.
    register(&world, &world.stranger(), "mina@stra\u{df}e.example", "mina").await.is(201);
    register(&world, &world.stranger(), "mina@strasse.example", "other").await.is(201);
}

/// J1.
#[tokio::test]
async fn ten_megabytes_are_refused_before_anything_is_read_or_hashed() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    world.faults.take_log();
    let body = json!({"login": "admin", "password": "x".repeat(10_000_000)}).to_string();
    for path in ["/v1/login", "/v1/registrations", &format!("/v1/registrations/{id}/complete")] {
        let refused = world.stranger().send(Method::POST, path, Some(body.clone())).await;
        refused.is_problem(Code::PayloadTooLarge);
    }
    assert_eq!(world.faults.take_log(), [], "no lane was counted, and a hash comes after that");
    assert_eq!(items(&world, "LANE#").await.len(), 0);
}

/// K1.
#[tokio::test(start_paused = true)]
async fn a_hundred_registrations_of_one_login_make_one_user() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for number in 0..100 {
        let client = world.stranger().at(&format!("192.0.2.{number}"));
        let id = started(&client, &format!("mina{number}@example.com")).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        let body = completion(&code, if number % 2 == 0 { "mina" } else { "MINA" });
        sent.push(async move { complete(&client, &id, &body).await });
    }
    let replies = join_all(sent).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.is_problem(Code::LoginTaken);
    }
    assert_markers_consistent(&world).await;
    let count = async |prefix: &str| items(&world, prefix).await.len();
    assert_eq!((count("USER#").await, count("LOGIN#").await, count("EMAIL#").await), (1, 1, 1));
    let flows = items(&world, "FLOW#").await;
    assert_eq!(flows.len(), 99);
    assert!(flows.iter().all(|flow| flow["tries"] == 0), "the tries came back");
    assert_eq!(world.audit().await.len(), 1);
}

/// K2.
#[tokio::test(start_paused = true)]
async fn of_a_registration_and_a_change_to_the_same_address_one_wins() {
    let mut wins = [0, 0];
    for round in 0..20 {
        let world = World::new().await;
        world.faults.conflicts_like_dynamodb(true);
        let (user, client) = member(&world, "owner", "owner@example.com").await;
        let stranger = world.stranger().at("192.0.2.1");
        let id = started(&stranger, MINA).await;
        let wanted = json!({"email": MINA, "current_password": PASSWORD});
        client.post("/v1/me/email", &wanted).await.is(202);
        let code = world.code(&id, FlowPurpose::Registration).await;
        let change_code = json!({"code": world.code(&user.user_id.to_string(), FlowPurpose::EmailChange).await});
        let body = completion(&code, "mina");
        // Another call stalls in each round, so that each of the two is the quicker one in some.
        world.faults.arm(Fault::Hang, round, 1);
        let changing = client.post("/v1/me/email/confirm", &change_code);
        let (registered, changed) = tokio::join!(complete(&stranger, &id, &body), changing);
        match (registered.status, changed.status) {
            (201, 422) => is_wrong(&changed),
            (422, 200) => is_wrong(&registered),
            both => panic!("{both:?}: {registered:?} {changed:?}"),
        }
        wins[usize::from(changed.status == 200)] += 1;
        assert_markers_consistent(&world).await;
        let markers = items(&world, "EMAIL#").await;
        assert_eq!(markers.iter().filter(|marker| marker["pk"] == "EMAIL#mina@example.com").count(), 1);
    }
    assert!(wins.iter().all(|wins| *wins > 0), "{wins:?}");
}
