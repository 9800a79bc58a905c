//! A deletion of more accounts than one transaction takes, interrupted between its transactions.

use std::time::Duration;

use rollcall_domain::Code;
use serde_json::json;

use super::{AppFixture, operations::LONG_BATCH};
use crate::support::faults::{FOREVER, Fault};

/// Once a part is deleted, the reply reports the rest as failed and is stored under the idempotency key; a request with
/// another key deletes the rest.
#[tokio::test(start_paused = true)]
async fn a_batch_interrupted_between_its_transactions_reports_what_was_deleted() {
    let fixture = AppFixture::with_long_batch().await;
    fixture.world.faults.arm(Fault::ServerError, 6, FOREVER);
    let interrupted = LONG_BATCH.2(&fixture).await;
    interrupted.is_problem(Code::Unavailable);
    fixture.world.faults.disarm();
    fixture.world.clock.advance(Duration::from_secs(5));
    let replayed = LONG_BATCH.2(&fixture).await;
    assert_eq!(replayed.is(200).header("idempotency-replayed"), "true");
    let results = replayed.body["results"].as_array().unwrap();
    let outcomes = |outcome: &str| results.iter().filter(|result| result["outcome"] == outcome).count();
    assert_eq!((outcomes("deleted"), outcomes("failed")), (50, 11));
    assert!(
        results.iter().filter(|result| result["outcome"] == "failed").all(|result| result["code"] == "unavailable")
    );

    let rest: Vec<_> = results[50..].iter().map(|result| result["user_id"].clone()).collect();
    let other = fixture.admin.with_only("idempotency-key", "twice");
    let finished = other.post(&format!("{}/account-deletions", fixture.app), &json!({"user_ids": rest})).await;
    let results = finished.is(200).body["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|result| result["outcome"] == "deleted").count(), 10);
    assert_eq!(results[10], json!({"user_id": "nobody", "outcome": "not_found"}));
}

/// The lock is set while the second transaction is retried: what this transaction would have deleted stays.
#[tokio::test(start_paused = true)]
async fn a_deletion_lock_set_during_a_batch_keeps_the_rest() {
    let fixture = AppFixture::with_long_batch().await;
    fixture.world.faults.arm(Fault::Hang, 5, 1);
    let locking = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.admin.put(&format!("{}/deletion-lock", fixture.app), &json!({"locked": true})).await.is(200);
    };
    let (report, ()) = tokio::join!(LONG_BATCH.2(&fixture), locking);
    let results = report.is(200).body["results"].as_array().unwrap();
    assert!(results[..50].iter().all(|result| result["outcome"] == "deleted"));
    assert!(
        results[50..60]
            .iter()
            .all(|result| result["outcome"] == "failed" && result["code"] == "account_deletion_locked")
    );
    let left = fixture.admin.get(&format!("{}/accounts?user_id_prefix=many", fixture.app)).await;
    assert_eq!(left.body["items"].as_array().unwrap().len(), 10);
}
