// What a role allows, and which roles the person may grant or edit. The server decides; the console only avoids
// offering what the server would refuse.
import { permissions, presets } from "./facts.js";
import { can, isPlatform } from "./permissions.js";
import { signedIn } from "./session.js";
import { words } from "./words.js";

const GROUP_OF = {
  team: "team",
  teams: "team",
  members: "team",
  roles: "team",
  apps: "apps",
  accounts: "accounts",
  audit: "record",
  webhooks: "record",
  users: "platform",
};

// The group of a permission, or of another scope of an API key.
export const groupOf = (name) => GROUP_OF[name.split(".")[0]];

// The permissions in the groups of the role editor.
export const permissionGroups = /** @type {Record<string, string[]>} */ (Object.groupBy(permissions, groupOf));

export const roleName = (role) => words().roles[role.role_id] ?? role.name;

export const ownRole = (teamId) => signedIn().teams.find((team) => team.team_id === teamId)?.role;

const grantsAnyRole = (teamId) => isPlatform() || ownRole(teamId)?.role_id === "admin";

const MANAGING = ["members.manage", "roles.manage"];
const manages = (permissions) => MANAGING.some((one) => permissions.includes(one));

// A member may grant what lies within their own permissions, or within those together with one preset that does not
// manage. A role that manages must lie within their own, so that no second account gains what the first one lacks.
function grantable(permissions, teamId) {
  if (grantsAnyRole(teamId)) return true;
  const own = ownRole(teamId)?.permissions ?? [];
  const isWithin = (preset) => permissions.every((one) => own.includes(one) || preset.includes(one));
  if (isWithin([]) || manages(permissions)) return isWithin([]);
  return Object.values(presets).some((preset) => !manages(preset) && isWithin(preset));
}

const reachesRole = (role, teamId) =>
  grantsAnyRole(teamId) || (role.role_id !== "admin" && grantable(role.permissions, teamId));

export const mayGrantRole = (role, teamId) => can("members.manage", teamId) && reachesRole(role, teamId);

export const mayCopyRole = (role, teamId) => can("roles.manage", teamId) && grantable(role.permissions, teamId);

export const mayEditRole = (role, teamId) =>
  !role.preset && mayCopyRole(role, teamId) && ownRole(teamId)?.role_id !== role.role_id;

// Whether a permission cannot be added to the selected ones. `with` is the first selected permission that excludes it.
export function conflictOf(permission, ticked, teamId) {
  if (ticked.includes(permission) || grantable([...ticked, permission], teamId)) return null;
  return { with: permissions.find((other) => ticked.includes(other) && !grantable([permission, other], teamId)) };
}
