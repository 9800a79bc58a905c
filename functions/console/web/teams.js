// The names of teams, for whatever belongs to one.
import { signal } from "./vendor/signals.js";
import { getAllPages } from "./pages.js";
import { isPlatform } from "./permissions.js";
import { me } from "./session.js";

const listed = signal(null);

// Platform admins see every team; members know their own by heart.
export async function loadTeams() {
  if (!isPlatform() || listed.value) return;
  try {
    listed.value = await getAllPages("/v1/teams");
  } catch (problem) {
    // Names are an addition: applications are shown without them rather than not at all.
    if (problem.name === "AbortError") throw problem;
  }
}

export const teams = () => listed.value ?? me.value?.teams ?? [];

export const teamName = (teamId) => teams().find((team) => team.team_id === teamId)?.name;

// Keeps the names in step with what the server just said.
export function keepTeam(team) {
  const renamed = (known) =>
    known.map((other) => (other.team_id === team.team_id ? { ...other, name: team.name } : other));
  if (listed.value) listed.value = teamName(team.team_id) ? renamed(listed.value) : [...listed.value, team];
  me.value = { ...me.value, teams: renamed(me.value.teams) };
  return team;
}

export const forgetTeam = (teamId) => {
  if (listed.value) listed.value = listed.value.filter((team) => team.team_id !== teamId);
};
