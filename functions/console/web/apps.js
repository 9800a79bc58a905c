// The applications a person can see, for pickers and titles.
import { signal } from "./vendor/signals.js";
import { get, pathOf } from "./api.js";
import { teamName } from "./teams.js";
import { set, settings } from "./settings.js";

export const MAX_ADMINS = 10;
const RECENT = 5;

export const apps = signal(null);

export async function loadApps() {
  const found = [];
  for (let cursor = null, more = true; more; more = cursor !== null) {
    const page = await get(`/v1/apps?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  apps.value = found;
}

export const loadApp = async (appId) => keep(await get(pathOf`/v1/apps/${appId}`));

// Keeps what is known of an application in step with what the server just said.
export function keep(app) {
  const known = apps.value ?? [];
  const at = known.findIndex(({ app_id }) => app_id === app.app_id);
  apps.value = at < 0 ? [...known, app] : known.with(at, app);
  return app;
}

export const forget = (appId) => {
  apps.value = (apps.value ?? []).filter(({ app_id }) => app_id !== appId);
  if (settings.value.app === appId) set({ app: null });
};

export const visited = (appId) => {
  const recent = [appId, ...settings.value.recent.filter((other) => other !== appId)].slice(0, RECENT);
  if (settings.value.app !== appId || recent.join() !== settings.value.recent.join()) set({ app: appId, recent });
};

export const asOption = (app) => ({ id: app.app_id, name: app.name, note: teamName(app.team_id) });
