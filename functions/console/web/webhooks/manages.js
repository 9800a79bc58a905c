// Who manages webhooks.
import { isPlatform } from "../permissions.js";
import { me } from "../session.js";

// A team's webhooks are for its role `admin`: no permission gives them to others.
export const managesWebhooks = (teamId) =>
  isPlatform() || (me.value?.teams.some((team) => team.team_id === teamId && team.role.role_id === "admin") ?? false);
