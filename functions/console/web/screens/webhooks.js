// All webhooks that the person manages: those of the platform and of every team.

import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { Page } from "../parts/page.js";
import { isPlatform } from "../permissions.js";
import { loadTeams } from "../teams.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { webhookWords } from "../webhooks/words.js";
import { words } from "../words.js";
import NotFound from "./not-found.js";
import { Webhooks } from "./webhooks/list.js";

export default function AllWebhooks({ webhook }) {
  const w = webhookWords();
  const [creating, setCreating] = useState(false);
  useEffect(() => void loadTeams(), []);
  useEffect(() => (isPlatform() ? keys({ c: () => setCreating(true) }) : undefined), []);
  if (!isPlatform()) return html`<${NotFound} />`;
  const primary = { icon: "plus", label: w.create, short: w.createShort, act: () => setCreating(true) };
  return html`
    <${Page} title=${w.title} parent=${{ href: "/audit", label: words().entries.audit }} primary=${primary}>
      <${Webhooks} base="/webhooks" webhookId=${webhook} creating=${creating} onCreating=${setCreating} />
    </${Page}>`;
}
