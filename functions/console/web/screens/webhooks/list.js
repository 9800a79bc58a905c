// Webhooks, newest first. One opens beside the list.

import { html } from "../../html.js";
import { useList } from "../../list.js";
import { Empty } from "../../parts/empty.js";
import { LoadError } from "../../parts/load-error.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { Time } from "../../parts/time.js";
import { closeTo, go } from "../../router.js";
import { useEffect } from "../../vendor/hooks.js";
import { keyOf, ownerOf, StatusTag, typesText } from "../../webhooks/webhook.js";
import { webhookWords } from "../../webhooks/words.js";
import { words } from "../../words.js";
import { useOperations } from "./operations.js";
import { WebhookSheet } from "./sheet.js";

// `base` is the address of the list. `team` limits it to one team.
export function Webhooks({ team, base, webhookId, creating, onCreating }) {
  const w = webhookWords();
  const list = useList("/v1/webhooks", { team_id: team?.team_id }, keyOf);
  const operations = useOperations({
    team,
    onChanged: list.replace,
    onCreated: list.reload,
    onDeleted: (webhook) => {
      list.remove([keyOf(webhook)]);
      if (webhookId) closeTo(base);
    },
  });
  useEffect(() => {
    if (!creating) return;
    onCreating(false);
    operations.ask("create");
  }, [creating]);
  const addressOf = (webhook) => `${base}/${keyOf(webhook)}`;
  const open = (webhook) => go(addressOf(webhook));
  useRowKeys({ items: list.items, open: (at) => open(list.items[at]) });
  const columns = [
    { class: "id-column", name: w.url, bone: skeletonBar("w3") },
    { class: "wide-column", name: w.types, width: "16%", bone: skeletonBar("w2") },
    !team && { class: "wide-column", name: w.owner, width: "18%", bone: skeletonBar("w2") },
    { class: "wide-column", name: w.status, width: "13%", bone: skeletonBar("w1") },
    { class: "wide-column", name: w.created, width: "16%", bone: skeletonBar("w2") },
    { class: "operations", name: html`<span class="unseen">${words().list.operation}</span>`, width: "72px" },
  ].filter(Boolean);
  const row = (webhook, at, key) =>
    html`
      <${Row} key=${key} webhook=${webhook} at=${at} inTeam=${Boolean(team)} href=${addressOf(webhook)}
        items=${operations.itemsOf(webhook)} onOpen=${() => open(webhook)} />`;
  const empty = html`
    <${Empty} text=${w.none}>
      <button type="button" class="button secondary" onClick=${() => operations.ask("create")}>${w.create}</button>
    </${Empty}>`;
  return html`
    <${Table} caption=${w.caption} columns=${columns} list=${list} keyOf=${keyOf} row=${row} empty=${empty} />
    ${
      webhookId &&
      html`
        <${WebhookSheet} key=${webhookId} webhookId=${webhookId} operations=${operations}
          listed=${list.items.find((webhook) => keyOf(webhook) === webhookId)} onClose=${() => closeTo(base)} />`
    }
    ${operations.dialog}
    <${LoadError} problem=${list.problem} onAgain=${list.reload} />`;
}

function Row({ webhook, at, inTeam, href, items, onOpen }) {
  const w = webhookWords();
  const { url, description, created_at: created } = webhook;
  return html`
    <tr class="row" data-at=${at} aria-rowindex=${at + 2} onClick=${opensRow(onOpen)}>
      <th scope="row">
        <div class="who">
          <div class="lines">
            <a class="strong cut" href=${href} title=${url}><bdi>${url}</bdi></a>
            <span class="quiet under cut narrow-only"><${StatusTag} webhook=${webhook} /></span>
            ${description && html`<span class="quiet under cut wide-column"><bdi>${description}</bdi></span>`}
          </div>
        </div>
      </th>
      <td class="wide-column" title=${webhook.types.join(", ")}>${typesText(webhook)}</td>
      ${!inTeam && html`<td class="wide-column"><bdi>${ownerOf(webhook)}</bdi></td>`}
      <td class="wide-column"><${StatusTag} webhook=${webhook} /></td>
      <td class="wide-column"><${Time} at=${created} /></td>
      <td class="operations"><div><${MoreMenu} label=${w.more(url)} items=${items} /></div></td>
    </tr>`;
}
