//! Roles of teams, and the rights that a user has through them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{Action, Change, Target},
    body::BoundedList,
    error::{Code, Refusal},
    fields::Fields,
    grant_bound,
    id::{CustomRoleId, TeamId},
    patch::PatchRequired,
    permission::{Permission, Preset, UserType},
    request_body,
    role_id::RoleId,
    scope::{Scope, Scopes},
    text::RoleName,
    time::Timestamp,
    user::User,
};

/// A role: a named set of permissions in one team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The role's key.
    pub role_id: RoleId,
    /// The name that people read.
    pub name: RoleName,
    /// The permissions that it grants.
    pub permissions: BTreeSet<Permission>,
    /// Starts at 1 and grows with every change. A preset stays at 1.
    pub version: u64,
}

impl From<Preset> for Role {
    fn from(preset: Preset) -> Self {
        Self {
            role_id: RoleId::Preset(preset),
            name: preset.role_name(),
            permissions: preset.permissions(),
            version: 1,
        }
    }
}

impl Role {
    /// Creates a custom role from a request body.
    pub fn read(role_id: CustomRoleId, fields: Fields) -> Result<Self, Refusal> {
        let NewRole { name, permissions } = fields.parse(NewRole::read)?;
        let permissions = permissions.0.into_iter().collect();
        Ok(Self { role_id: RoleId::Custom(role_id), name, permissions, version: 1 })
    }

    /// Applies a change. If nothing changes, the version stays the same.
    pub fn edited(self, fields: Fields) -> Result<Self, Refusal> {
        let patch = fields.parse(RolePatch::read)?;
        let name = patch.name.apply(self.name.clone());
        let permissions = match patch.permissions {
            PatchRequired::Keep => self.permissions.clone(),
            PatchRequired::Set(list) => list.0.into_iter().collect(),
        };
        let after = Self { name, permissions, ..self.clone() };
        Ok(if after == self { self } else { Self { version: self.version + 1, ..after } })
    }
}

request_body! {
    /// A new custom role.
    pub struct NewRole {
        /// The name that people read.
        name: RoleName,
        /// The permissions that the role grants. Duplicates count once.
        permissions: BoundedList<Permission, 11>,
    }
}

request_body! {
    /// A change of a custom role.
    pub struct RolePatch {
        /// The name that people read.
        name: PatchRequired<RoleName>,
        /// The permissions that the role grants, in place of all it grants now. Duplicates count once.
        permissions: PatchRequired<BoundedList<Permission, 11>>,
    }
}

/// The change from one state of a team's role to another, for the audit log.
pub fn change(action: Action, team_id: TeamId, before: Option<&Role>, after: Option<&Role>) -> Change {
    let target = Target::role(before.or(after).map_or(RoleId::Preset(Preset::Reviewer), |role| role.role_id));
    let (before, after) = (before.cloned().map(RoleView::from), after.cloned().map(RoleView::from));
    Change::between(action, target, Some(team_id), before.as_ref(), after.as_ref())
}

/// A role, as replies show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// Identifies the role in its team.
    role_id: RoleId,
    /// The name that people read.
    name: RoleName,
    /// Whether the role is a preset, which every team has and nobody can edit.
    preset: bool,
    /// The permissions that the role grants in its team.
    #[schema(max_items = 11)]
    permissions: BTreeSet<Permission>,
    /// Starts at 1 and grows with every change. A preset stays at 1.
    version: u64,
}

// The attributes above and below need literals.
const _: () = assert!(Permission::ALL.len() == 11);

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        let Role { role_id, name, permissions, version } = role;
        Self { role_id, name, preset: role_id.custom().is_none(), permissions, version }
    }
}

/// What a user may do, as read at the start of a request: by their type, by their role in each of their teams, and
/// within the scopes of the request's API key.
///
/// What the user may see is judged by their rights alone, so that a caller learns of a missing scope as such.
#[derive(Clone, Debug)]
pub struct Rights {
    user_type: UserType,
    roles: BTreeMap<TeamId, Role>,
    scopes: Scopes,
    /// The ends of memberships that have one.
    ends: BTreeMap<TeamId, Timestamp>,
}

impl Rights {
    /// The rights of a user at `now`, with the roles that they hold in their teams. A missing role grants nothing, and
    /// neither does one whose membership has ended.
    pub fn new(user: &User, mut roles: BTreeMap<TeamId, Role>, now: Timestamp) -> Self {
        roles.retain(|team_id, _| user.teams.role_at(*team_id, now).is_some());
        let ends = user.teams.at(now).filter_map(|(team_id, held)| Some((team_id, held.expires_at?))).collect();
        Self { user_type: user.user_type, roles, scopes: Scopes::All, ends }
    }

    /// The rights within these scopes.
    #[must_use]
    pub fn within(self, scopes: Scopes) -> Self {
        Self { scopes, ..self }
    }

