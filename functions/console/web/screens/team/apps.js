// The applications of a team.
import { limits } from "../../facts.js";
import { html } from "../../html.js";
import { useList } from "../../list.js";
import { Avatar } from "../../parts/avatar.js";
import { Empty } from "../../parts/empty.js";
import { LoadError } from "../../parts/load-error.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { Tally } from "../../parts/tally.js";
import { Time } from "../../parts/time.js";
import { can } from "../../permissions.js";
import { go } from "../../router.js";
import { words } from "../../words.js";
import { CreateApp } from "../apps/create.js";

const keyOf = (app) => app.app_id;

export function TeamApps({ team, creating, onCreating, onRecount }) {
  const w = words().apps;
  const list = useList("/v1/apps", { team_id: team.team_id }, keyOf);
  const reads = can("accounts.read", team.team_id);
  const href = (app) => (reads ? `/apps/${app.app_id}/accounts` : `/apps/${app.app_id}`);
  useRowKeys({ items: list.items, open: (at) => go(href(list.items[at])) });
  const columns = [
    { name: w.name, width: "36%", bone: html`<div class="who">${skeletonBar("disc")}${skeletonBar("w3")}</div>` },
    { name: w.deletion, width: "16%", class: "wide-column", bone: skeletonBar("w1") },
    { name: w.admins, width: "24%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.created, class: "wide-column", bone: skeletonBar("w2") },
  ];
  const row = (app, at, key) => {
    const { locked } = app.deletion_lock;
    return html`
      <tr class="row" key=${key} data-at=${at} aria-rowindex=${at + 2} onClick=${opensRow(() => go(href(app)))}>
        <th scope="row">
          <div class="who">
            <${Avatar} id=${app.app_id} name=${app.name} shape="square" />
            <div class="lines">
              <a class="strong cut" href=${href(app)} title=${app.name}><bdi>${app.name}</bdi></a>
              <span class="quiet under cut narrow-only">${locked ? w.locked : w.lifted}</span>
            </div>
          </div>
        </th>
        <td class="wide-column">
          ${locked ? html`<span class="quiet">${w.locked}</span>` : html`<span class="tag amber">${w.lifted}</span>`}
        </td>
        <td class="wide-column">
          <span class="counted">
            ${words().accounts.of(app.admin_count, limits.adminsPerApp)}
            <${Tally} count=${app.admin_count} of=${limits.adminsPerApp} size="small"
              tone=${app.admin_count >= limits.adminsPerApp ? "amber" : ""} />
          </span>
        </td>
        <td class="wide-column"><${Time} at=${app.created_at} /></td>
      </tr>`;
  };
  const create =
    can("apps.manage", team.team_id) &&
    html`<button type="button" class="button secondary" onClick=${() => onCreating(true)}>${w.create}</button>`;
  const created = (app) => {
    onCreating(false);
    if (app.team_id === team.team_id) list.upsert(app);
    onRecount();
  };
  return html`
    <div class="after-tabs">
      <${Table} caption=${words().team.appsOf(team.name)} columns=${columns} list=${list} keyOf=${keyOf} row=${row}
        empty=${html`<${Empty} text=${words().team.noApps}>${create}</${Empty}>`} />
    </div>
    ${creating && html`<${CreateApp} teamId=${team.team_id} onCreated=${created} onClose=${() => onCreating(false)} />`}
    <${LoadError} problem=${list.problem} onAgain=${list.reload} />`;
}
