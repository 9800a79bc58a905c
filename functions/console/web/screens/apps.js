// The list of applications, with one of them open beside it.
import { limits } from "../facts.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { useList } from "../list.js";
import { Avatar } from "../parts/avatar.js";
import { Empty } from "../parts/empty.js";
import { LoadError } from "../parts/load-error.js";
import { MoreMenu } from "../parts/more-menu.js";
import { Page } from "../parts/page.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../parts/table.js";
import { Tally } from "../parts/tally.js";
import { Time } from "../parts/time.js";
import { can, canSomewhere, isPlatform } from "../permissions.js";
import { closeTo, go, place, setQuery } from "../router.js";
import { loadTeams, teamName } from "../teams.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { CreateApp } from "./apps/create.js";
import { DeleteApp } from "./apps/deletion.js";
import { AppSheet } from "./apps/sheet.js";

const keyOf = (app) => app.app_id;

export default function Apps({ app: opened }) {
  const w = words().apps;
  const list = useList("/v1/apps", {}, keyOf);
  /** @type {{ kind: string, app?: any } | null} */
  const requested = place.value.query.get("new") && canSomewhere("apps.manage") ? { kind: "create" } : null;
  const [dialog, setDialog] = useState(requested);
  const close = () => {
    setDialog(null);
    setQuery({ new: "" });
  };
  const create = () => setDialog({ kind: "create" });
  useEffect(() => {
    loadTeams();
    return canSomewhere("apps.manage") ? keys({ c: create }) : undefined;
  }, []);
  const open = (app) => go(`/apps/${app.app_id}`);
  const remove = (app) => setDialog({ kind: "delete", app });
  useRowKeys({ items: list.items, open: (at) => open(list.items[at]) });
  const primary = canSomewhere("apps.manage") && { icon: "plus", label: w.create, short: w.createShort, act: create };
  const columns = [
    { name: w.name, bone: html`<div class="who">${skeletonBar("disc")}${skeletonBar("w3")}</div>` },
    { name: w.team, width: "20%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.deletion, width: "12%", class: "wide-column", bone: skeletonBar("w1") },
    { name: w.admins, width: "17%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.created, width: "17%", class: "wide-column", bone: skeletonBar("w2") },
    { name: html`<span class="unseen">${words().list.operation}</span>`, width: "88px", class: "operations" },
  ];
  const row = (app, at, key) =>
    html`<${Row} key=${key} app=${app} at=${at} onOpen=${() => open(app)} onDelete=${() => remove(app)} />`;
  const empty = html`
    <${Empty} text=${w.none}>
      ${primary && html`<button type="button" class="button secondary" onClick=${create}>${w.create}</button>`}
    </${Empty}>`;
  const created = (app) => {
    close();
    list.upsert(app);
  };
  const gone = (app) => {
    close();
    list.remove([app.app_id]);
    if (opened) go("/apps", { replace: true, unasked: true });
  };
  return html`
    <${Page} title=${w.title} thing=${list.items.find((app) => app.app_id === opened)?.name} primary=${primary}>
      <${Table} caption=${w.title} columns=${columns} list=${list} keyOf=${keyOf} row=${row} empty=${empty} />
      ${
        opened &&
        html`
          <${AppSheet} key=${opened} appId=${opened} onChanged=${list.replace} onDelete=${remove}
            onClose=${(options) => closeTo("/apps", options)} />`
      }
      ${dialog?.kind === "create" && html`<${CreateApp} onClose=${close} onCreated=${created} />`}
      ${
        dialog?.kind === "delete" &&
        html`<${DeleteApp} app=${dialog.app} onClose=${close} onDeleted=${() => gone(dialog.app)} />`
      }
      <${LoadError} problem=${list.problem} onAgain=${list.reload} />
    </${Page}>`;
}

function Row({ app, at, onOpen, onDelete }) {
  const w = words().apps;
  const locked = app.deletion_lock.locked;
  const items = [
    can("accounts.read", app.team_id) && {
      icon: "accounts",
      label: words().entries.accounts,
      href: `/apps/${app.app_id}/accounts`,
    },
    { icon: "edit", label: can("apps.manage", app.team_id) ? w.edit : w.view, onChoose: onOpen },
    can("apps.manage", app.team_id) && "line",
    can("apps.manage", app.team_id) && {
      icon: "trash",
      label: w.delete,
      name: app.name,
      red: true,
      onChoose: onDelete,
    },
  ];
  const admins = words().accounts.of(app.admin_count, limits.adminsPerApp);
  const team = teamName(app.team_id) ?? (app.team_id === null && isPlatform() ? words().picker.platform : "—");
  return html`
    <tr class="row" data-at=${at} aria-rowindex=${at + 2} onClick=${opensRow(onOpen)}>
      <th scope="row">
        <div class="who">
          <${Avatar} id=${app.app_id} name=${app.name} shape="square" />
          <div class="lines">
            <a class="strong cut" href=${`/apps/${app.app_id}`} title=${app.name}><bdi>${app.name}</bdi></a>
            <span class="quiet under cut narrow-only">${team} · ${locked ? w.locked : w.lifted}</span>
          </div>
        </div>
      </th>
      <td class="wide-column"><bdi>${team}</bdi></td>
      <td class="wide-column">
        ${locked ? html`<span class="quiet">${w.locked}</span>` : html`<span class="tag amber">${w.lifted}</span>`}
      </td>
      <td class="wide-column">
        <span class="counted">
          ${admins}
          <${Tally} count=${app.admin_count} of=${limits.adminsPerApp} size="small"
            tone=${app.admin_count >= limits.adminsPerApp ? "amber" : ""} />
        </span>
      </td>
      <td class="wide-column"><${Time} at=${app.created_at} /></td>
      <td class="operations"><div><${MoreMenu} label=${w.more(app.name)} items=${items} /></div></td>
    </tr>`;
}
