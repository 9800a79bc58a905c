// What a role allows, and which roles a person may give or shape. The server decides; this tells it beforehand.
import { can, isPlatform } from "./permissions.js";
import { me } from "./session.js";
import { words } from "./words.js";

export const GROUPS = {
  team: ["team.read", "team.edit", "members.manage", "roles.manage"],
  apps: ["apps.manage"],
  accounts: ["accounts.read", "accounts.write", "accounts.admin", "accounts.delete", "accounts.export"],
  record: ["audit.read"],
};
export const PERMISSIONS = Object.values(GROUPS).flat();

export const PRESETS = {
  admin: PERMISSIONS,
  member_manager: GROUPS.team,
  senior_developer: ["team.read", "apps.manage", ...GROUPS.accounts],
  developer: ["team.read", "accounts.read", "accounts.write"],
  operator: ["team.read", "accounts.read", "accounts.write", "accounts.export"],
  reviewer: ["team.read", "accounts.read", "audit.read"],
};

export const roleName = (role) => words().roles[role.role_id] ?? role.name;

export const ownRole = (teamId) => me.value.teams.find((team) => team.team_id === teamId)?.role;

const grantsAnyRole = (teamId) => isPlatform() || ownRole(teamId)?.role_id === "admin";

// Permissions lie within one's own and those of one preset that one may give.
function grantable(permissions, teamId) {
  if (grantsAnyRole(teamId)) return true;
  const own = ownRole(teamId)?.permissions ?? [];
  return Object.entries(PRESETS).some(
    ([id, preset]) => id !== "admin" && permissions.every((one) => own.includes(one) || preset.includes(one)),
  );
}

const reachesRole = (role, teamId) =>
  role.preset ? grantsAnyRole(teamId) || role.role_id !== "admin" : grantable(role.permissions, teamId);

export const mayGrantRole = (role, teamId) => can("members.manage", teamId) && reachesRole(role, teamId);

export const mayCopyRole = (role, teamId) => can("roles.manage", teamId) && grantable(role.permissions, teamId);

export const mayEditRole = (role, teamId) =>
  !role.preset && mayCopyRole(role, teamId) && ownRole(teamId)?.role_id !== role.role_id;

// Whether a permission may not join those that are ticked, and the first of them that it cannot be together with.
export function conflictOf(permission, ticked, teamId) {
  if (ticked.includes(permission) || grantable([...ticked, permission], teamId)) return null;
  return { with: PERMISSIONS.find((other) => ticked.includes(other) && !grantable([permission, other], teamId)) };
}
