//! The validation of bodies.

use super::*;

#[tokio::test]
async fn unknown_missing_and_malformed_fields_are_refused() {
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
    assert_eq!(items(&world, "FLOW#").await[0]["tries"], 0, "an invalid body does not count as an attempt");
}

/// Names therefore cannot inject anything into mails or logs.
#[tokio::test]
async fn names_with_line_ends_markup_or_control_characters_are_refused() {
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
        "mina  park",
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

#[tokio::test]
async fn all_violations_are_reported_before_the_code_is_checked() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let throttles = items(&world, "LANE#").await;
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
    assert_eq!((items(&world, "LANE#").await, &items(&world, "FLOW#").await[0]["tries"]), (throttles, &json!(0)));
}

#[tokio::test]
async fn a_weak_password_is_refused_with_the_reason_and_does_not_count_as_an_attempt() {
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
    // Both spellings are the same password in NFC.
    let mut body = completion(&code, "mina.p");
    (body["password"], body["password_confirmation"]) = (json!("tq7 vXk caf\u{e9}"), json!("tq7 vXk cafe\u{301}"));
    complete(&world.stranger(), &id, &body).await.is(201);
}

#[tokio::test]
async fn the_minimum_password_length_is_configurable() {
    let world = World::with(&[("PASSWORD_MIN_LENGTH", "22")]).await;
    let id = started(&world.stranger(), MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let refused = complete(&world.stranger(), &id, &completion(&code, "nobody")).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", "too_short"])]);
}

#[tokio::test]
async fn different_spellings_of_an_address_are_one_address() {
    for (one, other) in [
        (MINA, "MINA@EXAMPLE.COM"),
        ("mina@b\u{fc}cher.example", "Mina@bu\u{308}cher.example"),
        ("mina@b\u{fc}cher.example", "mina@XN--BCHER-KVA.example"),
    ] {
        let world = World::new().await;
        let id = started(&world.stranger(), one).await;
        assert_eq!(resent(&world.stranger(), other, &id).await, id, "{other}");
        let code = world.code(&id, FlowPurpose::Registration).await;
        let done = complete(&world.stranger(), &id, &completion(&code, "mina")).await;
        assert_eq!(done.is(201).body["user"]["email"], one);
        world.clock.advance(RESEND_AFTER);
        is_wrong(&register(&world, &world.stranger().at("192.0.2.1"), other, "twin").await);
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
    // Domains with ß and ss can have different owners.
    register(&world, &world.stranger(), "mina@stra\u{df}e.example", "mina").await.is(201);
    register(&world, &world.stranger(), "mina@strasse.example", "other").await.is(201);
}

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
    assert_eq!(world.faults.take_log(), [], "no database call, so no attempt is counted");
    assert_eq!(items(&world, "LANE#network#").await.len(), 0);
}
