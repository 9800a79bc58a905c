//! Links to the files of jobs, and how long the files live.

use axum::http::Method;

use super::*;

/// Sends the content of a file to a link of an upload.
async fn send(fixture: &JobFixture, link: &Value, content: &str) -> Reply {
    let path = link.as_str().unwrap().strip_prefix(ORIGIN).unwrap();
    fixture.world.stranger().with("content-type", "text/csv").send(Method::PUT, path, Some(content.to_owned())).await
}

async fn follow(fixture: &JobFixture, link: &str) -> Reply {
    fixture.world.stranger().get(link.strip_prefix(ORIGIN).unwrap()).await
}

#[tokio::test]
async fn a_file_is_uploaded_by_its_link_for_an_hour() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "import"})).await;
    advance_to(&fixture.world, JOB_WAIT, Duration::from_secs(1));
    let upload = job.get().await["upload"].clone();
    send(&fixture, &upload["url"], "user_id\na\n").await.is(200);
    job.start(&import_start(json!({}))).await.is(202);
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"created": 1}));
    fixture.world.clock.advance(Duration::from_secs(1));
    send(&fixture, &upload["url"], "user_id\nb\n").await.is(403);
    assert!(job.get().await.get("upload").is_none());
    assert_eq!(job.objects().await.into_keys().collect::<Vec<_>>(), ["report.csv"]);
}

#[tokio::test]
async fn a_link_to_a_file_lives_fifteen_minutes_and_not_with_another_byte() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    let job = fixture.run(&json!({"kind": "export", "format": "ndjson"})).await;
    let link = job["files"][0]["download_url"].as_str().unwrap().to_owned();
    let content = follow(&fixture, &link).await.is(200).bytes.clone();
    assert_eq!(json!(content.len()), job["files"][0]["bytes"]);
    let last = if link.ends_with('0') { "1" } else { "0" };
    follow(&fixture, &format!("{}{last}", &link[..link.len() - 1])).await.is(403);
    follow(&fixture, &link.replace("accounts-1", "accounts-2")).await.is(403);
    fixture.world.clock.advance(Duration::from_millis(15 * 60 * 1_000 - 1));
    follow(&fixture, &link).await.is(200);
    fixture.world.clock.advance(Duration::from_millis(1));
    follow(&fixture, &link).await.is(403);
}

#[tokio::test]
async fn a_link_does_not_outlive_its_file() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!(over["expires_at"], json!(fixture.world.now() + JOB_FILES_LIFETIME));
    let stored = fixture.world.stored_job(job.ids()).await;
    let left = |now| stored.link_lifetime(now);
    let end = fixture.world.now() + JOB_FILES_LIFETIME;
    assert_eq!(left(end - Duration::from_mins(20)), Some(Duration::from_mins(15)));
    assert_eq!(left(end - Duration::from_mins(5)), Some(Duration::from_mins(5)));
    assert_eq!(left(end), None);
}

#[tokio::test]
async fn files_are_gone_after_a_day() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.work_on_jobs().await;
    advance_to(&fixture.world, JOB_FILES_LIFETIME, Duration::from_millis(1));
    fixture.world.work_on_jobs().await;
    assert_eq!(job.objects().await.len(), 1);
    fixture.world.clock.advance(Duration::from_millis(2));
    let driven = crate::cleanup::run(&fixture.world).await["jobs_driven"].clone();
    assert_eq!(driven, 1, "the cleanup reports the job to its workers");
    fixture.world.work_on_jobs().await;
    assert!(job.objects().await.is_empty());
    assert!(fixture.world.stored_job(job.ids()).await.files.is_empty());
    fixture.world.clock.advance(Duration::from_hours(1));
    assert_eq!(crate::cleanup::run(&fixture.world).await["jobs_driven"], 0);
}

#[tokio::test]
async fn a_job_is_found_behind_many_other_due_items() {
    let fixture = JobFixture::new().await;
    for _ in 0..rollcall_domain::limits::DUE_PAGE + 5 {
        crate::cleanup::deleted(&fixture.world, &fixture.admin, "Gone").await;
    }
    fixture.world.clock.advance(Duration::from_mins(2));
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.work_on_jobs().await;
    assert_eq!(job.get().await["status"], "succeeded");
}
