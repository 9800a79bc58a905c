// The table of accounts.

import { pathOf } from "../../api.js";
import { limits } from "../../facts.js";
import { html } from "../../html.js";
import { Avatar } from "../../parts/avatar.js";
import { Button } from "../../parts/button.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { SelectionCheckbox } from "../../parts/selection.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { Time } from "../../parts/time.js";
import { words } from "../../words.js";
import { SelectionBar, SelectionHead } from "./selection-actions.js";

export const AdminTag = () => html`<span class="tag accent">${words().accounts.types.admin}</span>`;

export function AccountTable({ app, list, selection, may, act, current, empty, keyOf }) {
  const w = words().accounts;
  const { items } = list;
  const selects = may.export || may.write || may.delete;
  useRowKeys({
    items,
    open: (at) => act.open(items[at]),
    turn: selects ? (at, range) => selection.toggle(items, at, range) : undefined,
    clear: selection.size > 0 ? selection.clear : undefined,
  });
  const chosenHere = items.filter(selection.has).length;
  const columns = [
    selects && {
      class: "pick",
      name: html`
        <${SelectionCheckbox} label=${words().list.selectAll} checked=${items.length > 0 && chosenHere === items.length}
          mixed=${chosenHere > 0 && chosenHere < items.length} onTurn=${() => selection.toggleAll(items)} />`,
    },
    {
      class: "id-column",
      name: w.fields.user_id,
      width: "30%",
      bone: html`<div class="who">${skeletonBar("disc")}${skeletonBar("w2")}</div>`,
    },
    { class: "wide-column", name: w.fields.nickname, width: "23.6%", bone: skeletonBar("w2") },
    { class: "wide-column", name: w.type, width: "10.4%", bone: skeletonBar("w1") },
    { class: "wide-column", name: w.created, width: "16.8%", bone: skeletonBar("w2") },
    { class: "operations", name: html`<span class="unseen">${words().list.operation}</span>` },
  ].filter(Boolean);
  const head =
    selection.size > 0 &&
    html`
      <td colspan=${columns.length} class="selection-cell">
        <${SelectionHead} app=${app} list=${list} selection=${selection} may=${may} act=${act} />
      </td>`;
  const row = (account, at, key) => html`
    <${Row} key=${key} account=${account} at=${at} app=${app} may=${may} act=${act} selects=${selects}
      chosen=${selection.has(account)} current=${current === key}
      onTurn=${(range) => selection.toggle(items, at, range)} />`;
  return html`
    <${Table} caption=${w.caption(app?.name ?? "")} columns=${columns} head=${head || undefined} list=${list}
      keyOf=${keyOf} row=${row} empty=${empty} />
    ${selection.size > 0 && html`<${SelectionBar} app=${app} selection=${selection} may=${may} act=${act} />`}`;
}

export function operationsOn(account, app, may, act) {
  const w = words().accounts;
  const isAdmin = account.type === "admin";
  const { locked } = app.deletion_lock;
  const blocked = locked && !may.lock;
  const full = !isAdmin && app.admin_count >= limits.adminsPerApp;
  const turn = {
    icon: full ? "lock" : "shield",
    label: isAdmin ? w.cancelAdmin : w.setAdmin,
    end: w.of(app.admin_count, limits.adminsPerApp),
    note: full && w.cap,
    onChoose: full ? undefined : () => act.turnAdmin(account, !isAdmin),
  };
  return [
    { icon: "edit", label: may.write ? w.edit : w.view, onChoose: () => act.open(account) },
    may.export && { icon: "download", label: w.export, onChoose: () => act.export([account]) },
    may.admin && turn,
    may.delete && "line",
    may.delete && {
      icon: locked ? "lock" : "trash",
      label: w.delete,
      name: account.user_id,
      red: !locked,
      note: blocked && words().lock.locked,
      onChoose: blocked ? undefined : () => act.delete([account]),
    },
  ];
}

function Row({ account, at, app, may, act, selects, chosen, current, onTurn }) {
  const w = words().accounts;
  const { user_id: id, nickname, created_at: created } = account;
  const admin = account.type === "admin";
  return html`
    <tr class=${`row ${chosen ? "chosen" : ""} ${current ? "current" : ""}`} data-at=${at} aria-rowindex=${at + 2}
      onClick=${opensRow(() => act.open(account))}>
      ${
        selects &&
        html`
          <td class="pick">
            <${SelectionCheckbox} label=${words().list.select(id)} checked=${chosen} onTurn=${onTurn} tabindex="-1" />
          </td>`
      }
      <th scope="row">
        <div class="who">
          <${Avatar} id=${id} name=${nickname} photo=${account.photo_url} />
          <div class="lines">
            <span class="cut">
              <a class="id" href=${pathOf`/apps/${app?.app_id ?? ""}/accounts/${id}` + location.search} title=${id}>
                <bdi>${id}</bdi>
              </a>
              ${admin && html` <span class="narrow-only"><${AdminTag} /></span>`}
            </span>
            <span class="quiet under cut narrow-only">
              ${nickname && html`<bdi>${nickname}</bdi>`}
              <span>${nickname && "· "}<${Time} at=${created} /></span>
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${nickname}>${nickname?.trim() ? html`<bdi>${nickname}</bdi>` : "—"}</td>
      <td class="wide-column">
        ${admin ? html`<${AdminTag} />` : html`<span class="quiet">${w.types.general}</span>`}
      </td>
      <td class="wide-column"><${Time} at=${created} /></td>
      <td class="operations">
        ${
          app &&
          html`
            <div>
              ${
                may.write &&
                html`
                  <${Button} kind="ghost" size="late wide-only" onClick=${() => act.open(account)}>
                    ${w.edit}
                  </${Button}>`
              }
              ${
                may.export &&
                html`
                  <${Button} kind="ghost" size="late wide-only" onClick=${() => act.export([account])}>
                    ${w.export}
                  </${Button}>`
              }
              <${MoreMenu} label=${w.more(id)} items=${operationsOn(account, app, may, act)} />
            </div>`
        }
      </td>
    </tr>`;
}