    /// Checks that the scopes allow something that the user may do.
    pub fn check_scope(&self, needed: impl Into<Scope>) -> Result<(), Code> {
        self.scopes.check(needed)
    }

    /// Whether these rights in a team still count at `now`: the membership has not ended since they were read.
    pub fn are_current_in(&self, team_id: TeamId, now: Timestamp) -> bool {
        self.ends.get(&team_id).is_none_or(|end| now < *end)
    }

    /// Whether the user is an admin of the platform.
    pub fn is_platform_admin(&self) -> bool {
        self.user_type.is_admin()
    }

    /// The user's role in a team.
    pub fn role_in(&self, team_id: TeamId) -> Option<&Role> {
        self.roles.get(&team_id)
    }

    /// The teams in which the user's role grants a permission.
    pub fn teams_with(&self, permission: Permission) -> impl Iterator<Item = TeamId> {
        self.roles.iter().filter(move |(_, role)| role.permissions.contains(&permission)).map(|(team_id, _)| *team_id)
    }

    /// Whether the user has a permission for what belongs to `team`, or to the platform if that is `None`, whatever the
    /// scopes.
    ///
    /// Platform admins have every permission everywhere. Members have those of their role in the team.
    pub fn may(&self, permission: Permission, team: Option<TeamId>) -> bool {
        let role = team.and_then(|team| self.roles.get(&team));
        self.is_platform_admin() || role.is_some_and(|role| role.permissions.contains(&permission))
    }

    /// Checks that the user may see a team. Without `team.read` the answer is `not_found`, so that callers do not learn
    /// of teams that they may not read.
    pub fn check_sees(&self, team_id: TeamId) -> Result<(), Code> {
        if self.may(Permission::TeamRead, Some(team_id)) { Ok(()) } else { Err(Code::NotFound) }
    }

    /// Checks a permission in a team that the user sees.
    pub fn permit(&self, permission: Permission, team_id: TeamId) -> Result<(), Code> {
        self.check_sees(team_id)?;
        if self.may(permission, Some(team_id)) { self.check_scope(permission) } else { Err(Code::Forbidden) }
    }

    /// Whether the user may give this role of a team to others, and take it away.
    pub fn may_grant(&self, role: &Role, team_id: TeamId) -> bool {
        self.may(Permission::MembersManage, Some(team_id)) && self.includes(role, team_id)
    }

    /// Whether the user may give this role of a team to somebody whose membership ends then, or lasts. Nobody gives a
    /// membership that outlasts their own.
    pub fn may_grant_until(&self, expires_at: Option<Timestamp>, role: &Role, team_id: TeamId) -> bool {
        let own_end = self.ends.get(&team_id);
        let is_within = own_end.is_none_or(|own_end| expires_at.is_some_and(|end| end <= *own_end));
        is_within && self.may_grant(role, team_id)
    }

    /// Whether the user may create, edit and delete this role of a team. Nobody may edit their own role.
    pub fn may_edit_role(&self, role: &Role, team_id: TeamId) -> bool {
        let is_own = self.role_in(team_id).is_some_and(|own| own.role_id == role.role_id);
        self.may(Permission::RolesManage, Some(team_id)) && !is_own && self.includes(role, team_id)
    }

