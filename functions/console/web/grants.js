// What a role allows, and which roles a person may give or shape. The server decides; this tells it beforehand.
import { can, isPlatform } from "./rights.js";
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

const unbound = (teamId) => isPlatform() || ownRole(teamId)?.role_id === "admin";

// Permissions lie within one's own and those of one preset that one may give.
function within(permissions, teamId) {
  if (unbound(teamId)) return true;
  const own = ownRole(teamId)?.permissions ?? [];
  return Object.entries(PRESETS).some(
    ([id, preset]) => id !== "admin" && permissions.every((one) => own.includes(one) || preset.includes(one)),
  );
}

const reaches = (role, teamId) =>
  role.preset ? unbound(teamId) || role.role_id !== "admin" : within(role.permissions, teamId);

export const mayGrant = (role, teamId) => can("members.manage", teamId) && reaches(role, teamId);

export const mayCopy = (role, teamId) => can("roles.manage", teamId) && within(role.permissions, teamId);

export const mayShape = (role, teamId) =>
  !role.preset && mayCopy(role, teamId) && ownRole(teamId)?.role_id !== role.role_id;

// Whether a permission may not join those that are ticked, and the first of them that it cannot be together with.
export function obstacle(permission, ticked, teamId) {
  if (ticked.includes(permission) || within([...ticked, permission], teamId)) return null;
  return { with: PERMISSIONS.find((other) => ticked.includes(other) && !within([permission, other], teamId)) };
}
