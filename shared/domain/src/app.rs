//! An application: the owner of one account directory.

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

/// Guards against deleting accounts by accident: on until somebody lifts it knowingly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionLock {
    /// Whether accounts are safe from deletion.
    pub locked: bool,
    /// Who last turned it, if anybody did.
    #[schema(required)]
    pub changed_by: Option<UserRef>,
    /// When it was last turned, if it was.
    #[schema(required)]
    pub changed_at: Option<Timestamp>,
}

/// Each of these lets a user read an application.
pub const READING: [Permission; 2] = [Permission::AccountsRead, Permission::AppsManage];

/// An application, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The application's key.
    pub app_id: AppId,
    /// What people call it.
    pub name: AppName,
    /// The team it belongs to; the platform itself where none.
    pub team_id: Option<TeamId>,
    /// Its admin accounts, at most [`MAX_ADMINS_PER_APP`](crate::limits::MAX_ADMINS_PER_APP): the set is the count,
    /// so nothing can drift.
    #[serde(default)]
    pub admins: BTreeSet<AccountId>,
    /// Whether its accounts can be deleted.
    pub deletion_lock: DeletionLock,
    /// When the deletion of the application becomes final; until then it is gone for everyone but revertible.
    #[serde(default)]
    pub deleting_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts its changes from 1.
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
    /// The application, with its deletion lock on.
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
        name: PatchRequired<AppName>,
    }
}

request_body! {
    /// Whether an application's deletion lock is on.
    #[schema(as = LockTurn)]
    pub struct DeletionLockUpdate from (fields) {
        locked: bool,
        /// Must be true to turn the lock off.
        risks_acknowledged: Option<bool> = read_acknowledgement(fields, locked),
    }
}

fn read_acknowledgement(fields: &mut Fields, locked: Option<bool>) -> Option<Option<bool>> {
    let acknowledged = fields.optional("risks_acknowledged");
    if locked == Some(false) && acknowledged != Some(true) {
        let rule = "must be true to lift the lock: deleted accounts cannot be restored";
        fields.violation("risks_acknowledged", Invalid::new(ViolationCode::Required, rule));
    }
    Some(acknowledged)
}

impl App {
    /// Whether these rights allow this to the application or its accounts.
    ///
    /// An application that somebody cannot read does not exist for it; one can be read with `accounts.read` or
    /// `apps.manage`.
    pub fn permit(&self, rights: &Rights, permission: Permission) -> Result<(), Code> {
        let may = |permission| rights.may(permission, self.team_id);
        if !READING.into_iter().any(may) {
            return Err(Code::NotFound);
        }
        if may(permission) { Ok(()) } else { Err(Code::Forbidden) }
    }

    /// The application after a change of its name or its team.
    pub fn edited(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(AppPatch::read)?;
        let before = self.clone();
        let (name, team_id) = (patch.name.apply(self.name), patch.team_id.apply(self.team_id));
        Ok(Self { name, team_id, ..self }.changed_since(&before, now))
    }

    /// The application with its lock turned by `actor`.
    #[must_use]
    pub fn with_lock(self, turn: DeletionLockUpdate, actor: &User, now: Timestamp) -> Self {
        if self.deletion_lock.locked == turn.locked {
            return self;
        }
        let deletion_lock =
            DeletionLock { locked: turn.locked, changed_by: Some(actor.to_ref()), changed_at: Some(now) };
        Self { deletion_lock, ..self }.next_version(now)
    }

    /// The application's tombstone, which the cleanup makes final after [`APP_TOMBSTONE`].
    #[must_use]
    pub fn deleted(self, now: Timestamp) -> Self {
        Self { deleting_at: Some(now + APP_TOMBSTONE), ..self }.next_version(now)
    }

    /// The application as it was before its deletion, since an account slipped in; the platform's, where its team is
    /// gone.
    #[must_use]
    pub fn reverted(self, team: Option<&Team>, now: Timestamp) -> Self {
        Self { deleting_at: None, team_id: team.map(|team| team.team_id), ..self }.next_version(now)
    }

    /// The application after these accounts left it.
    #[must_use]
    pub fn without_admins(mut self, user_ids: &[AccountId]) -> Self {
        self.admins.retain(|id| !user_ids.contains(id));
        self
    }

    /// Whether accounts may be deleted now.
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
