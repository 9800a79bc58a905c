//! What is measured, and the tables.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use bench::{Failure, sample};
use rollcall::{BUCKET, TABLE};
use rollcall_api::{Context, clock::Clock, config::Config};
use rollcall_domain::{
    app::NewApp,
    column::Column,
    id::{AppId, JobId},
    job::{Job, JobCaller, JobKind, JobStatus},
    text::AppName,
    user::User,
};
use rollcall_store::{Commit, Secrets, Store, Writer, job};
use serde_json::{Map, Value, json};

use crate::{
    server::{KEY, Server, Usage},
    worker::Spent,
};

/// How many accounts are written to the database at once.
const BATCH: usize = 1_000;

/// The columns that an import takes over as they are.
const COLUMNS: std::ops::Range<usize> = 0..14;

/// On-demand prices in dollars per million units: reads and writes.
const PRICES: (f64, f64) = (0.125, 0.625);

/// Prints a table for each number of accounts.
pub(crate) async fn run(sizes: &[u32], latency: Duration, exports_only: bool) -> Result<(), Failure> {
    let bench = Bench::new(Server::start(latency).await?).await?;
    for rows in sizes {
        println!("\n| {rows} accounts | rows/s | CPU per row | memory | requests | read units | write units | price |");
        println!("|---|---|---|---|---|---|---|---|");
        let app_id = bench.filled_app(*rows).await?;
        bench.print("SDK `Query` and `csv`", *rows, &["baseline", &app_id.to_string()])?;
        let whole = |extra: Value| merged(json!({"kind": "export"}), extra);
        for (name, layout) in [
            ("export, CSV", json!({"format": "csv"})),
            ("export, CSV, gzip", json!({"format": "csv", "gzip": true})),
            ("export, NDJSON", json!({"format": "ndjson"})),
            ("export, XLSX", json!({"format": "xlsx"})),
        ] {
            bench.job(name, *rows, bench.begin(app_id, whole(layout)).await?).await?;
        }
        if exports_only {
            continue;
        }
        let columns: Vec<_> = Column::ALL[COLUMNS].iter().map(|column| column.name()).collect();
        let comparable = whole(json!({"format": "csv", "columns": columns}));
        let out = bench.job("export to be imported", *rows, bench.begin(app_id, comparable.clone()).await?).await?;
        let other = bench.empty_app().await?;
        bench.job("import, CSV", *rows, bench.import(other, &out).await?).await?;
        let again = bench.import(other, &out).await?;
        bench.job_with_faults("import, every row refused", *rows, again, u64::from(*rows)).await?;
        let back = bench.job("export of what was imported", *rows, bench.begin(other, comparable).await?).await?;
        if back.files[0].sha256 != out.files[0].sha256 {
            return Err("what was imported is not what was exported".into());
        }
        let edit = json!({"kind": "edit", "user_id_prefix": "user-", "set": {"language": 44}});
        let edit = bench.job("edit, list of matches", *rows, bench.begin(other, edit).await?).await?;
        bench.job("edit", *rows, bench.start(&edit, json!({"matched": edit.matched})).await?).await?;
    }
    Ok(())
}

/// An installation, and who uses it.
struct Bench {
    server: Server,
    context: Context,
    user: User,
}

impl Bench {
    async fn new(server: Server) -> Result<Self, Failure> {
        let key_file = server.key_file.display().to_string();
        let config = Config::read(&|name: &str| match name {
            "PUBLIC_ORIGIN" => Some("https://console.example.com".to_owned()),
            "MASTER_KEY_FILE" => Some(key_file.clone()),
            _ => None,
        })?;
        let store = Store::new(&server.connection, TABLE.to_owned());
        let context = Context::new(store, Secrets::new(server.connection.clone()), config, Clock::system());
        let first = bootstrap::run(context.clone(), bootstrap::BootstrapEvent::first(None)).await?;
        let user = context.store.user(first.user_id).await?.ok_or("there is no super admin")?;
        Ok(Self { server, context, user })
    }

    async fn commit(&self, commit: Commit) -> Result<(), Failure> {
        let committed = Writer::new(self.context.store.clone()).commit(commit).await;
        committed.map_err(|error| format!("{error:?}").into())
    }

    async fn empty_app(&self) -> Result<AppId, Failure> {
        let app_id = AppId::new(self.context.uuid()?);
        let name = AppName::parse("Harbor Chat").map_err(|invalid| invalid.detail)?;
        let app = NewApp { name, team_id: None }.create(app_id, self.context.now());
        self.commit(rollcall_store::app::create(&app)?).await?;
        Ok(app_id)
    }

