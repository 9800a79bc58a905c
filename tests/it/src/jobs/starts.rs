//! What replies to requests that begin, list and start jobs.

use super::*;

#[tokio::test]
async fn a_new_job_is_answered_with_its_place_and_its_request() {
    let fixture = JobFixture::new().await;
    let body = json!({"kind": "export", "format": "csv", "gzip": null, "columns": ["user_id"], "type": "general"});
    let created = fixture.create(&body).await;
    let job = fixture.job(created.is(202));
    assert_eq!(created.header("location"), job.path());
    let now = fixture.world.now();
    let shown = json!({
        "job_id": job.job_id, "kind": "export", "app_id": fixture.app_id, "status": "queued",
        "created_by": {"user_id": fixture.user.user_id, "username": fixture.user.username},
        "created_at": now, "started_at": null, "finished_at": null, "expires_at": null, "as_of": null,
        "progress": {"done": 0, "total": null},
        "counts": {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "deleted": 0, "failed": 0},
        "matched": null, "files": [], "error": null,
        "request": {"format": "csv", "columns": ["user_id"], "type": "general"},
    });
    assert_eq!(created.body, shown);
    assert_eq!(job.get().await, shown);
}

#[tokio::test]
async fn a_new_import_says_how_to_upload_its_file() {
    let fixture = JobFixture::new().await;
    let created = fixture.create(&json!({"kind": "import", "file_name": "accounts.csv"})).await;
    let job = fixture.job(created.is(201));
    assert_eq!(created.header("location"), job.path());
    assert_eq!(created.body["status"], "awaiting_upload");
    assert_eq!(created.body["request"], json!({"file_name": "accounts.csv"}));
    let upload = &created.body["upload"];
    assert_eq!((&upload["method"], &upload["max_bytes"]), (&json!("PUT"), &json!(5_u64 << 30)));
    assert_eq!(upload["expires_at"], json!(fixture.world.now() + JOB_WAIT));
    for (method, body) in [("start", import_start(json!({}))), ("preview", json!({}))] {
        let early = fixture.admin.post(&format!("{}/{method}", job.path()), &body).await;
        early.is_problem(Code::WrongStatus);
    }
}

#[tokio::test]
async fn a_repeated_request_with_an_idempotency_key_begins_one_job() {
    let fixture = JobFixture::new().await;
    let (admin, path) = (fixture.admin.with("idempotency-key", "once"), format!("/v1/apps/{}/jobs", fixture.app_id));
    let export = json!({"kind": "export", "format": "csv"});
    let first = admin.post(&path, &export).await;
    let again = admin.post(&path, &export).await;
    assert_eq!(first.is(202).body, again.is(202).body);
}

#[tokio::test]
async fn an_application_has_at_most_five_unfinished_jobs() {
    let fixture = JobFixture::new().await;
    let mut jobs = Vec::new();
    for _ in 0..MAX_JOBS_PER_APP {
        jobs.push(fixture.begin(&json!({"kind": "import"})).await);
    }
    let export = json!({"kind": "export", "format": "csv"});
    fixture.create(&export).await.is_problem(Code::TooManyJobs);
    jobs[0].delete().await.is(204);
    let export = fixture.begin(&export).await;
    fixture.create(&json!({"kind": "import"})).await.is_problem(Code::TooManyJobs);
    fixture.world.work_on_jobs().await;
    assert_eq!(export.get().await["status"], "succeeded");
    fixture.begin(&json!({"kind": "import"})).await;
    fixture.create(&json!({"kind": "import"})).await.is_problem(Code::TooManyJobs);
    let client = fixture.client().await;
    let other = fixture.world.app(&client, "Other").await;
    client.post(&format!("/v1/apps/{other}/jobs"), &json!({"kind": "import"})).await.is(201);
}

#[tokio::test]
async fn an_edit_is_started_with_the_number_that_it_found() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    let job = fixture.begin(&json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}})).await;
    job.start(&json!({"matched": 3})).await.is_problem(Code::WrongStatus);
    fixture.world.work_on_jobs().await;
    let found = job.get().await;
    assert_eq!((&found["status"], &found["matched"]), (&json!("awaiting_start"), &json!(3)));
    assert_eq!((&found["progress"], &found["files"]), (&json!({"done": 0, "total": 3}), &json!([])));
    for matched in [2, 4] {
        job.start(&json!({"matched": matched})).await.is_problem(Code::MatchedDiffers);
    }
    let invalid = job.start(&json!({"matched": "3", "force": true})).await;
    assert_eq!(invalid.is(422).violations(), [json!(["/matched", "wrong_type"]), json!(["/force", "unknown_field"])]);
    job.preview(&json!({})).await.is_problem(Code::WrongStatus);
    let started = job.start(&json!({"matched": 3})).await;
    assert_eq!(started.is(202).body["status"], "queued");
    job.start(&json!({"matched": 3})).await.is_problem(Code::WrongStatus);
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["status"], counts(&over)), (&json!("succeeded"), json!({"updated": 3})));
    assert_eq!(over["progress"], json!({"done": 3, "total": 3}));
    job.start(&json!({"matched": 3})).await.is_problem(Code::WrongStatus);
    assert!(job.objects().await.is_empty(), "the list of ids is gone");
}

