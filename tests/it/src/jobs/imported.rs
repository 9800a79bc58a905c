//! What the rows of a file do.

use rollcall_domain::limits::MAX_ADMINS_PER_APP;

use super::*;

#[tokio::test]
async fn a_row_creates_changes_or_keeps_an_account() {
    let fixture = JobFixture::new().await;
    fixture
        .load([
            json!({"user_id": "same", "type": "general", "nickname": "Mina", "level": 3, "location": "Busan"}),
            json!({"user_id": "other", "type": "general", "nickname": "Bo", "level": 3, "location": "Busan"}),
            json!({"user_id": "cleared", "type": "general", "nickname": "Jin", "level": 3, "location": "Busan"}),
        ])
        .await;
    let rows = "nickname,user_id,level\nMina,same,3\nBo,other,4\n,cleared,\nNew,new,1\n";
    let job = fixture.import(rows, json!({})).await;
    assert_eq!(
        (&job["status"], counts(&job)),
        (&json!("succeeded"), json!({"created": 1, "updated": 2, "unchanged": 1}))
    );
    assert_eq!(job["progress"], json!({"done": 4, "total": 4}));
    let shown =
        |account: &Value| json!([account["nickname"], account["level"], account["location"], account["version"]]);
    let accounts = fixture.accounts().await;
    assert_eq!(shown(&accounts["same"]), json!(["Mina", 3, "Busan", 1]));
    assert_eq!(shown(&accounts["other"]), json!(["Bo", 4, "Busan", 2]));
    assert_eq!(shown(&accounts["cleared"]), json!([null, 0, "Busan", 2]), "an empty cell clears, no column keeps");
    assert_eq!(shown(&accounts["new"]), json!(["New", 1, null, 1]));
    assert_eq!(fixture.rows(&job).await.len(), 1, "the report is there without rows");
}

#[tokio::test]
async fn an_account_that_exists_is_kept_changed_or_reported() {
    for (on_existing, expected, nickname) in [
        ("skip", json!({"created": 1, "skipped": 1}), "Old"),
        ("update", json!({"created": 1, "updated": 1}), "New"),
        ("fail", json!({"created": 1, "failed": 1}), "Old"),
    ] {
        let fixture = JobFixture::new().await;
        fixture.load([general("a", "Old")]).await;
        let job = fixture.import("user_id,nickname\na,New\nb,New\n", json!({"on_existing": on_existing})).await;
        assert_eq!(counts(&job), expected, "{on_existing}");
        let accounts = fixture.accounts().await;
        assert_eq!((&accounts["a"]["nickname"], &accounts["b"]["nickname"]), (&json!(nickname), &json!("New")));
        if on_existing == "fail" {
            assert_eq!(fixture.rows(&job).await[1][..3], ["2", "user_id", "account_exists"]);
        }
    }
}

#[tokio::test]
async fn an_id_that_comes_twice_meets_the_account_of_its_first_row() {
    for (on_existing, expected, nickname) in [
        ("skip", json!({"created": 2, "skipped": 1}), "First"),
        ("update", json!({"created": 2, "updated": 1}), "Second"),
        ("fail", json!({"created": 2, "failed": 1}), "First"),
    ] {
        let fixture = JobFixture::new().await;
        let file = "user_id,nickname\na,First\nb,Other\na,Second\n";
        let trial = fixture.upload(file).await;
        trial.start(&import_start(json!({"dry_run": true, "on_existing": on_existing}))).await.is(202);
        fixture.world.work_on_jobs().await;
        assert_eq!(counts(&trial.get().await), expected, "{on_existing}");
        let job = fixture.import(file, json!({"on_existing": on_existing})).await;
        assert_eq!(counts(&job), expected, "{on_existing}");
        assert_eq!(fixture.accounts().await["a"]["nickname"], nickname);
    }
}

#[tokio::test]
async fn a_row_with_another_type_than_its_account_fails() {
    let fixture = JobFixture::new().await;
    fixture.load([general("a", "Old"), general("b", "Old")]).await;
    let job = fixture.import("user_id,type,nickname\na,admin,New\nb,general,New\n", json!({})).await;
    assert_eq!(counts(&job), json!({"updated": 1, "failed": 1}));
    assert_eq!(fixture.rows(&job).await[1][..3], ["2", "type", "immutable_field"]);
}

