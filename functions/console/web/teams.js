// The names of teams, for whatever belongs to one.
import { signal } from "./vendor/signals.js";
import { get } from "./api.js";
import { isPlatform } from "./rights.js";
import { me } from "./session.js";

const listed = signal(null);

// Platform admins see every team; members know their own by heart.
export async function loadTeams() {
  if (!isPlatform() || listed.value) return;
  const teams = [];
  try {
    for (let cursor = null, more = true; more; more = cursor !== null) {
      const page = await get(`/v1/teams?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      teams.push(...page.items);
      cursor = page.next_cursor;
    }
    listed.value = teams;
  } catch (problem) {
    // Names are an addition: applications are shown without them rather than not at all.
    if (problem.name === "AbortError") throw problem;
  }
}

export const teams = () => listed.value ?? me.value?.teams ?? [];

export const teamName = (teamId) => teams().find((team) => team.team_id === teamId)?.name;
