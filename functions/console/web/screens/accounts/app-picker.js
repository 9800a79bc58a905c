// Switches to the accounts of another application: recent ones first, then all, by team.

import { pathOf } from "../../api.js";
import { asOption, loadApps, readableApps } from "../../apps.js";
import { html } from "../../html.js";
import { Picker } from "../../parts/picker.js";
import { go } from "../../router.js";
import { settings } from "../../settings.js";
import { words } from "../../words.js";

// Short lists need no group of recent applications.
const RECENT_GROUP_FROM = 6;

export function AppPicker({ app, onFailed }) {
  const options = (readableApps() ?? []).map(asOption);
  const recent = settings.value.recent.map((id) => options.find((option) => option.id === id)).filter(Boolean);
  const teamNames = [...new Set(options.map(({ note }) => note ?? ""))].sort();
  const byTeam = teamNames.map((name) => ({
    name: name || words().picker.platform,
    options: options.filter(({ note }) => (note ?? "") === name),
  }));
  const groups =
    options.length >= RECENT_GROUP_FROM ? [{ name: words().picker.recent, options: recent }, ...byTeam] : byTeam;
  return html`
    <${Picker} label=${words().accounts.app} current=${app && asOption(app)} groups=${groups}
      onOpen=${() => loadApps().catch(onFailed)} onChoose=${({ id }) => go(pathOf`/apps/${id}/accounts`)} />`;
}
