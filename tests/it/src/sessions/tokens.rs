//! What is a token and what is none.

use super::*;

/// D2.
#[tokio::test]
async fn a_token_is_good_as_a_whole_and_for_its_own_session_only() {
    let world = World::new().await;
    let (_, mina) = world.user("mina", UserType::Member, []).await;
    let (_, jin) = world.user("jin", UserType::SuperAdmin, []).await;
    let bytes = |client: &Client| {
        let token = client.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
        data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap()
    };
    let (mina, jin) = (bytes(&mina), bytes(&jin));
    let try_bytes = async |bytes: &[u8]| {
        let token = data_encoding::BASE64URL_NOPAD.encode(bytes);
        let bearer = world.stranger().with("authorization", &format!("Bearer {token}")).get("/v1/me").await;
        let cookie = world.stranger().with("cookie", &format!("__Host-session={token}")).get("/v1/me").await;
        assert_eq!(bearer.status, cookie.status);
        bearer
    };
    try_bytes(&mina).await.is(200);
    for length in 0..mina.len() {
        try_bytes(&mina[..length]).await.is_problem(Code::Unauthenticated);
    }
    for more in [1, 3, 32, 64] {
        try_bytes(&[&mina[..], &vec![0; more]].concat()).await.is_problem(Code::Unauthenticated);
    }
    for index in 0..mina.len() {
        let mut other = mina.clone();
        other[index] ^= 1;
        try_bytes(&other).await.is_problem(Code::Unauthenticated);
    }
    // The user, the session and the secret of two tokens, mixed in every way.
    for mix in 1..7 {
        let part = |index: usize| if mix >> index & 1 == 0 { &mina } else { &jin };
        let mixed = [&part(0)[..16], &part(1)[16..32], &part(2)[32..]].concat();
        try_bytes(&mixed).await.is_problem(Code::Unauthenticated);
    }
}

/// D5.
#[tokio::test]
async fn a_form_of_another_site_changes_nothing_of_ones_own() {
    let world = World::new().await;
    let (user, client) = with_password(&world, "mina", UserType::SuperAdmin).await;
    let token = client.headers["authorization"].to_str().unwrap().replace("Bearer ", "");
    let browser = world.stranger().with("cookie", &format!("__Host-session={token}"));
    let (other, _) = world.user("other", UserType::Member, []).await;
    let other = format!("/v1/users/{}", other.user_id);
    let requests: [(Method, &str, Value); 5] = [
        (Method::PATCH, "/v1/me", json!({"username": "Jin"})),
        (Method::DELETE, "/v1/me/sessions", Value::Null),
        (Method::POST, "/v1/logout", Value::Null),
        (Method::DELETE, &other, Value::Null),
        (Method::POST, "/v1/me/totp", json!({"current_password": PASSWORD})),
    ];
    for (method, path, body) in requests {
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "null"),
            ("origin", "https://evil.example"),
        ] {
            let body = Some(&body).filter(|body| !body.is_null()).map(ToString::to_string);
            browser.with(header, value).send(method.clone(), path, body).await.is_problem(Code::CrossSiteRequest);
        }
    }
    assert_eq!(world.store().user(user.user_id).await.unwrap(), Some(user));
    browser.with("origin", ORIGIN).patch("/v1/me", &json!({"username": "Jin"})).await.is(200);
}
