// The applications that the person can see, for pickers and titles.

import { get, pathOf } from "./api.js";
import { getAllPages } from "./pages.js";
import { can } from "./permissions.js";
import { changeSettings, settings } from "./settings.js";
import { teamName } from "./teams.js";
import { signal } from "./vendor/signals.js";

const RECENT = 5;

/** @type {import("./vendor/signals.js").Signal<import("rollcall-api").components["schemas"]["App"][] | null>} */
export const apps = signal(null);

export async function loadApps() {
  apps.value = await getAllPages("/v1/apps");
}

// The applications whose accounts the person may see.
export const readableApps = () => apps.value?.filter((app) => can("accounts.read", app.team_id));

export const loadApp = async (appId) => keepApp(await get(pathOf`/v1/apps/${appId}`));

// Updates the known applications with one that the server just returned.
export function keepApp(app) {
  const known = apps.value ?? [];
  const at = known.findIndex(({ app_id }) => app_id === app.app_id);
  apps.value = at < 0 ? [...known, app] : known.with(at, app);
  return app;
}

export const forgetApp = (appId) => {
  apps.value = (apps.value ?? []).filter(({ app_id }) => app_id !== appId);
  if (settings.value.app === appId) changeSettings({ app: null });
};

export const rememberVisit = (appId) => {
  const recent = [appId, ...settings.value.recent.filter((other) => other !== appId)].slice(0, RECENT);
  if (settings.value.app !== appId || recent.join() !== settings.value.recent.join())
    changeSettings({ app: appId, recent });
};

export const asOption = (app) => ({ id: app.app_id, name: app.name, note: teamName(app.team_id) });
