//! Work on jobs, interrupted at any of its calls and taken over by another worker: its result is that of undisturbed
//! work, and nothing is done twice.

use std::time::Duration;

use data_encoding::HEXLOWER;
use rollcall_domain::{
    id::JobId,
    job::{Job, JobStatus},
    limits::JOB_LEASE,
};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    jobs::{AT_ONCE, JobFixture, JobRef, audited::outcomes, import_start, lines},
    support::{
        Snapshot,
        faults::{FOREVER, Fault},
    },
};

/// Time enough for the whole work.
const LONG: Duration = Duration::from_mins(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Export,
    Workbook,
    Match,
    Edit,
    Delete,
    Trial,
    Import,
}

/// A job that is queued for its work.
struct QueuedJob {
    fixture: JobFixture,
    job_id: JobId,
    work: Work,
    start: Snapshot,
}

impl QueuedJob {
    async fn new(work: Work) -> Self {
        let fixture = JobFixture::new().await;
        fixture.load_many(100).await;
        fixture.lock(false).await;
        let body = match work {
            Work::Export => json!({"kind": "export", "format": "csv", "gzip": true}),
            Work::Workbook => json!({"kind": "export", "format": "xlsx"}),
            Work::Match | Work::Edit => json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}}),
            Work::Delete => json!({"kind": "delete", "user_id_prefix": "a"}),
            Work::Trial | Work::Import => json!({"kind": "import"}),
        };
        let job_id = fixture.begin(&body).await.job_id;
        let job = JobRef { fixture: &fixture, job_id };
        match work {
            Work::Export | Work::Workbook | Work::Match | Work::Trial | Work::Import => {}
            Work::Edit | Work::Delete => {
                fixture.world.work_on_jobs().await;
                job.start(&json!({"matched": 100})).await.is(202);
            }
        }
        let start = fixture.world.snapshot().await;
        let queued = Self { fixture, job_id, work, start };
        queued.rewind().await;
        queued
    }

    fn job(&self) -> JobRef<'_> {
        JobRef { fixture: &self.fixture, job_id: self.job_id }
    }

    async fn rewind(&self) {
        self.fixture.world.rewind(&self.start).await;
        match self.work {
            Work::Export | Work::Workbook | Work::Match => {}
            // A start is for one upload.
            Work::Trial | Work::Import => {
                self.job().put_upload(file()).await;
                let start = json!({"dry_run": self.work == Work::Trial, "on_existing": "fail"});
                self.job().start(&import_start(start)).await.is(202);
            }
            Work::Edit | Work::Delete => {
                let ids: String = lines(0..100, |number| format!("a{number:03}\n"));
                let key = format!("{}/{}/ids", self.fixture.app_id, self.job_id);
                self.fixture.world.objects().put(&key, ids.into()).await.unwrap();
            }
        }
    }

    /// Works in steps that end as soon as possible.
    async fn finish(&self, worker: &str) {
        while !self.fixture.world.step(self.job().ids(), worker, AT_ONCE).await.unwrap() {}
    }

    /// What the job did: its own state, every account, what the audit log says of each, and the objects.
    async fn outcome(&self) -> Value {
        let job = self.fixture.world.stored_job(self.job().ids()).await;
        let is_settled = job.status.is_over() || job.status == JobStatus::AwaitingStart;
        assert!(is_settled && job.lease.is_none() && job.checkpoint.is_none(), "{job:?}");
        let Job { status, counts, progress, matched, mut files, error, .. } = job;
        for file in &files {
            let content = self.fixture.world.objects().read(&file.key, 0, u64::MAX).await.unwrap();
            let sha256 = HEXLOWER.encode(&Sha256::digest(&content));
            assert_eq!((content.len() as u64, sha256), (file.bytes, file.sha256.clone()), "{file:?}");
        }
        let mut objects = self.job().objects().await;
        if !status.is_over() {
            // The parts of a report whose writer has died are removed at the end of the job.
            objects.retain(|name, _| !name.ends_with(" in parts"));
        }
        if self.work == Work::Workbook {
            // A workbook says when the work began, which is later if the first worker died before.
            for file in &mut files {
                (file.bytes, file.sha256) = (0, String::new());
            }
            for size in objects.values_mut() {
                *size = 0;
            }
        }
        let mut named = json!({});
        for action in ["account.edit", "account.delete", "account.import"] {
            named[action] = json!(outcomes(&self.fixture, &self.job(), action).await);
        }
        json!({
            "status": status, "counts": counts, "progress": progress, "matched": matched, "files": files,
            "error": error, "accounts": self.fixture.accounts().await, "named": named,
            "objects": objects,
        })
    }
}

/// Rows that create, that fail, that are of admins, and that come twice.
fn file() -> String {
    let row = |number: usize| match number % 16 {
        15 => "twice,general,x\n".to_owned(),
        6 => format!("boss{number},admin,1\n"),
        5 => format!("a{number:03},general,1\n"),
        _ => format!("new{number},general,{number}\n"),
    };
    format!("user_id,type,level\n{}", (0..50).map(row).collect::<String>())
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_step_that_dies_at_any_call_is_finished_by_another_worker(
    #[values(Work::Export, Work::Workbook, Work::Match, Work::Edit, Work::Delete, Work::Trial, Work::Import)]
    work: Work,
    #[values(Fault::Throttle, Fault::ServerError, Fault::DropReply)] fault: Fault,
) {
    let queued = Box::pin(QueuedJob::new(work)).await;
    let world = &queued.fixture.world;
    world.faults.arm(fault, FOREVER, 0);
    assert!(world.step(queued.job().ids(), "first", LONG).await.unwrap());
    let (calls, expected) = (world.faults.calls(), queued.outcome().await);
    assert!(calls > 5, "{calls}");
    for (call, times) in (0..calls).flat_map(|call| [(call, 1), (call, FOREVER)]) {
        queued.rewind().await;
        world.faults.arm(fault, call, times);
        let died = world.step(queued.job().ids(), "first", LONG).await;
        world.faults.disarm();
        let place = format!("{fault:?} at call {call} of {calls}, {times} times: {died:?}");
        assert_eq!(died.is_ok(), times == 1, "{place}");
        world.clock.advance(JOB_LEASE);
        queued.finish("second").await;
        assert_eq!(queued.outcome().await, expected, "{place}");
    }
}

/// The second worker begins when the lease of the first has lapsed, although the first still works.
#[rstest]
#[tokio::test]
async fn two_workers_at_once_do_what_one_does(
    #[values(Work::Export, Work::Workbook, Work::Match, Work::Edit, Work::Delete, Work::Trial, Work::Import)]
    work: Work,
    #[values(false, true)] finishes: bool,
) {
    let queued = Box::pin(QueuedJob::new(work)).await;
    let world = &queued.fixture.world;
    queued.finish("first").await;
    let expected = queued.outcome().await;
    for call in 0.. {
        queued.rewind().await;
        let pause = world.faults.pause(call);
        let second = async {
            world.clock.advance(JOB_LEASE);
            if finishes {
                queued.finish("second").await;
            } else {
                world.step(queued.job().ids(), "second", AT_ONCE).await.unwrap();
            }
        };
        let (first, reached) = Box::pin(pause.run(world.step(queued.job().ids(), "first", LONG), second)).await;
        // It may find that the files are gone.
        drop(first);
        world.clock.advance(JOB_LEASE);
        queued.finish("third").await;
        assert_eq!(queued.outcome().await, expected, "{work:?}, the second at call {call}");
        if reached.is_none() {
            assert!(call > 5, "{call}");
            break;
        }
    }
}