#[tokio::test]
async fn rows_that_make_admins_need_the_permission_for_it() {
    let (fixture, team) = JobFixture::of_team().await;
    let client = fixture.world.member("mina", [(team, "developer")]).await;
    let created = client.post(&format!("{}/jobs", fixture.app), &json!({"kind": "import"})).await;
    let job = fixture.job(created.is(201));
    job.put_upload("user_id,type\na,general\nboss,admin\nc,general\n").await;
    client.post(&format!("{}/start", job.path()), &import_start(json!({"dry_run": true}))).await.is(202);
    fixture.world.work_on_jobs().await;
    let trial = job.get().await;
    client.post(&format!("{}/start", job.path()), &import_start(json!({}))).await.is(202);
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    for job in [&trial, &over] {
        assert_eq!(counts(job), json!({"created": 2, "failed": 1}));
    }
    assert_eq!(fixture.rows(&over).await[1][..3], ["3", "type", "forbidden"]);
    assert_eq!(fixture.accounts().await.into_keys().collect::<Vec<_>>(), ["a", "c"]);
}

#[tokio::test]
async fn an_import_makes_at_most_ten_admins() {
    let fixture = JobFixture::new().await;
    fixture
        .admin
        .post(&format!("{}/accounts", fixture.app), &json!({"user_id": "first", "type": "admin"}))
        .await
        .is(201);
    let rows: String = lines(0..12, |number| format!("boss{number:02},admin\nuser{number:02},general\n"));
    let job = fixture.upload(format!("user_id,type\n{rows}")).await;
    let expected = json!({"created": 12 + MAX_ADMINS_PER_APP - 1, "failed": 3});
    for dry_run in [true, false] {
        job.start(&import_start(json!({"dry_run": dry_run}))).await.is(202);
        fixture.world.work_on_jobs().await;
        let over = job.get().await;
        assert_eq!(counts(&over), expected, "{dry_run}");
        let codes: Vec<_> = fixture.rows(&over).await[1..].iter().map(|row| [row[1].clone(), row[2].clone()]).collect();
        assert_eq!(codes, vec![["type".to_owned(), "admin_limit_reached".to_owned()]; 3], "{dry_run}");
    }
    crate::support::consistency::assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_mapping_says_what_the_columns_are() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload("x1,x2,x3\nauth0|5f7c,Mina,ignored\nauth0|5f7d,Bo,ignored\n").await;
    let mapping = json!({
        "columns": [{"index": 0, "field": "user_id", "transform": "strip_prefix"}, {"index": 1, "field": "nickname"}],
        "constants": {"level": 5, "location": "Busan"},
    });
    let preview = job.preview(&json!({"mapping": mapping})).await.is(200).body.clone();
    let shown = |row: &Value| json!([row["user_id"], row["nickname"], row["level"], row["location"]]);
    assert_eq!(shown(&preview["rows"][0]), json!(["5f7c", "Mina", 5, "Busan"]));
    assert_eq!(fixture.accounts().await.len(), 0, "a preview writes nothing");
    job.start(&import_start(json!({"mapping": mapping}))).await.is(202);
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"created": 2}));
    let accounts = fixture.accounts().await;
    let rows = preview["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| shown(row) == shown(&accounts[row["user_id"].as_str().unwrap()])), "{preview}");
    let refused =
        job_with(&fixture, json!({"columns": [{"index": 0, "field": "user_id"}], "constants": {"level": -1}})).await;
    assert_eq!(refused.is(422).violations(), [json!(["/mapping/constants/level", "out_of_range"])]);
    let refused = job_with(&fixture, json!({"columns": [{"index": 9, "field": "user_id"}]})).await;
    assert_eq!(refused.status, 422);
}

async fn job_with(fixture: &JobFixture, mapping: Value) -> Reply {
    let job = fixture.upload("x1,x2\na,b\n").await;
    let refused = job.start(&import_start(json!({"mapping": mapping}))).await;
    job.delete().await.is(204);
    refused
}

#[tokio::test]
async fn an_export_imported_again_changes_nothing() {
    let fixture = JobFixture::new().await;
    let texts = ["=1+1", "x;=1", "'t Hooft", "007", "1.2E+11", "l1\n=1+1"];
    let account = |(number, text): (usize, &&str)| json!({"user_id": format!("a{number}"), "type": "general", "nickname": text.replace('\n', " "), "whats_up": text});
    fixture.load(texts.iter().enumerate().map(account)).await;
    fixture.load([general("1.2E+11", "An id that is no number")]).await;
    let before = fixture.accounts().await;
    for format in ["csv", "ndjson", "xlsx"] {
        let job = fixture.run(&json!({"kind": "export", "format": format})).await;
        let file = fixture.download(&job["files"][0]).await;
        let again = fixture.import(file, json!({})).await;
        assert_eq!(counts(&again), json!({"unchanged": 7}), "{format}");
    }
    assert_eq!(fixture.accounts().await, before);
}
