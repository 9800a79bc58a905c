// Accounts, of whatever application: the one last looked at, else the first.
import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { loadApps, readable } from "../apps.js";
import { canSomewhere, isPlatform } from "../rights.js";
import { go } from "../router.js";
import { words } from "../words.js";
import { Empty } from "../parts/empty.js";
import { Failed } from "../parts/failed.js";
import { Page } from "../parts/page.js";

export default function AnyAccounts() {
  const [problem, setProblem] = useState(null);
  const w = words();
  const begin = () => {
    setProblem(null);
    loadApps().then(() => readable()[0] && go(`/apps/${readable()[0].app_id}/accounts`, { replace: true }), setProblem);
  };
  useEffect(begin, []);
  const none = readable()?.length === 0;
  return html`
    <${Page} title=${w.accounts.title}>
      <${Failed} problem=${problem} onAgain=${begin} />
      ${none && html`<${Empty} text=${isPlatform() ? w.accounts.noApps : w.accounts.noAppsInTeams}>${canSomewhere("apps.manage") && html`<a class="button secondary" href="/apps?new=1">${w.apps.create}</a>`}</${Empty}>`}
    </${Page}>`;
}
