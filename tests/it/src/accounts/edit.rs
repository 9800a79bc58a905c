//! Editing accounts.

use super::*;

#[tokio::test]
async fn an_edit_keeps_missing_fields_clears_null_and_sets_the_rest() {
    let (world, admin, path) = with_app().await;
    let body = json!({"user_id": "mina", "type": "admin", "nickname": "Mina", "location": "Busan", "level": 3});
    let created = admin.post(&format!("{path}/accounts"), &body).await;
    world.clock.advance(Duration::from_secs(5));
    let edited = admin.patch(created.header("location"), &json!({"nickname": null, "location": "", "role": 4})).await;
    let mut expected = created.body.clone();
    for (field, value) in
        [("nickname", Value::Null), ("location", Value::Null), ("role", json!(4)), ("version", json!(2))]
    {
        expected[field] = value;
    }
    expected["updated_at"] = json!("2026-11-20T12:00:05.000Z");
    assert_eq!(edited.is(200).body, expected);
    assert_eq!(edited.header("etag"), "\"2\"");
}

#[tokio::test]
async fn identity_and_type_are_immutable() {
    let (_world, admin, path) = with_app().await;
    create(&admin, &path, "mina", "general").await;
    let refused =
        admin.patch(&format!("{path}/accounts/mina"), &json!({"user_id": "x", "type": "admin", "level": 1})).await;
    refused.is_problem(Code::ImmutableField);
    assert_eq!(refused.violations(), [json!(["/user_id", "immutable_field"]), json!(["/type", "immutable_field"])]);
    assert_eq!(admin.get(&format!("{path}/accounts/mina")).await.body["level"], 0);
}

#[tokio::test]
async fn parallel_edits_of_different_fields_are_all_kept() {
    let (world, admin, path) = with_app().await;
    create(&admin, &path, "mina", "general").await;
    world.faults.conflicts_like_dynamodb(true);
    let edits = ["language", "level", "role"].map(|field| {
        let (admin, path) = (admin.clone(), format!("{path}/accounts/mina"));
        async move { admin.patch(&path, &json!({field: 7})).await.status }
    });
    assert_eq!(join_all(edits).await, [200; 3]);
    let account = admin.get(&format!("{path}/accounts/mina")).await.body;
    assert_eq!(
        [&account["language"], &account["level"], &account["role"], &account["version"]],
        [7, 7, 7, 4].map(|n| json!(n)).each_ref()
    );
}
