//! Jobs that wait too long, and workers that disappear.

use rollcall_domain::{
    job::{Job, JobStatus},
    limits::{JOB_LEASE, MAX_JOB_ATTEMPTS},
};
use rollcall_store::job;

use super::*;
use crate::support::faults::{FOREVER, Fault};

#[tokio::test]
async fn a_job_that_waits_for_an_hour_is_cancelled_and_leaves_its_place() {
    let fixture = JobFixture::new().await;
    fixture.load_many(2).await;
    let upload = fixture.begin(&json!({"kind": "import"})).await;
    let preview = fixture.upload("user_id\na\n").await;
    preview.preview(&json!({})).await.is(200);
    let edit = fixture.begin(&json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 1}})).await;
    fixture.world.work_on_jobs().await;
    fixture.begin(&json!({"kind": "import"})).await;
    fixture.begin(&json!({"kind": "import"})).await;
    fixture.create(&json!({"kind": "import"})).await.is_problem(Code::TooManyJobs);
    advance_to(&fixture.world, JOB_WAIT, Duration::from_millis(1));
    fixture.world.work_on_jobs().await;
    assert_eq!(upload.get().await["status"], "awaiting_upload");
    fixture.world.clock.advance(Duration::from_millis(1));
    edit.start(&json!({"matched": 2})).await.is_problem(Code::WrongStatus);
    preview.start(&import_start(json!({}))).await.is_problem(Code::WrongStatus);
    preview.preview(&json!({})).await.is_problem(Code::WrongStatus);
    fixture.world.work_on_jobs().await;
    for job in [upload, preview, edit] {
        let over = job.get().await;
        assert_eq!((&over["status"], &over["error"]["code"]), (&json!("cancelled"), &json!("expired")));
        assert!(job.objects().await.is_empty());
    }
    for _ in 0..MAX_JOBS_PER_APP {
        fixture.begin(&json!({"kind": "import"})).await;
    }
}

/// No worker and no cleanup has looked at the jobs.
#[tokio::test]
async fn a_job_that_has_waited_too_long_is_over_by_the_clock() {
    let fixture = JobFixture::new().await;
    let mut jobs = Vec::new();
    for _ in 0..MAX_JOBS_PER_APP {
        jobs.push(fixture.upload("user_id\na\n").await);
    }
    advance_to(&fixture.world, JOB_WAIT, Duration::from_millis(1));
    fixture.create(&json!({"kind": "import"})).await.is_problem(Code::TooManyJobs);
    assert_eq!(jobs[0].get().await["status"], "awaiting_upload");
    fixture.world.clock.advance(Duration::from_millis(1));
    let since = fixture.world.now();
    fixture.world.clock.advance(Duration::from_mins(1));
    let over = jobs[0].get().await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("cancelled"), &json!("expired")));
    assert_eq!((&over["finished_at"], over.get("upload")), (&json!(since), None));
    let list = format!("{}/jobs", fixture.app);
    for (status, count) in [("awaiting_upload", 0), ("cancelled", 5)] {
        let listed = fixture.client().await.get(&format!("{list}?status={status}")).await.body.clone();
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{status}");
    }
    jobs[0].preview(&json!({})).await.is_problem(Code::WrongStatus);
    jobs[0].start(&import_start(json!({}))).await.is_problem(Code::WrongStatus);
    jobs[0].delete().await.is(204);
    assert_eq!(jobs[0].get().await["status"], "cancelled");
    for _ in 0..MAX_JOBS_PER_APP {
        fixture.begin(&json!({"kind": "import"})).await;
    }
    fixture.create(&json!({"kind": "import"})).await.is_problem(Code::TooManyJobs);
    for job in jobs {
        assert!(job.objects().await.is_empty());
        assert_eq!(job.get().await["finished_at"], json!(since));
    }
}

