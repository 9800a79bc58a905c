//! Dry runs: they say what an import would do, and write no account.

use super::*;

/// A file with rows of every outcome, in more than one chunk.
fn file() -> String {
    let rows = (0..120).map(|number| match number % 6 {
        0 => format!("new{number},general,Mina,1\n"),
        1 => format!("a{number:03},general,Pilot,0\n"),
        2 => format!("a{number:03},general,Changed,5\n"),
        3 => format!("bad id {number},general,Mina,1\n"),
        4 => format!("a{number:03},admin,Mina,1\n"),
        _ => "twice,general,Mina,".to_owned() + &number.to_string() + "\n",
    });
    format!("user_id,type,nickname,level\n{}", rows.collect::<String>())
}

#[tokio::test]
async fn a_trial_reports_what_the_import_then_does() {
    for on_existing in ["skip", "update", "fail"] {
        let fixture = JobFixture::new().await;
        fixture.load_many(120).await;
        let before = fixture.accounts().await;
        let job = fixture.upload(file()).await;
        job.start(&import_start(json!({"dry_run": true, "on_existing": on_existing}))).await.is(202);
        fixture.world.work_on_jobs().await;
        let trial = job.get().await;
        assert_eq!(trial["status"], "awaiting_start");
        assert_eq!(fixture.accounts().await, before);
        let report = fixture.rows(&trial).await;
        assert!(!fixture.world.audit().await.iter().any(|record| record["action"] == "account.import"));
        job.start(&import_start(json!({"on_existing": on_existing}))).await.is(202);
        assert_eq!(job.get().await["files"], json!([]));
        fixture.world.work_on_jobs().await;
        let over = job.get().await;
        assert_eq!(over["status"], "succeeded");
        assert_eq!((&over["counts"], &over["progress"]), (&trial["counts"], &trial["progress"]), "{on_existing}");
        assert_eq!(fixture.rows(&over).await, report, "{on_existing}");
    }
}

#[tokio::test]
async fn a_trial_may_be_repeated_and_does_what_the_table_says_then() {
    let fixture = JobFixture::new().await;
    let job = fixture.upload("user_id,level\na,1\nb,x\n").await;
    for expected in [json!({"created": 1, "failed": 1}), json!({"skipped": 1, "failed": 1})] {
        job.start(&import_start(json!({"dry_run": true, "on_existing": "skip"}))).await.is(202);
        fixture.world.work_on_jobs().await;
        let trial = job.get().await;
        assert_eq!(counts(&trial), expected);
        assert_eq!(fixture.rows(&trial).await.len(), 2);
        fixture.load([general("a", "Mina")]).await;
    }
}

/// The rows that a trial rejects are stored before it ends. A trial that is begun anew may reject others.
#[tokio::test(start_paused = true)]
async fn a_trial_that_is_begun_anew_reports_only_its_own_rows() {
    let fixture = JobFixture::new().await;
    fixture.load([general("a", "Mina"), general("b", "Mina")]).await;
    let job = fixture.upload("user_id\na\nb\nc c\n").await;
    job.start(&import_start(json!({"dry_run": true, "on_existing": "fail"}))).await.is(202);
    let faults = &fixture.world.faults;
    faults.arm(crate::support::faults::Fault::ServerError, usize::MAX - 1, 0);
    let mut call = 0;
    // Dies after the call that stores the rejected rows.
    while job.get().await["counts"]["failed"] == 0 {
        call += 1;
        faults.arm(crate::support::faults::Fault::ServerError, call, crate::support::faults::FOREVER);
        fixture.world.step(job.ids(), "local", Duration::from_mins(1)).await.ok();
        faults.disarm();
    }
    assert_eq!((job.get().await["status"].clone(), counts(&job.get().await)), (json!("running"), json!({"failed": 3})));
    fixture.delete_account("a").await;
    fixture.world.work_on_jobs().await;
    let trial = job.get().await;
    assert_eq!(counts(&trial), json!({"created": 1, "failed": 2}));
    let lines: Vec<_> = fixture.rows(&trial).await[1..].iter().map(|row| row[0].clone()).collect();
    assert_eq!(lines, ["3", "4"]);
}

#[tokio::test]
async fn a_trial_of_rows_with_every_fault_at_once_is_reported() {
    let fixture = JobFixture::new().await;
    let names =
        "user_id,gender,birth_date,photo_url,friend_verification,language,message_settings,friending,level,role";
    let rows: String = lines(0..600, |number| format!("a b{number},x,x,x,x,x,x,x,x,x\n"));
    let job = fixture.import(format!("{names}\n{rows}"), json!({"dry_run": true})).await;
    assert_eq!((&job["status"], counts(&job)), (&json!("awaiting_start"), json!({"failed": 600})), "{job}");
    assert_eq!(job["files"][0]["rows"], 600);
}
