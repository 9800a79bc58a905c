//! Jobs over HTTP, and the work on them.

pub mod audited;
mod bulk;
mod cancelled;
mod ends;
mod exported;
mod imported;
mod large;
mod links;
mod permissions;
mod replaced;
mod reports;
mod sparse;
mod starts;
mod trials;
mod unreadable;

use std::{collections::BTreeMap, ops::Range, time::Duration};

use rollcall_domain::{
    Code, Fields,
    account::{Account, NewAccount},
    id::{AppId, JobId, TeamId},
    limits::{JOB_FILES_LIFETIME, JOB_WAIT, MAX_JOBS_PER_APP},
    permission::UserType,
    user::User,
};
use serde_json::{Map, Value, json};

use crate::support::{Client, ORIGIN, Reply, UNKNOWN_ID, World, consistency::Items};

/// A step that ends after its first piece of work.
pub const AT_ONCE: Duration = Duration::ZERO;

/// An application, and a super admin.
pub struct JobFixture {
    pub world: World,
    pub user: User,
    pub admin: Client,
    pub app_id: AppId,
    /// The path of the application.
    pub app: String,
}

impl JobFixture {
    pub async fn new() -> Self {
        let world = World::new().await;
        let (user, admin) = world.user("admin", UserType::SuperAdmin, []).await;
        let app_id = AppId::parse(&world.app(&admin, "Harbor").await).unwrap();
        Self { world, user, admin, app_id, app: format!("/v1/apps/{app_id}") }
    }

    /// An application of a team, which is returned.
    pub async fn of_team() -> (Self, TeamId) {
        let world = World::new().await;
        let (user, admin) = world.user("admin", UserType::SuperAdmin, []).await;
        let team = world.team("Ours").await;
        let body = json!({"name": "Harbor", "team_id": team.to_string()});
        let created = admin.post("/v1/apps", &body).await;
        let app_id = AppId::parse(created.is(201).body["app_id"].as_str().unwrap()).unwrap();
        (Self { world, user, admin, app_id, app: format!("/v1/apps/{app_id}") }, team)
    }

    /// Writes accounts without the API.
    pub async fn load(&self, accounts: impl IntoIterator<Item = Value>) {
        let read = |body: Value| {
            let new = Fields::of(body).parse(|fields| NewAccount::read(fields, self.world.now().date()));
            new.unwrap().create(self.world.now())
        };
        let accounts: Vec<Account> = accounts.into_iter().map(read).collect();
        self.world.store().load_accounts(self.app_id, &accounts).await.unwrap();
    }

    /// Writes this many general accounts: `a000`, `a001` and so on.
    pub async fn load_many(&self, count: usize) {
        self.load((0..count).map(|number| general(&format!("a{number:03}"), "Pilot"))).await;
    }

    /// All accounts by their ids, as replies show them, but for their times.
    pub async fn accounts(&self) -> BTreeMap<String, Value> {
        let accounts = Items::of(&self.world).await.accounts.into_iter();
        let shown = |(_, account): (AppId, Account)| {
            let mut shown = serde_json::to_value(&account).unwrap();
            shown.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "created_at" | "updated_at"));
            (account.user_id.to_string(), shown)
        };
        accounts.map(shown).collect()
    }

    /// Deletes an account while the lock is lifted.
    pub async fn delete_account(&self, user_id: &str) {
        self.lock(false).await;
        let path = format!("{}/account-deletions", self.app);
        self.admin.post(&path, &json!({"user_ids": [user_id]})).await.is(200);
    }

    /// The super admin with a new session, which the clock has not ended yet.
    pub async fn client(&self) -> Client {
        self.world.signed_in(&self.user).await
    }

    pub async fn create(&self, body: &Value) -> Reply {
        self.client().await.post(&format!("{}/jobs", self.app), body).await
    }

    /// Begins a job that is accepted.
    pub async fn begin(&self, body: &Value) -> JobRef<'_> {
        let created = self.create(body).await;
        assert!([201, 202].contains(&created.status), "{created:?}");
        self.job(&created)
    }

    /// The job of a reply.
    pub fn job(&self, reply: &Reply) -> JobRef<'_> {
        let job_id = JobId::parse(reply.body["job_id"].as_str().unwrap()).unwrap();
        JobRef { fixture: self, job_id }
    }

    /// Begins a job and works on it until it waits or is over. Returns the job as it is then.
    pub async fn run(&self, body: &Value) -> Value {
        let job = self.begin(body).await;
        self.world.work_on_jobs().await;
        job.get().await
    }

    /// An import whose file is there.
    pub async fn upload(&self, content: impl Into<Vec<u8>>) -> JobRef<'_> {
        let job = self.begin(&json!({"kind": "import"})).await;
        job.put_upload(content).await;
        job
    }

    /// Imports a file to its end. `start` is put over the defaults of the start.
    pub async fn import(&self, content: impl Into<Vec<u8>>, start: Value) -> Value {
        let job = self.upload(content).await;
        job.start(&import_start(start)).await.is(202);
        self.world.work_on_jobs().await;
        job.get().await
    }

    /// The content of a file of a job, by its link.
    pub async fn download(&self, file: &Value) -> Vec<u8> {
        let link = file["download_url"].as_str().unwrap();
        let reply = self.world.stranger().get(link.strip_prefix(ORIGIN).unwrap()).await;
        reply.is(200).bytes.clone()
    }

    /// The lines of the only CSV file of a job, without the marks of its beginning, in cells.
    pub async fn rows(&self, job: &Value) -> Vec<Vec<String>> {
        assert_eq!(job["files"].as_array().unwrap().len(), 1, "{job}");
        let text = String::from_utf8(self.download(&job["files"][0]).await).unwrap();
        let lines = text.strip_prefix('\u{feff}').unwrap().split_terminator("\r\n");
        let cells = |line: &str| line[1..line.len() - 1].split("\",\"").map(str::to_owned).collect();
        lines.map(cells).collect()
    }

    /// Lifts the deletion lock, or puts it back.
    pub async fn lock(&self, locked: bool) {
        let body = json!({"locked": locked, "risks_acknowledged": !locked});
        let reply = self.admin.put(&format!("{}/deletion-lock", self.app), &body).await;
        assert!(reply.status < 300, "{reply:?}");
    }
}