#[tokio::test]
async fn an_export_or_a_running_import_is_not_started() {
    let fixture = JobFixture::new().await;
    let export = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    export.start(&json!({})).await.is_problem(Code::WrongStatus);
    export.preview(&json!({})).await.is_problem(Code::WrongStatus);
    let import = fixture.upload("user_id\na\n").await;
    import.preview(&json!({})).await.is(200);
    assert_eq!(import.get().await["status"], "awaiting_start");
    import.start(&import_start(json!({}))).await.is(202);
    for _ in 0..2 {
        import.start(&import_start(json!({}))).await.is_problem(Code::WrongStatus);
        import.preview(&json!({})).await.is_problem(Code::WrongStatus);
        fixture.world.work_on_jobs().await;
    }
}

#[tokio::test]
async fn a_start_of_an_import_says_what_is_wrong_with_it() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload("name,age\nMina,3\n").await;
    let preview = job.preview(&json!({})).await;
    assert!(preview.is(200).body["columns"].as_array().unwrap().iter().all(|column| column["field"] != "user_id"));
    assert_eq!(preview.body["rows"], json!([]));
    let without_id = job.start(&import_start(json!({}))).await;
    assert_eq!(without_id.is(422).violations(), [json!(["/mapping/columns", "required"])]);
    let empty = job.start(&json!({})).await;
    assert_eq!(empty.is(422).violations(), [json!(["/dry_run", "required"]), json!(["/on_existing", "required"])]);
    let wrong = job.start(&import_start(json!({"encoding": "x", "delimiter": "x", "mapping": 1}))).await;
    let places =
        [json!(["/encoding", "not_allowed"]), json!(["/delimiter", "not_allowed"]), json!(["/mapping", "wrong_type"])];
    assert_eq!(wrong.is(422).violations(), places);
    assert_eq!(job.get().await["status"], "awaiting_start");
}

#[tokio::test]
async fn a_wrong_request_begins_no_job() {
    let fixture = JobFixture::new().await;
    for (body, place) in [
        (json!({}), json!(["/kind", "required"])),
        (json!({"kind": "export"}), json!(["/format", "required"])),
        (json!({"kind": "edit", "set": {"level": 1}}), json!(["/user_ids", "required"])),
        (json!({"kind": "edit", "q": "a", "set": {"user_id": "b"}}), json!(["/set/user_id", "immutable_field"])),
        (json!({"kind": "edit", "q": "a", "set": {"type": "admin"}}), json!(["/set/type", "immutable_field"])),
        (json!({"kind": "edit", "q": "a", "set": {"level": -1}}), json!(["/set/level", "out_of_range"])),
        (json!({"kind": "edit", "user_ids": vec!["a"; 1_001], "set": {"level": 1}}), json!(["/user_ids", "too_long"])),
    ] {
        let refused = fixture.create(&body).await;
        assert_eq!(refused.is(422).violations(), [place], "{body}");
    }
    assert_eq!(fixture.admin.get(&format!("{}/jobs", fixture.app)).await.body["items"], json!([]));
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_kind_and_status_for_thirty_days() {
    let fixture = JobFixture::new().await;
    let mut ids = Vec::new();
    for body in [json!({"kind": "export", "format": "csv"}), json!({"kind": "import"}), json!({"kind": "import"})] {
        fixture.world.clock.advance(Duration::from_millis(1));
        ids.push(json!(fixture.begin(&body).await.job_id));
    }
    fixture.world.work_on_jobs().await;
    let list = async |query: &str| {
        let page = fixture.admin.get(&format!("{}/jobs?{query}", fixture.app)).await.is(200).body.clone();
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|job| job["job_id"].clone()).collect();
        (ids, page["next_cursor"].clone())
    };
    let [export, first, second] = [&ids[0], &ids[1], &ids[2]].map(Value::clone);
    assert_eq!(list("").await.0, [second.clone(), first.clone(), export.clone()]);
    assert_eq!(list("kind=import").await.0, [second.clone(), first.clone()]);
    assert_eq!(list("status=succeeded").await.0, vec![export.clone()]);
    assert!(list("kind=import&status=succeeded").await.0.is_empty());
    let (page, cursor) = list("limit=2").await;
    assert_eq!(page, [second, first]);
    let (rest, end) = list(&format!("limit=2&cursor={}", cursor.as_str().unwrap())).await;
    assert_eq!((rest, end), (vec![export], Value::Null));
    let wrong = fixture.admin.get(&format!("{}/jobs?kind=copy&status=lost", fixture.app)).await;
    assert_eq!(wrong.is(422).violations(), [json!(["kind", "not_allowed"]), json!(["status", "not_allowed"])]);
    fixture.world.clock.advance(Duration::from_hours(30 * 24) - Duration::from_millis(2));
    let later = fixture.world.member("later", []).await;
    later.get(&format!("{}/jobs", fixture.app)).await.is_problem(Code::NotFound);
    let admin = fixture.world.user("chief", UserType::SuperAdmin, []).await.1;
    let listed = admin.get(&format!("{}/jobs", fixture.app)).await.is(200).body.clone();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "the oldest job is no longer listed");
    admin.get(&format!("{}/jobs/{}", fixture.app, ids[0].as_str().unwrap())).await.is_problem(Code::NotFound);
}
