// What the person may do. The server decides; the console only hides what the server would refuse.
import { me } from "./session.js";

export const isPlatform = () => ["super_admin", "platform_admin"].includes(me.value?.user.type ?? "");

export function can(permission, teamId) {
  if (isPlatform()) return true;
  return me.value?.teams.some((team) => team.team_id === teamId && team.role.permissions.includes(permission)) ?? false;
}

export const canSomewhere = (permission) =>
  isPlatform() || (me.value?.teams.some((team) => team.role.permissions.includes(permission)) ?? false);

export const teamsWhere = (permission) =>
  (me.value?.teams ?? []).filter((team) => team.role.permissions.includes(permission));
