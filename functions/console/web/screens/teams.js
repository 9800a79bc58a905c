// The teams: all for platform admins, their own for members.

import { ownRole, roleName } from "../grants.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { useList } from "../list.js";
import { Avatar } from "../parts/avatar.js";
import { Empty } from "../parts/empty.js";
import { LoadError } from "../parts/load-error.js";
import { MoreMenu } from "../parts/more-menu.js";
import { Page } from "../parts/page.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../parts/table.js";
import { Time } from "../parts/time.js";
import { can, isPlatform } from "../permissions.js";
import { go } from "../router.js";
import { signedIn } from "../session.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { CreateTeam } from "./teams/create.js";
import { DeleteTeam, LeaveTeam } from "./teams/delete-or-leave.js";
import { RenameTeam } from "./teams/rename.js";

const keyOf = (team) => team.team_id;

export default function Teams() {
  const w = words().teams;
  const list = useList("/v1/teams", {}, keyOf);
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const create = () => setDialog({ kind: "create" });
  useEffect(() => (isPlatform() ? keys({ c: create }) : undefined), []);
  const open = (team) => go(`/teams/${team.team_id}/members`);
  useRowKeys({ items: list.items, open: (at) => open(list.items[at]) });
  // A role may lack the permission to see its team. Members still see that they are in it, and may leave.
  const unseen =
    isPlatform() || !list.done
      ? []
      : signedIn().teams.filter((team) => !list.items.some((seen) => keyOf(seen) === keyOf(team)));
  const shown = { ...list, items: [...list.items, ...unseen] };
  const primary = isPlatform()
    ? { icon: "plus", label: w.create, short: w.createShort, act: create }
    : { icon: "plus", kind: "secondary", label: words().join.title, act: () => go("/join") };
  const columns = [
    { name: w.name, bone: html`<div class="who">${skeletonBar("disc")}${skeletonBar("w3")}</div>` },
    { name: w.admins, width: "28%", class: "wide-column", bone: skeletonBar("w3") },
    !isPlatform() && { name: w.yourRole, width: "18%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.created, width: "17%", class: "wide-column", bone: skeletonBar("w2") },
    { name: html`<span class="unseen">${words().list.operation}</span>`, width: "88px", class: "operations" },
  ].filter(Boolean);
  const ask = (kind, team) => setDialog({ kind, team });
  const row = (team, at, key) =>
    html`<${Row} key=${key} team=${team} at=${at} onOpen=${() => open(team)} onAsk=${ask} />`;
  const empty = html`
    <${Empty} text=${isPlatform() ? w.none : words().join.none}>
      <button type="button" class="button secondary" onClick=${primary.act}>${primary.label}</button>
    </${Empty}>`;
  const created = (team) => {
    close();
    list.upsert(team);
  };
  const gone = () => {
    close();
    list.remove([dialog.team.team_id]);
  };
  return html`
    <${Page} title=${w.title} primary=${primary}>
      <${Table} caption=${w.title} columns=${columns} list=${shown} keyOf=${keyOf} row=${row} empty=${empty} />
      ${dialog?.kind === "create" && html`<${CreateTeam} onClose=${close} onCreated=${created} />`}
      ${
        dialog?.kind === "rename" &&
        html`<${RenameTeam} team=${dialog.team} onClose=${close} onChanged=${list.replace} />`
      }
      ${dialog?.kind === "delete" && html`<${DeleteTeam} team=${dialog.team} onClose=${close} onDeleted=${gone} />`}
      ${dialog?.kind === "leave" && html`<${LeaveTeam} team=${dialog.team} onClose=${close} onLeft=${gone} />`}
      <${LoadError} problem=${list.problem} onAgain=${list.reload} />
    </${Page}>`;
}

function Row({ team, at, onOpen, onAsk }) {
  const w = words().teams;
  const own = ownRole(team.team_id);
  const reads = can("team.read", team.team_id);
  const items = [
    reads && { icon: "accounts", label: words().team.tabs.members, href: `/teams/${team.team_id}/members` },
    can("team.edit", team.team_id) && { icon: "edit", label: w.rename, onChoose: () => onAsk("rename", team) },
    reads && (isPlatform() || own) && "line",
    own && { icon: "out", label: w.leave, onChoose: () => onAsk("leave", team) },
    isPlatform() && {
      icon: "trash",
      label: w.delete,
      name: team.name,
      red: true,
      onChoose: () => onAsk("delete", team),
    },
  ];
  const names = team.admins?.map(({ username }) => username) ?? [];
  const admins = !team.admins
    ? "—"
    : names.length > 0
      ? html`<bdi>${words().list.names(names)}</bdi>`
      : html`<span class="tag amber">${w.noAdmin}</span>`;
  return html`
    <tr class="row" data-at=${at} aria-rowindex=${at + 2} onClick=${reads ? opensRow(onOpen) : undefined}>
      <th scope="row">
        <div class="who">
          <${Avatar} id=${team.team_id} name=${team.name} shape="square" />
          <div class="lines">
            ${
              reads
                ? html`
                  <a class="strong cut" href=${`/teams/${team.team_id}/members`} title=${team.name}>
                    <bdi>${team.name}</bdi>
                  </a>`
                : html`<bdi class="strong cut" tabindex="-1">${team.name}</bdi>`
            }
            <span class="quiet under cut narrow-only">${own ? roleName(own) : admins}</span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${names.join(", ")}>${admins}</td>
      ${!isPlatform() && html`<td class="wide-column"><bdi>${own ? roleName(own) : "—"}</bdi></td>`}
      <td class="wide-column">${team.created_at ? html`<${Time} at=${team.created_at} />` : "—"}</td>
      <td class="operations"><div><${MoreMenu} label=${w.more(team.name)} items=${items} /></div></td>
    </tr>`;
}