/// A job of the application of a fixture.
#[derive(Clone, Copy)]
pub struct JobRef<'a> {
    pub fixture: &'a JobFixture,
    pub job_id: JobId,
}

impl JobRef<'_> {
    pub fn path(&self) -> String {
        format!("{}/jobs/{}", self.fixture.app, self.job_id)
    }

    pub fn ids(&self) -> (AppId, JobId) {
        (self.fixture.app_id, self.job_id)
    }

    pub async fn get(&self) -> Value {
        self.fixture.client().await.get(&self.path()).await.is(200).body.clone()
    }

    pub async fn start(&self, body: &Value) -> Reply {
        self.fixture.client().await.post(&format!("{}/start", self.path()), body).await
    }

    pub async fn preview(&self, body: &Value) -> Reply {
        self.fixture.client().await.post(&format!("{}/preview", self.path()), body).await
    }

    pub async fn delete(&self) -> Reply {
        self.fixture.client().await.delete(&self.path()).await
    }

    /// Stores the file of an import without its link.
    pub async fn put_upload(&self, content: impl Into<Vec<u8>>) {
        let key = format!("{}/{}/{}", self.fixture.app_id, self.job_id, transfer::UPLOAD);
        self.fixture.world.objects().put(&key, content.into().into()).await.unwrap();
    }

    /// Works on the job for one step that ends after its first piece of work.
    pub async fn step_at_once(&self) -> bool {
        self.fixture.world.step(self.ids(), "local", AT_ONCE).await.unwrap()
    }

    /// The sizes of all objects of the job, by their names. Uploads that were not completed are among them, as 0 bytes.
    pub async fn objects(&self) -> BTreeMap<String, u64> {
        let (objects, prefix) = (self.fixture.world.objects(), format!("{}/{}/", self.fixture.app_id, self.job_id));
        let mut found = BTreeMap::new();
        for key in objects.list(&prefix).await.unwrap() {
            let size = objects.size(&key).await.unwrap().unwrap();
            found.insert(key.strip_prefix(&prefix).unwrap().to_owned(), size);
        }
        for upload in objects.open_uploads(&prefix).await.unwrap() {
            found.insert(format!("{} in parts", upload.key.strip_prefix(&prefix).unwrap()), 0);
        }
        found
    }
}

/// Moves the clock to shortly before the end of a time.
pub fn advance_to(world: &World, end: Duration, before: Duration) {
    world.clock.advance(end.checked_sub(before).unwrap());
}

/// A line for each number.
pub fn lines(numbers: Range<usize>, line: impl FnMut(usize) -> String) -> String {
    numbers.map(line).collect()
}

/// The body of a new general account.
pub fn general(user_id: &str, nickname: &str) -> Value {
    json!({"user_id": user_id, "type": "general", "nickname": nickname})
}

/// The body of a start that changes accounts, with these fields put over it.
pub fn import_start(fields: Value) -> Value {
    let mut start = json!({"dry_run": false, "on_existing": "update"});
    let Value::Object(fields) = fields else { panic!("{fields}") };
    start.as_object_mut().unwrap().extend(fields);
    start
}

/// The counts of a job that are not 0.
pub fn counts(job: &Value) -> Value {
    let counts = job["counts"].as_object().unwrap().clone();
    counts.into_iter().filter(|(_, count)| *count != 0).collect::<Map<_, _>>().into()
}