#[tokio::test]
async fn the_report_of_a_trial_is_gone_when_nobody_starts_the_import() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload("user_id,level\na,x\n").await;
    job.start(&import_start(json!({"dry_run": true}))).await.is(202);
    fixture.world.work_on_jobs().await;
    fixture.world.clock.advance(JOB_WAIT);
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["status"], &over["files"]), (&json!("cancelled"), &json!([])));
    assert_eq!(counts(&over), json!({}), "nothing was done");
    assert!(job.objects().await.is_empty());
}

#[tokio::test]
async fn a_job_is_taken_over_when_its_lease_has_lapsed() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.faults.arm(Fault::ServerError, 3, FOREVER);
    fixture.world.step(job.ids(), "killed", Duration::from_mins(1)).await.unwrap_err();
    fixture.world.faults.disarm();
    assert_eq!(job.get().await["status"], "running");
    advance_to(&fixture.world, JOB_LEASE, Duration::from_millis(1));
    assert!(fixture.world.step(job.ids(), "other", Duration::from_mins(1)).await.unwrap());
    assert_eq!(job.get().await["status"], "running");
    fixture.world.clock.advance(Duration::from_millis(1));
    assert!(fixture.world.step(job.ids(), "other", Duration::from_mins(1)).await.unwrap());
    assert_eq!(job.get().await["status"], "succeeded");
}

#[tokio::test]
async fn a_job_whose_worker_died_is_sent_out_again_by_the_cleanup() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.faults.arm(Fault::ServerError, 3, FOREVER);
    fixture.world.step(job.ids(), "killed", Duration::from_mins(1)).await.unwrap_err();
    fixture.world.faults.disarm();
    assert_eq!(crate::cleanup::run(&fixture.world).await["jobs_driven"], 0);
    fixture.world.clock.advance(JOB_LEASE + Duration::from_millis(1));
    assert_eq!(crate::cleanup::run(&fixture.world).await["jobs_driven"], 1);
    assert_eq!(crate::cleanup::run(&fixture.world).await["jobs_driven"], 0, "it is due now");
}

#[tokio::test]
async fn jobs_that_were_left_for_days_go_on() {
    let fixture = JobFixture::new().await;
    let waiting = fixture.begin(&json!({"kind": "import"})).await;
    let queued = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.clock.advance(Duration::from_hours(72));
    crate::cleanup::run(&fixture.world).await;
    fixture.world.work_on_jobs().await;
    assert_eq!(waiting.get().await["error"]["code"], "expired");
    assert_eq!(queued.get().await["status"], "succeeded");
}

#[tokio::test]
async fn a_job_that_never_gets_on_fails_and_leaves_its_place() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    // The first write takes the lease.
    fixture.world.faults.arm(Fault::ServerError, 2, FOREVER);
    fixture.world.step(job.ids(), "local", Duration::from_mins(1)).await.unwrap_err();
    fixture.world.faults.disarm();
    let tried = fixture.world.stored_job(job.ids()).await;
    assert_eq!((tried.status, tried.attempts), (JobStatus::Running, 1));
    let last = Job { attempts: MAX_JOB_ATTEMPTS, ..tried.clone() }.next();
    fixture.world.writer().commit(job::change(&tried, &last).unwrap()).await.unwrap();
    assert!(fixture.world.step(job.ids(), "local", Duration::from_mins(1)).await.unwrap());
    let over = job.get().await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("internal")));
}

#[tokio::test]
async fn an_import_whose_file_was_replaced_during_its_work_ends() {
    let fixture = JobFixture::new().await;
    let rows: String = lines(0..100, |number| format!("a{number:03}\n"));
    let job = fixture.upload(format!("user_id\n{rows}")).await;
    job.start(&import_start(json!({}))).await.is(202);
    assert!(!job.step_at_once().await);
    job.put_upload(*b"\x00\x01\x02\x03").await;
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("unreadable_file")), "{over}");
    assert!(job.objects().await.is_empty());
}
