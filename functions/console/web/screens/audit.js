// The audit log of everything that the person may see.

import { html } from "../html.js";
import { Page } from "../parts/page.js";
import { canSomewhere, isPlatform } from "../permissions.js";
import { loadTeams } from "../teams.js";
import { useEffect } from "../vendor/hooks.js";
import { words } from "../words.js";
import { AuditLog } from "./audit/log.js";
import NotFound from "./not-found.js";

export default function Audit() {
  useEffect(() => void loadTeams(), []);
  if (!canSomewhere("audit.read")) return html`<${NotFound} />`;
  const webhooks = html`<a class="button secondary" href="/webhooks">${words().team.tabs.webhooks}</a>`;
  return html`
    <${Page} title=${words().audit.title} actions=${isPlatform() && webhooks}>
      ${isPlatform() && html`<p class="narrow-only audit-note">${webhooks}</p>`}
      <${AuditLog} />
    </${Page}>`;
}
