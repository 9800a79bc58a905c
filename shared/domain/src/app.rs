//! Applications: each owns one directory of accounts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body::BodyField,
    error::{Code, Refusal},
    fields::Fields,
    id::{AppId, TeamId},
    limits::APP_TOMBSTONE,
    patch::{PatchOptional, PatchRequired},
    permission::Permission,
    request_body,
    role::Rights,
    team::Team,
    text::{AccountId, AppName},
    time::Timestamp,
    user::{User, UserRef},
    violation::{Invalid, ViolationCode},
};

/// The lock that prevents accidental deletion of accounts. It is on until somebody turns it off and acknowledges the
/// risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionLock {
    /// Whether accounts cannot be deleted.
    pub locked: bool,
    /// The user who last changed it; null if nobody has.
    #[schema(required)]
    pub changed_by: Option<UserRef>,
    /// When it was last changed; null if it never was.
    #[schema(required)]
    pub changed_at: Option<Timestamp>,
}

/// The permissions of which each lets a user read an application.
pub const READING: [Permission; 2] = [Permission::AccountsRead, Permission::AppsManage];

/// An application, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The application's key.
    pub app_id: AppId,
    /// The name that people read.
    pub name: AppName,
    /// The team that owns the application; `None` if the platform does.
    pub team_id: Option<TeamId>,
    /// The admin accounts, at most [`MAX_ADMINS_PER_APP`](crate::limits::MAX_ADMINS_PER_APP). There is no separate
    /// counter that could become wrong.
    #[serde(default)]
    pub admins: BTreeSet<AccountId>,
    /// The lock against deleting accounts.
    pub deletion_lock: DeletionLock,
    /// When the deletion becomes final, if the application was deleted. Until then it is hidden and can be restored.
    #[serde(default)]
    pub deleting_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Starts at 1 and grows with every change.
    pub version: u64,
}

request_body! {
    /// A new application.
    pub struct NewApp from (fields, actor: &User) {
        /// The team that owns the application. A member must name a team in which they may manage applications.
        pub team_id: Option<TeamId> = if actor.user_type.is_admin() {
            BodyField::read(fields, "team_id")
        } else {
            fields.required("team_id").map(Some)
        },
        /// The name that people read.
        pub name: AppName,
    }
}

impl NewApp {
    /// Creates the application, with its deletion lock on.
    pub fn create(self, app_id: AppId, now: Timestamp) -> App {
        App {
            app_id,
            name: self.name,
            team_id: self.team_id,
            admins: BTreeSet::new(),
            deletion_lock: DeletionLock { locked: true, changed_by: None, changed_at: None },
            deleting_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

request_body! {
    /// A change of an application.
    pub struct AppPatch {
        /// The team that owns the application; null gives it to the platform. Only platform admins may change it.
        team_id: PatchOptional<TeamId>,
        /// The name that people read.
        name: PatchRequired<AppName>,
    }
}

request_body! {
    /// Whether an application's deletion lock is on.
    #[derive(Clone, Copy)]
    #[schema(as = LockTurn, title = "locked: true | locked: false, risks_acknowledged: true")]
    pub struct DeletionLockUpdate from (fields) {
        /// Whether accounts cannot be deleted.
        locked: bool,
        /// Acknowledges that deleted accounts cannot be restored. Required to turn the lock off.
        risks_acknowledged: Option<bool> = Some(read_acknowledgement(fields, locked)),
    }
}

fn read_acknowledgement(fields: &mut Fields, locked: Option<bool>) -> Option<bool> {
    let acknowledged = fields.optional("risks_acknowledged");
    if locked == Some(false) && acknowledged != Some(true) {
        let rule = "must be true to turn the lock off, because deleted accounts cannot be restored";
        fields.violation("risks_acknowledged", Invalid::new(ViolationCode::Required, rule));
    }
    acknowledged
}

impl App {
    /// Checks that `rights` include `permission` for the application and its accounts, and that their scopes allow it.
    pub fn permit(&self, rights: &Rights, permission: Permission) -> Result<(), Code> {
        self.check_held(rights, permission)?;
        rights.check_scope(permission)
    }

    /// [`App::permit`], whatever the scopes.
    ///
    /// Without one of the permissions in [`READING`], the answer is `not_found`: callers do not learn of applications
    /// that they may not read.
    pub fn check_held(&self, rights: &Rights, permission: Permission) -> Result<(), Code> {
        if self.reading(rights).next().is_none() {
            return Err(Code::NotFound);
        }
        if rights.may(permission, self.team_id) { Ok(()) } else { Err(Code::Forbidden) }
    }

    /// Checks that `rights` include one of the permissions in [`READING`], and that their scopes allow it.
    pub fn permit_reading(&self, rights: &Rights) -> Result<(), Code> {
        let checked = self.reading(rights).map(|permission| rights.check_scope(permission));
        checked.reduce(Result::or).unwrap_or(Err(Code::NotFound))
    }

    fn reading(&self, rights: &Rights) -> impl Iterator<Item = Permission> {
        READING.into_iter().filter(|permission| rights.may(*permission, self.team_id))
    }

    /// Changes the name or the team. If nothing changes, the version stays the same.
    pub fn edited(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(AppPatch::read)?;
        let before = self.clone();
        let (name, team_id) = (patch.name.apply(self.name), patch.team_id.apply(self.team_id));
        Ok(Self { name, team_id, ..self }.changed_since(&before, now))
    }

    /// Turns the deletion lock on or off, as `actor`. If it does not change, the version stays the same.
    #[must_use]
    pub fn with_lock(self, update: DeletionLockUpdate, actor: &User, now: Timestamp) -> Self {
        if self.deletion_lock.locked == update.locked {
            return self;
        }
        let deletion_lock =
            DeletionLock { locked: update.locked, changed_by: Some(actor.to_ref()), changed_at: Some(now) };
        Self { deletion_lock, ..self }.next_version(now)
    }

    /// Marks the application as deleted. The cleanup makes that final after [`APP_TOMBSTONE`].
    #[must_use]
    pub fn deleted(self, now: Timestamp) -> Self {
        Self { deleting_at: Some(now + APP_TOMBSTONE), ..self }.next_version(now)
    }

    /// Undoes a deletion during which an account was created. If the team no longer exists, the platform owns the
    /// application.
    #[must_use]
    pub fn reverted(self, team: Option<&Team>, now: Timestamp) -> Self {
        Self { deleting_at: None, team_id: team.map(|team| team.team_id), ..self }.next_version(now)
    }

    /// Removes deleted accounts from the admins. This is part of the deletion, not a version.
    #[must_use]
    pub fn without_admins(mut self, user_ids: &[AccountId]) -> Self {
        self.admins.retain(|id| !user_ids.contains(id));
        self
    }

    /// Checks that the deletion lock is off.
    pub fn deletion_allowed(&self) -> Result<(), Code> {
        if self.deletion_lock.locked { Err(Code::AccountDeletionLocked) } else { Ok(()) }
    }

    fn changed_since(self, before: &Self, now: Timestamp) -> Self {
        if self == *before { self } else { self.next_version(now) }
    }

    fn next_version(self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self }
    }
}
