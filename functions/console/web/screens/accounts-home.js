// Opens the accounts of the first application.

import { loadApps, readableApps } from "../apps.js";
import { html } from "../html.js";
import { Empty } from "../parts/empty.js";
import { LoadError } from "../parts/load-error.js";
import { Page } from "../parts/page.js";
import { canSomewhere, isPlatform } from "../permissions.js";
import { go } from "../router.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";

export default function AccountsHome() {
  const [problem, setProblem] = useState(null);
  const w = words();
  const begin = () => {
    setProblem(null);
    loadApps().then(() => {
      const first = readableApps()?.[0];
      if (first) go(`/apps/${first.app_id}/accounts`, { replace: true });
    }, setProblem);
  };
  useEffect(begin, []);
  const none = readableApps()?.length === 0;
  return html`
    <${Page} title=${w.accounts.title}>
      ${
        none &&
        html`
          <${Empty} text=${isPlatform() ? w.accounts.noApps : w.accounts.noAppsInTeams}>
            ${canSomewhere("apps.manage") && html`<a class="button secondary" href="/apps?new=1">${w.apps.create}</a>`}
          </${Empty}>`
      }
      <${LoadError} problem=${problem} onAgain=${begin} />
    </${Page}>`;
}