    /// Whether a role is within what the user may grant or edit: every role for admins of the platform and of the team;
    /// for others never `admin`, and any other role, preset or custom, within the bound.
    fn includes(&self, role: &Role, team_id: TeamId) -> bool {
        let Some(own) = self.role_in(team_id) else { return self.is_platform_admin() };
        own.role_id.is_admin()
            || (!role.role_id.is_admin() && grant_bound::may_give(&own.permissions, &role.permissions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TEAM: TeamId = TeamId::from_bytes([1; 16]);

    fn custom(permissions: &[Permission]) -> Role {
        let role_id = RoleId::Custom(CustomRoleId::from_bytes([9; 16]));
        let permissions = permissions.iter().copied().collect();
        Role { role_id, name: RoleName::parse("Custom").unwrap(), permissions, version: 1 }
    }

    fn holding(role: Role) -> Rights {
        let (roles, ends) = (BTreeMap::from([(TEAM, role)]), BTreeMap::new());
        Rights { user_type: UserType::Member, roles, scopes: Scopes::All, ends }
    }

    #[test]
    fn an_admin_grants_any_role_and_a_member_manager_all_but_admin() {
        let (admin, manager) = (holding(Preset::Admin.into()), holding(Preset::MemberManager.into()));
        for preset in Preset::ALL {
            assert!(admin.may_grant(&Role::from(*preset), TEAM));
            assert_eq!(manager.may_grant(&Role::from(*preset), TEAM), *preset != Preset::Admin);
        }
        for preset in [Preset::SeniorDeveloper, Preset::Developer, Preset::Operator, Preset::Reviewer] {
            assert!(!holding(preset.into()).may_grant(&Role::from(Preset::Reviewer), TEAM));
        }
        let inviter = holding(custom(&[Permission::TeamRead, Permission::MembersManage]));
        assert!(inviter.may_grant(&Preset::SeniorDeveloper.into(), TEAM));
        assert!(!inviter.may_grant(&Preset::MemberManager.into(), TEAM), "a preset that manages, too, is bound");
    }

    #[test]
    fn a_member_grants_custom_roles_within_their_own_role_and_one_preset() {
        use Permission::{AccountsDelete, AccountsRead, AuditRead, MembersManage, TeamEdit, TeamRead};
        let manager = holding(Preset::MemberManager.into());
        assert!(manager.may_grant(&custom(&[TeamRead, AccountsDelete]), TEAM));
        // A role that manages must lie within the manager's own.
        assert!(manager.may_grant(&custom(&[TeamRead, TeamEdit, MembersManage]), TEAM));
        assert!(!manager.may_grant(&custom(&[TeamRead, MembersManage, AccountsDelete]), TEAM));
        assert!(manager.may_grant(&custom(&[TeamRead, AccountsRead, AuditRead]), TEAM));
        // Senior developers may delete accounts and reviewers may read the log: no single preset has both.
        assert!(!manager.may_grant(&custom(&[AccountsDelete, AuditRead]), TEAM));
        assert!(holding(Preset::Admin.into()).may_grant(&custom(Permission::ALL), TEAM));
        // A custom role with all permissions is not the admin role, and has the same bounds as any other.
        let all = holding(custom(Permission::ALL));
        assert!(!all.may_grant(&Preset::Admin.into(), TEAM) && all.may_grant(&custom(&[AuditRead]), TEAM));
    }

    #[test]
    fn nobody_grants_a_membership_that_outlasts_their_own() {
        let noon = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        let later = noon + std::time::Duration::from_millis(1);
        let admin = Rights { ends: BTreeMap::from([(TEAM, noon)]), ..holding(Preset::Admin.into()) };
        let grants = |rights: &Rights, end| rights.may_grant_until(end, &Preset::Reviewer.into(), TEAM);
        assert!(grants(&admin, Some(noon)) && !grants(&admin, Some(later)) && !grants(&admin, None));
        assert!(grants(&holding(Preset::Admin.into()), None) && admin.may_grant(&Preset::Admin.into(), TEAM));
        assert!(
            admin.are_current_in(TEAM, noon - std::time::Duration::from_millis(1)) && !admin.are_current_in(TEAM, noon)
        );
        let operator = Rights { ends: BTreeMap::from([(TEAM, noon)]), ..holding(Preset::Operator.into()) };
        assert!(!grants(&operator, Some(noon)));
    }

    #[test]
    fn nobody_edits_their_own_role_or_roles_of_another_team() {
        let own = custom(&[Permission::TeamRead, Permission::RolesManage]);
        assert!(!holding(own.clone()).may_edit_role(&own, TEAM));
        let another = Role { role_id: RoleId::Custom(CustomRoleId::from_bytes([8; 16])), ..own.clone() };
        assert!(holding(own).may_edit_role(&another, TEAM));
        let admin = holding(Preset::Admin.into());
        assert!(!admin.may_grant(&another, TeamId::from_bytes([2; 16])));
        assert!(!admin.may(Permission::TeamRead, None));
    }

    #[test]
    fn a_platform_admin_has_every_permission_everywhere() {
        let (roles, ends) = (BTreeMap::new(), BTreeMap::new());
        let rights = Rights { user_type: UserType::PlatformAdmin, roles, scopes: Scopes::All, ends };
        assert!(rights.may(Permission::AuditRead, None) && rights.may_grant(&Preset::Admin.into(), TEAM));
        assert!(rights.may_edit_role(&custom(Permission::ALL), TEAM));
    }

    #[test]
    fn a_role_may_have_every_permission() {
        let body = json!({"name": "All", "permissions": Permission::ALL});
        let role = Role::read(CustomRoleId::from_bytes([9; 16]), Fields::of(body)).unwrap();
        assert_eq!(role.permissions.len(), Permission::ALL.len());
    }

    #[test]
    fn a_role_has_each_permission_once_and_at_least_one() {
        let read = |permissions: Value| {
            let body = json!({"name": "Release manager", "permissions": permissions});
            Role::read(CustomRoleId::from_bytes([9; 16]), Fields::of(body))
        };
        let role = read(json!(["audit.read", "team.read", "audit.read"])).unwrap();
        let view = serde_json::to_value(RoleView::from(role.clone())).unwrap();
        assert_eq!(view["permissions"], json!(["team.read", "audit.read"]), "in the order of the table");
        assert!(read(json!([])).is_err() && read(json!(["team.delete"])).is_err());
        let same = role.clone().edited(Fields::of(json!({"permissions": ["team.read", "audit.read"]}))).unwrap();
        assert_eq!(same, role);
        assert!(role.edited(Fields::of(json!({"permissions": null}))).is_err());
    }
}