    /// An application with this many accounts, which are written without the API.
    async fn filled_app(&self, rows: u32) -> Result<AppId, Failure> {
        let app_id = self.empty_app().await?;
        let mut account = sample::account(self.context.now())?;
        let mut batch = Vec::new();
        for number in 0..rows {
            sample::vary(&mut account, number)?;
            batch.push(account.clone());
            if batch.len() == BATCH || number + 1 == rows {
                self.context.store.load_accounts(app_id, &batch).await?;
                batch.clear();
            }
        }
        Ok(app_id)
    }

    fn caller(&self) -> JobCaller<'_> {
        JobCaller { user: &self.user, key_id: None, origin: None }
    }

    /// Begins a job.
    async fn begin(&self, app_id: AppId, request: Value) -> Result<Job, Failure> {
        let mut request = object(request);
        let kind = request.remove("kind").and_then(|kind| kind.as_str().and_then(JobKind::parse));
        let ids = (JobId::new(self.context.uuid()?), app_id);
        let job = Job::new(ids, (kind.ok_or("no kind")?, request), self.caller(), self.context.now());
        self.commit(job::create(&job)?).await?;
        Ok(job)
    }

    /// Starts a job that waits for it.
    async fn start(&self, job: &Job, start: Value) -> Result<Job, Failure> {
        let started = job.clone().started(self.caller(), object(start), self.context.now()).next();
        self.commit(job::change(job, &started)?).await?;
        Ok(started)
    }

    /// Begins and starts an import of the file of an export.
    async fn import(&self, app_id: AppId, export: &Job) -> Result<Job, Failure> {
        let job = self.begin(app_id, json!({"kind": "import"})).await?;
        let (objects, file) = (&self.server.objects, &export.files[0]);
        let upload = objects.begin(&job.object(transfer::UPLOAD), "text/csv").await?;
        let (mut offset, mut parts) = (0, 0);
        while offset < file.bytes {
            let content = objects.read(&file.key, offset, 8 << 20).await?;
            (offset, parts) = (offset + content.len() as u64, parts + 1);
            objects.write_part(&upload, parts, content).await?;
        }
        objects.complete(&upload, parts).await?;
        self.start(&job, json!({"dry_run": false, "on_existing": "fail"})).await
    }

    /// Lets a process work on a job, and prints what it has used. No row may fail.
    async fn job(&self, name: &str, rows: u32, job: Job) -> Result<Job, Failure> {
        self.job_with_faults(name, rows, job, 0).await
    }

    /// [`Bench::job`], where this many rows must fail.
    async fn job_with_faults(&self, name: &str, rows: u32, job: Job, faults: u64) -> Result<Job, Failure> {
        self.print(name, rows, &["work", &job.app_id.to_string(), &job.job_id.to_string()])?;
        let after = self.context.store.job(job.app_id, job.job_id).await?.ok_or("the job is gone")?;
        let done = after.files.first().map_or(after.progress.total.unwrap_or_default(), |file| file.rows);
        let failed = if after.kind == JobKind::Import { done } else { u64::from(rows) - done };
        if !matches!(after.status, JobStatus::Succeeded | JobStatus::AwaitingStart) || failed != faults {
            return Err(format!("{name}: {failed} rows failed, {:?}", after.error).into());
        }
        Ok(after)
    }

    /// Runs a part of this program as a process, and prints what it has used.
    fn print(&self, name: &str, rows: u32, part: &[&str]) -> Result<(), Failure> {
        let before = self.server.usage();
        let output = (Command::new(std::env::current_exe()?).args(part))
            .env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", self.server.database))
            .env("AWS_ENDPOINT_URL_S3", format!("http://{}", self.server.files))
            .envs([("AWS_REGION", "local"), ("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", KEY)])
            .envs([("JOBS_BUCKET", BUCKET), ("PUBLIC_ORIGIN", "https://console.example.com")])
            .env("MASTER_KEY_FILE", &self.server.key_file)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("{name}: {}", output.status).into());
        }
        let spent: Spent = serde_json::from_slice(&output.stdout)?;
        println!("| {name} {}", row(rows, spent, self.server.usage() - before));
        Ok(())
    }
}

/// The cells of a measurement. What the table was asked for is given per 1,000 accounts, the price per million.
fn row(rows: u32, spent: Spent, usage: Usage) -> String {
    let rows = f64::from(rows);
    let (per_second, micros) = (rows / spent.seconds, spent.processor_seconds / rows * 1e6);
    let each = |count: f64| count / rows * 1e3;
    let price = (usage.read_units * PRICES.0 + usage.write_units * PRICES.1) / rows;
    let Usage { requests, read_units, write_units } = usage;
    format!(
        "| {per_second:.0} | {micros:.2} µs | {:.0} MB | {:.1} | {:.1} | {:.1} | ${price:.2} |",
        spent.memory,
        each(requests),
        each(read_units),
        each(write_units)
    )
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

fn merged(one: Value, other: Value) -> Value {
    object(one).into_iter().chain(object(other)).collect::<Map<_, _>>().into()
}
