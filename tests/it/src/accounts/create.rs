//! Creating accounts.

use super::*;

#[tokio::test]
async fn an_account_looks_the_same_when_created_listed_and_read() {
    let (_world, admin, path) = with_app().await;
    let body = json!({
        "user_id": "mina", "type": "general", "nickname": "민아", "photo_url": "https://img.example.com/m.png",
        "gender": "female", "birth_date": "1994-05-17", "location": "부산", "whats_up": "On deck\nuntil six",
        "friend_verification": "allow_any", "language": 4_294_967_295_u32, "message_settings": 1,
        "friending": "forbidden", "level": 3, "role": 2,
    });
    let created = admin.post(&format!("{path}/accounts"), &body).await;
    let mut expected = body;
    for (field, value) in [("created_at", json!(START)), ("updated_at", json!(START)), ("version", json!(1))] {
        expected[field] = value;
    }
    assert_eq!(created.is(201).body, expected);
    assert_eq!(created.header("location"), format!("{path}/accounts/mina"));
    assert_eq!(admin.get(created.header("location")).await.is(200).body, expected);
    assert_eq!(admin.get(&format!("{path}/accounts")).await.body["items"], json!([expected]));
}

#[tokio::test]
async fn a_duplicate_id_is_refused_and_ids_are_case_sensitive() {
    let (_world, admin, path) = with_app().await;
    create(&admin, &path, "mina", "general").await;
    let again = admin.post(&format!("{path}/accounts"), &json!({"user_id": "mina", "type": "admin", "level": 9})).await;
    again.is_problem(Code::AccountExists);
    assert_eq!(admin.get(&format!("{path}/accounts/mina")).await.body["level"], 0);
    assert_eq!(admin.get(&path).await.body["admin_count"], 0);
    create(&admin, &path, "Mina", "general").await;
}

#[tokio::test]
async fn every_permitted_symbol_works_in_a_path() {
    let (_world, admin, path) = with_app().await;
    let id = "aZ9!$&'()*+,;=:@._~-";
    let created = admin.post(&format!("{path}/accounts"), &json!({"user_id": id, "type": "general"})).await;
    assert_eq!(admin.get(created.is(201).header("location")).await.is(200).body["user_id"], id);
    for other in ["a%2Fb", "a%00b", "%2e%2e", "..", "a%20b", "%61b/"] {
        admin.get(&format!("{path}/accounts/{other}")).await.is_problem(Code::NotFound);
    }
}

#[tokio::test]
async fn every_broken_rule_is_reported_at_once() {
    let (_world, admin, path) = with_app().await;
    let body = json!({
        "user_id": "a b", "type": "owner", "nickname": "a\nb", "photo_url": "img.png", "gender": 1,
        "birth_date": "2026-11-21", "level": 1.5, "role": -1, "friending": "", "version": 7, "created_at": START,
    });
    let refused = admin.post(&format!("{path}/accounts"), &body).await;
    refused.is_problem(Code::UnknownField);
    assert_eq!(
        refused.violations(),
        [
            json!(["/user_id", "bad_format"]),
            json!(["/type", "not_allowed"]),
            json!(["/nickname", "bad_format"]),
            json!(["/photo_url", "bad_format"]),
            json!(["/gender", "wrong_type"]),
            json!(["/birth_date", "out_of_range"]),
            json!(["/friending", "not_allowed"]),
            json!(["/level", "wrong_type"]),
            json!(["/role", "out_of_range"]),
            json!(["/created_at", "unknown_field"]),
            json!(["/version", "unknown_field"]),
        ]
    );
}
