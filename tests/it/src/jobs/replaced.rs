//! Uploaded files that are replaced by others: the link to upload works until it expires.

use super::*;

/// A file of so many rows, whose ids begin with `prefix`.
fn file(prefix: &str, rows: usize) -> String {
    format!("user_id,level\n{}", lines(0..rows, |number| format!("{prefix}{number:03},1\n")))
}

#[tokio::test]
async fn a_file_that_is_replaced_before_the_start_is_the_one_that_is_imported() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload(file("a", 3)).await;
    job.preview(&json!({})).await.is(200);
    job.put_upload(file("b", 2)).await;
    job.start(&import_start(json!({}))).await.is(202);
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["status"], counts(&over)), (&json!("succeeded"), json!({"created": 2})));
    assert_eq!(fixture.accounts().await.into_keys().collect::<Vec<_>>(), ["b000", "b001"]);
}

#[tokio::test]
async fn a_file_that_is_replaced_after_a_trial_is_started_anew() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload(file("a", 3)).await;
    job.start(&import_start(json!({"dry_run": true}))).await.is(202);
    fixture.world.work_on_jobs().await;
    job.put_upload(file("b", 2)).await;
    job.start(&import_start(json!({}))).await.is(202);
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"created": 2}));
}

#[tokio::test]
async fn a_file_that_is_replaced_after_the_start_is_not_imported() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload(file("a", 3)).await;
    job.start(&import_start(json!({}))).await.is(202);
    job.put_upload(file("b", 3)).await;
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("unreadable_file")));
    assert!(over["error"]["detail"].as_str().unwrap().contains("replaced"), "{over}");
    assert!(fixture.accounts().await.is_empty() && job.objects().await.is_empty());
}

#[tokio::test]
async fn a_file_that_is_replaced_during_the_work_is_not_mixed_with_the_first() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload(file("a", 100)).await;
    job.start(&import_start(json!({}))).await.is(202);
    assert!(!job.step_at_once().await, "the first chunk is written");
    let done = fixture.accounts().await;
    job.put_upload(file("b", 100)).await;
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("unreadable_file")));
    assert_eq!(over["counts"]["created"], json!(done.len()), "what was done is reported");
    assert!(!done.is_empty() && fixture.accounts().await == done);
}

/// A worker that dies between the beginning of a file and its checkpoint leaves an upload that no checkpoint names.
#[tokio::test]
async fn what_no_checkpoint_names_is_removed_with_the_job() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    for end in ["over", "cancelled", "expired"] {
        let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
        let (objects, prefix) = (fixture.world.objects(), format!("{}/{}", fixture.app_id, job.job_id));
        objects.begin(&format!("{prefix}/accounts-1"), "text/csv").await.unwrap();
        objects.put(&format!("{prefix}/accounts-7"), "lost".into()).await.unwrap();
        match end {
            "over" => {
                fixture.world.work_on_jobs().await;
                assert_eq!(job.objects().await.into_keys().collect::<Vec<_>>(), ["accounts-1"]);
            }
            "cancelled" => {
                job.delete().await.is(204);
                assert!(job.objects().await.is_empty());
            }
            _ => {
                fixture.world.work_on_jobs().await;
                objects.begin(&format!("{prefix}/accounts-1"), "text/csv").await.unwrap();
                fixture.world.clock.advance(JOB_FILES_LIFETIME);
                fixture.world.work_on_jobs().await;
                assert!(job.objects().await.is_empty(), "{:?}", job.objects().await);
            }
        }
    }
}
