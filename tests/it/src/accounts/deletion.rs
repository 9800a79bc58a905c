//! Deleting accounts in batches.

use super::*;

#[tokio::test]
async fn a_locked_application_deletes_nothing() {
    let (_world, admin, path) = with_app().await;
    create(&admin, &path, "mina", "general").await;
    let refused = admin.post(&format!("{path}/account-deletions"), &json!({"user_ids": ["mina"]})).await;
    refused.is_problem(Code::AccountDeletionLocked);
    admin.get(&format!("{path}/accounts/mina")).await.is(200);
}

#[tokio::test]
async fn a_batch_reports_each_account_in_the_order_of_first_mention() {
    let (_world, admin, path) = with_app().await;
    create(&admin, &path, "general", "general").await;
    create(&admin, &path, "boss", "admin").await;
    create(&admin, &path, "stays", "admin").await;
    unlock(&admin, &path).await;
    let batch = json!({"user_ids": ["nobody", "boss", "general", "boss"]});
    let report = admin.post(&format!("{path}/account-deletions"), &batch).await;
    assert_eq!(
        report.is(200).body,
        json!({"results": [
            {"user_id": "nobody", "outcome": "not_found"},
            {"user_id": "boss", "outcome": "deleted"},
            {"user_id": "general", "outcome": "deleted"},
        ]})
    );
    assert_eq!(ids(&admin.get(&format!("{path}/accounts")).await.body), ["stays"]);
    assert_eq!(admin.get(&path).await.body["admin_count"], 1);
}

#[tokio::test]
async fn a_batch_has_at_most_a_hundred_entries() {
    let (_world, admin, path) = with_app().await;
    for number in 0..100 {
        create(&admin, &path, &format!("a{number:03}"), if number < 3 { "admin" } else { "general" }).await;
    }
    unlock(&admin, &path).await;
    let names = |count: usize| -> Value { (0..count).map(|number| format!("a{number:03}")).collect() };
    let deletions = format!("{path}/account-deletions");
    let refused = admin.post(&deletions, &json!({"user_ids": names(101)})).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/user_ids", "too_long"])]);
    assert_eq!(
        admin.post(&deletions, &json!({"user_ids": []})).await.violations(),
        [json!(["/user_ids", "too_short"])]
    );
    let bad = admin.post(&deletions, &json!({"user_ids": ["ok", 7, "a b"]})).await;
    assert_eq!(bad.violations(), [json!(["/user_ids/1", "wrong_type"]), json!(["/user_ids/2", "bad_format"])]);
    let report = admin.post(&deletions, &json!({"user_ids": names(100)})).await;
    let results = report.is(200).body["results"].as_array().unwrap();
    assert_eq!(results.len(), 100);
    assert!(results.iter().all(|result| result["outcome"] == "deleted"));
    assert_eq!(admin.get(&path).await.body["admin_count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn locking_during_a_deletion_has_a_serial_outcome_for_each_account() {
    for round in 0..10 {
        let (world, admin, path) = with_app().await;
        let names: Vec<_> = (0..60).map(|number| format!("a{number:02}")).collect();
        for id in &names {
            create(&admin, &path, id, "general").await;
        }
        unlock(&admin, &path).await;
        world.faults.conflicts_like_dynamodb(true);
        let (deletions, lock) = (format!("{path}/account-deletions"), format!("{path}/deletion-lock"));
        let batch = json!({"user_ids": names});
        let locking = async {
            // The lock starts later in each round, so that it is set before, between and after the transactions.
            tokio::time::sleep(Duration::from_millis(round)).await;
            admin.put(&lock, &json!({"locked": true})).await.is(200);
        };
        let (delete, ()) = tokio::join!(admin.post(&deletions, &batch), locking);
        let left = ids(&admin.get(&format!("{path}/accounts?limit=100")).await.body);
        match delete.status {
            409 => assert_eq!(left.len(), 60),
            _ => {
                for result in delete.is(200).body["results"].as_array().unwrap() {
                    let id = result["user_id"].as_str().unwrap().to_owned();
                    let expected = if left.contains(&id) { "failed" } else { "deleted" };
                    assert_eq!(result["outcome"], expected);
                    assert_eq!(
                        result["code"],
                        if expected == "failed" { json!("account_deletion_locked") } else { Value::Null }
                    );
                }
            }
        }
    }
}
