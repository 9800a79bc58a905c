//! Jobs that somebody ends.

use super::*;

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    for (body, start) in [
        (json!({"kind": "export", "format": "csv"}), json!({})),
        (json!({"kind": "edit", "user_ids": ["a000"], "set": {"level": 3}}), json!({"matched": 1})),
        (json!({"kind": "import"}), import_start(json!({}))),
    ] {
        let job = fixture.begin(&body).await;
        job.delete().await.is(204);
        let over = job.get().await;
        assert_eq!((&over["status"], &over["error"]), (&json!("cancelled"), &Value::Null));
        assert_eq!(over["finished_at"], json!(fixture.world.now()));
        fixture.world.work_on_jobs().await;
        assert_eq!(job.get().await, over);
        assert!(job.objects().await.is_empty());
        job.delete().await.is(204);
        job.start(&start).await.is_problem(Code::WrongStatus);
    }
    assert_eq!(fixture.accounts().await["a000"]["level"], 0);
}

#[tokio::test]
async fn a_job_that_waits_for_its_start_is_cancelled_with_its_files() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    let edit = fixture.begin(&json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}})).await;
    let import = fixture.upload("user_id,level\na000,x\na001,5\n").await;
    import.start(&import_start(json!({"dry_run": true}))).await.is(202);
    fixture.world.work_on_jobs().await;
    assert_eq!(import.get().await["files"].as_array().unwrap().len(), 1);
    for job in [edit, import] {
        assert!(!job.objects().await.is_empty());
        job.delete().await.is(204);
        let over = job.get().await;
        assert_eq!((&over["status"], &over["files"]), (&json!("cancelled"), &json!([])));
        assert!(job.objects().await.is_empty(), "{:?}", job.objects().await);
    }
}

#[tokio::test]
async fn a_second_run_that_is_cancelled_before_it_begins_leaves_no_report_of_the_first() {
    let fixture = JobFixture::new().await;
    let import = fixture.upload("user_id,level\na000,x\n").await;
    import.start(&import_start(json!({"dry_run": true}))).await.is(202);
    fixture.world.work_on_jobs().await;
    import.start(&import_start(json!({}))).await.is(202);
    import.delete().await.is(204);
    assert_eq!(import.get().await["status"], "cancelled");
    assert!(import.objects().await.is_empty(), "{:?}", import.objects().await);
}

#[tokio::test]
async fn a_cancelled_import_keeps_what_it_has_done_and_its_report() {
    let fixture = JobFixture::new().await;
    let rows: String = lines(0..100, |number| format!("a{number:03},{}\n", if number == 7 { "x" } else { "1" }));
    let job = fixture.upload(format!("user_id,level\n{rows}")).await;
    job.start(&import_start(json!({}))).await.is(202);
    // The file is checked, one chunk is written, then the job is asked to end while it writes the second one.
    let pause = fixture.world.faults.pause(9);
    let working = fixture.world.step(job.ids(), "local", Duration::from_mins(1));
    let (over, deleted) = Box::pin(pause.run(working, job.delete())).await;
    assert!(over.unwrap());
    deleted.unwrap().is(204);
    let over = job.get().await;
    assert_eq!((&over["status"], &over["error"]), (&json!("cancelled"), &Value::Null));
    let created = fixture.accounts().await.len();
    assert!(created > 0 && created < 99, "{created}");
    assert_eq!(counts(&over), json!({"created": created, "failed": 1}));
    assert_eq!(fixture.rows(&over).await[1][..3], ["9", "level", "wrong_type"]);
    assert_eq!(job.objects().await.into_keys().collect::<Vec<_>>(), ["report.csv"]);
    job.delete().await.is(204);
    assert_eq!(job.get().await["files"], json!([]));
    assert!(job.objects().await.is_empty());
}

#[tokio::test]
async fn an_import_that_is_cancelled_between_two_steps_keeps_its_report() {
    let fixture = JobFixture::new().await;
    let rows: String = lines(0..100, |number| format!("a{number:03},x\n"));
    let job = fixture.upload(format!("user_id,level\n{rows}")).await;
    job.start(&import_start(json!({}))).await.is(202);
    assert!(!job.step_at_once().await);
    job.delete().await.is(204);
    assert_eq!(job.get().await["status"], "queued", "`cancelled` shows when nothing more is written");
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!(over["status"], "cancelled");
    assert_eq!(over["files"][0]["name"], "report.csv");
    assert_eq!(over["files"][0]["rows"], over["counts"]["failed"]);
}

/// Ends a job at each call of its work, and returns how many there are.
async fn cancel_at_each_call(format: &str) -> usize {
    for call in 1.. {
        let fixture = JobFixture::new().await;
        fixture.load_many(3).await;
        let job = fixture.begin(&json!({"kind": "export", "format": format})).await;
        let pause = fixture.world.faults.pause(call);
        let working = fixture.world.step(job.ids(), "local", Duration::from_mins(1));
        let (over, deleted) = Box::pin(pause.run(working, job.delete())).await;
        assert!(over.unwrap(), "at call {call}");
        if deleted.is_none() {
            return call;
        }
        let status = job.get().await["status"].clone();
        let objects = job.objects().await;
        assert!(status == "cancelled" && objects.is_empty(), "{status} with {objects:?} at call {call}");
    }
    unreachable!("a job makes a finite number of calls")
}

#[tokio::test]
async fn an_export_that_is_cancelled_at_any_moment_leaves_no_file() {
    for format in ["csv", "xlsx"] {
        let calls = cancel_at_each_call(format).await;
        assert!(calls > 6, "{calls}");
    }
}

/// One part of the file is written, and some of the next one is set aside.
#[rstest::rstest]
#[tokio::test]
async fn an_export_that_ends_between_two_steps_leaves_nothing(
    #[values("cancelled", "user disabled", "application deleted")] how: &str,
) {
    let (fixture, _) = JobFixture::of_team().await;
    fixture.load_many(2_100).await;
    let (user, client) = fixture.world.user("chief", UserType::SuperAdmin, []).await;
    let export = json!({"kind": "export", "format": "csv"});
    let created = client.post(&format!("{}/jobs", fixture.app), &export).await;
    let job = fixture.job(created.is(202));
    assert!(!job.step_at_once().await);
    let objects = job.objects().await;
    assert!(objects.len() == 2 && objects.contains_key("accounts-1 in parts"), "{objects:?}");
    match how {
        "cancelled" => drop(job.delete().await.is(204)),
        "user disabled" => {
            let path = format!("/v1/users/{}", user.user_id);
            fixture.admin.patch(&path, &json!({"status": "disabled"})).await.is(200);
        }
        _ => {
            fixture.lock(false).await;
            let deletion = fixture.begin(&json!({"kind": "delete", "user_id_prefix": "a"})).await;
            fixture.world.step(deletion.ids(), "local", Duration::from_mins(1)).await.unwrap();
            deletion.start(&json!({"matched": 2_100})).await.is(202);
            fixture.world.step(deletion.ids(), "local", Duration::from_mins(1)).await.unwrap();
            fixture.client().await.delete(&fixture.app).await.is(204);
        }
    }
    fixture.world.work_on_jobs().await;
    assert!(job.objects().await.is_empty(), "{:?}", job.objects().await);
}

#[tokio::test]
async fn the_files_of_a_job_that_is_over_are_removed_on_request() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.work_on_jobs().await;
    for _ in 0..2 {
        job.delete().await.is(204);
        let over = job.get().await;
        assert_eq!((&over["status"], &over["files"]), (&json!("succeeded"), &json!([])));
        assert!(job.objects().await.is_empty());
    }
}
