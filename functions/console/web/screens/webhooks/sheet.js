// One webhook and its last deliveries, beside the list.

import { get } from "../../api.js";
import { reportGone, useReload } from "../../freshness.js";
import { html } from "../../html.js";
import { Banner } from "../../parts/banner.js";
import { Button } from "../../parts/button.js";
import { Empty } from "../../parts/empty.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { Sheet } from "../../parts/sheet.js";
import { Time } from "../../parts/time.js";
import { messageOf } from "../../problem-messages.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { outcomeOf, ownerOf, pathOfWebhook, StatusTag } from "../../webhooks/webhook.js";
import { webhookWords } from "../../webhooks/words.js";

const SHOWN = 20;

export function WebhookSheet({ webhookId, listed, operations, onClose }) {
  const w = webhookWords();
  const path = pathOfWebhook(webhookId);
  const [read, setRead] = useState(null);
  const [deliveries, setDeliveries] = useState(/** @type {any[] | null} */ (null));
  const [problem, setProblem] = useState(null);
  const load = (report = setProblem) => {
    get(path).then(setRead, report);
    get(`${path}/deliveries?limit=${SHOWN}`).then(({ items }) => setDeliveries(items), report);
  };
  useEffect(() => load(), [operations.sent]);
  useReload(() => load(reportGone(setProblem)));
  // What was just changed is in the list first.
  const webhook = (listed?.version ?? 0) >= (read?.version ?? 0) ? listed : read;
  if (!webhook) {
    return html`
      <${Sheet} title=${w.title} onClose=${onClose}>
        ${problem && html`<${Empty} text=${problem.status === 404 ? w.gone : messageOf(problem)} />`}
      </${Sheet}>`;
  }
  return html`
    <${Sheet} title=${webhook.url} tag=${html`<${StatusTag} webhook=${webhook} />`} caption=${webhook.description}
      menu=${html`<${MoreMenu} label=${w.more(webhook.url)} items=${operations.itemsOf(webhook)} />`}
      onClose=${onClose}>
      <div class="form">
        ${webhook.status === "paused" && html`<${Banner} tone="amber">${w.paused}</${Banner}>`}
        ${line(w.owner, html`<bdi>${ownerOf(webhook)}</bdi>`)}
        ${line(w.types, webhook.types.length === 0 ? w.allTypes : webhook.types.join(", "))}
        ${line(w.created, html`<${Time} at=${webhook.created_at} />`)}
        <div class="form-actions">
          <${Button} onClick=${() => operations.test(webhook)}>${w.test}</${Button}>
          <${Button} onClick=${() => operations.ask("resend", webhook)}>${w.resend}</${Button}>
          <${Button} onClick=${() => operations.ask("rotate", webhook)}>${w.rotate}</${Button}>
        </div>
        <hr />
        <${Deliveries} deliveries=${deliveries} onRefresh=${() => load()} />
      </div>
    </${Sheet}>`;
}

const line = (name, value) =>
  html`<div class="plain-line"><span class="quiet">${name}</span><span>${value}</span></div>`;

function Deliveries({ deliveries, onRefresh }) {
  const w = webhookWords();
  return html`
    <section aria-labelledby="deliveries">
      <h3 id="deliveries">${w.deliveries}</h3>
      <p class="quiet">${w.deliveriesHint}</p>
      <ul class="sessions" aria-busy=${deliveries === null}>
        ${deliveries?.map(
          ({ event_id: id, at, duration_ms: duration, status, error }) =>
            html`
              <li key=${`${id} ${at}`}>
                <div>
                  <div class="who-line">
                    <span class="strong">${outcomeOf({ status, error })}</span>
                    <span class="quiet digits">${w.duration(duration)}</span>
                  </div>
                  <p class="quiet"><${Time} at=${at} /> · <span class="digits">${id}</span></p>
                </div>
              </li>`,
        )}
      </ul>
      ${deliveries?.length === 0 && html`<p class="quiet">${w.noDeliveries}</p>`}
      <${Button} kind="ghost" size="small" icon="refresh" onClick=${onRefresh}>${w.refresh}</${Button}>
    </section>`;
}
