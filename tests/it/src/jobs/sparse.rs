//! Filters that match little of a large application: a step ends in time all the same.

use super::*;

/// More accounts than a step reads before it looks at the time.
const MANY: usize = 4_500;

async fn large() -> JobFixture {
    let fixture = JobFixture::new().await;
    let nickname = |number: usize| if number % 1_500 == 700 { "Rare" } else { "Pilot" };
    fixture.load((0..MANY).map(|number| general(&format!("a{number:04}"), nickname(number)))).await;
    fixture
}

/// Works in steps that have no time. Returns how many there were.
async fn steps(job: &JobRef<'_>) -> usize {
    let mut steps = 1;
    while !job.step_at_once().await {
        steps += 1;
        assert!(steps < 20, "a step gets on");
    }
    steps
}

#[tokio::test]
async fn an_export_of_few_accounts_looks_at_the_time_after_each_page() {
    let fixture = large().await;
    for (format, q, found) in [
        ("csv", "rare", 3),
        ("ndjson", "rare", 3),
        ("xlsx", "rare", 3),
        ("csv", "nobody", 0),
        ("ndjson", "nobody", 0),
        ("xlsx", "nobody", 0),
    ] {
        let whole = fixture.run(&json!({"kind": "export", "format": format, "q": q})).await;
        let job = fixture.begin(&json!({"kind": "export", "format": format, "q": q})).await;
        let place = format!("{format} of {q}");
        assert!(steps(&job).await > 2, "{place}");
        let over = job.get().await;
        assert_eq!((&over["status"], &over["progress"]["done"]), (&json!("succeeded"), &json!(found)), "{over}");
        let files = over["files"].as_array().unwrap();
        let rows: u64 = files.iter().map(|file| file["rows"].as_u64().unwrap()).sum();
        assert_eq!(rows, found, "{place}");
        if format == "xlsx" {
            continue;
        }
        let contents = (fixture.download(&files[0]).await, fixture.download(&whole["files"][0]).await);
        assert_eq!(contents.0, contents.1, "{place}");
        let names = job.objects().await.into_keys().collect::<Vec<_>>();
        assert_eq!(names, ["accounts-1"], "what was set aside is gone");
    }
}

#[tokio::test]
async fn a_list_of_few_accounts_looks_at_the_time_after_each_page() {
    let fixture = large().await;
    for (q, found) in [("rare", 3), ("nobody", 0)] {
        let job = fixture.begin(&json!({"kind": "edit", "q": q, "set": {"level": 3}})).await;
        assert!(steps(&job).await > 2, "{q}");
        let waiting = job.get().await;
        assert_eq!((&waiting["status"], &waiting["matched"]), (&json!("awaiting_start"), &json!(found)), "{waiting}");
        job.start(&json!({"matched": found})).await.is(202);
        fixture.world.work_on_jobs().await;
        let over = job.get().await;
        assert_eq!((&over["status"], &over["counts"]["updated"]), (&json!("succeeded"), &json!(found)), "{over}");
        assert!(job.objects().await.is_empty());
    }
}
