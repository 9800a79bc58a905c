// The names of teams, for everything that belongs to a team.

import { getAllPages } from "./pages.js";
import { isPlatform } from "./permissions.js";
import { me, signedIn } from "./session.js";
import { signal } from "./vendor/signals.js";

/** @type {import("./vendor/signals.js").Signal<import("rollcall-api").components["schemas"]["Team"][] | null>} */
const listed = signal(null);

// Platform admins see every team. Members know their own teams from their session.
export async function loadTeams() {
  if (!isPlatform() || listed.value) return;
  try {
    listed.value = await getAllPages("/v1/teams");
  } catch (problem) {
    // Names are optional: applications are listed without them rather than not at all.
    if (problem.name === "AbortError") throw problem;
  }
}

export const teams = () => listed.value ?? me.value?.teams ?? [];

export const teamName = (teamId) => teams().find((team) => team.team_id === teamId)?.name;

// Updates the known names with a team that the server just returned.
export function keepTeam(team) {
  const renamed = (known) =>
    known.map((other) => (other.team_id === team.team_id ? { ...other, name: team.name } : other));
  if (listed.value) listed.value = teamName(team.team_id) ? renamed(listed.value) : [...listed.value, team];
  me.value = { ...signedIn(), teams: renamed(signedIn().teams) };
  return team;
}

export const forgetTeam = (teamId) => {
  if (listed.value) listed.value = listed.value.filter((team) => team.team_id !== teamId);
};
