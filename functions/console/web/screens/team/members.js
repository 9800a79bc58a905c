// The members of a team and their roles.

import { del, patch, pathOf } from "../../api.js";
import { keyWords } from "../../api-keys/words.js";
import { mayGrantRole, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { useList } from "../../list.js";
import { Avatar } from "../../parts/avatar.js";
import { Button } from "../../parts/button.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { Empty } from "../../parts/empty.js";
import { InitialPassword } from "../../parts/initial-password.js";
import { LoadError } from "../../parts/load-error.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { Time } from "../../parts/time.js";
import { toast } from "../../parts/toast.js";
import { can } from "../../permissions.js";
import { signedIn } from "../../session.js";
import { futureTimeInSentence } from "../../times.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { LeaveTeam } from "../teams/delete-or-leave.js";
import { AddMember } from "./add-member.js";
import { ChangeRole } from "./change-role.js";
import { End } from "./membership-end.js";

const keyOf = (member) => member.user_id;

export function Members({ team, path, roles, creating, onCreating, onRecount }) {
  const w = words().members;
  const list = useList(`${path}/members`, {}, keyOf);
  const [dialog, setDialog] = useState(null);
  const [problem, setProblem] = useState(null);
  const close = () => setDialog(null);
  const ask = (kind, member) => setDialog({ kind, member });
  const isOwn = (member) => member.user_id === signedIn().user.user_id;
  const mayChange = (member) =>
    !isOwn(member) && can("members.manage", team.team_id) && mayGrantRole(member.role, team.team_id);
  useRowKeys({ items: list.items, open: (at) => mayChange(list.items[at]) && ask("role", list.items[at]) });

  // A service account of the team has its keys there, and is deleted when it is taken off the team.
  const isOfTeam = (member) => member.home_team_id === team.team_id;
  const addressOfKeys = (member) => pathOf`/teams/${team.team_id}/members/${member.user_id}/keys`;

  const give = async (member, change) => {
    const address = pathOf`/v1/teams/${team.team_id}/members/${member.user_id}`;
    const changed = await patch(address, change, { version: member.version });
    list.replace(changed);
    const before = {
      ...("role_id" in change && { role_id: member.role.role_id }),
      ...("expires_at" in change && { expires_at: member.expires_at }),
    };
    toast(changeText(changed, change), { undo: () => give(changed, before) });
  };
  // Someone else changed the member: show the error with the list, which is loaded again.
  const stale = (refused) => {
    close();
    setProblem(refused);
  };
  const remove = async () => {
    const { member } = dialog;
    await del(pathOf`/v1/teams/${team.team_id}/members/${member.user_id}`);
    close();
    list.remove([member.user_id]);
    onRecount();
    toast((isOfTeam(member) ? keyWords().service.wasDeleted : w.wasRemoved)(member.username));
  };
  const added = ({ member, password }) => {
    onCreating(false);
    list.reload();
    onRecount();
    toast(w.wasAdded(member.username), { open: isOfTeam(member) ? addressOfKeys(member) : undefined });
    if (password) setDialog({ kind: "password", member, password });
  };

  const columns = [
    { name: w.member, width: "34%", bone: html`<div class="who">${skeletonBar("disc")}${skeletonBar("w3")}</div>` },
    { name: w.role, width: "22%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.status, width: "14%", class: "wide-column", bone: skeletonBar("w1") },
    { name: w.joined, class: "wide-column", bone: skeletonBar("w2") },
    { name: html`<span class="unseen">${words().list.operation}</span>`, width: "176px", class: "operations" },
  ];
  const row = (member, at, key) =>
    html`
      <${Row} key=${key} member=${member} at=${at} own=${isOwn(member)} changes=${mayChange(member)}
        keys=${isOfTeam(member) && mayChange(member) ? addressOfKeys(member) : undefined} onAsk=${ask} />`;
  const retry = () => {
    setProblem(null);
    list.reload();
  };
  const failed = problem ?? list.problem;
  return html`
    <div class="after-tabs">
      <${Table} caption=${w.caption(team.name)} columns=${columns} list=${list} keyOf=${keyOf} row=${row}
        empty=${html`<${Empty} text=${w.none} />`} />
    </div>
    ${
      creating &&
      html`
        <${AddMember} team=${team} path=${path} roles=${roles} onAdded=${added} onClose=${() => onCreating(false)} />`
    }
    ${
      dialog?.kind === "role" &&
      html`
        <${ChangeRole} team=${team} member=${dialog.member} roles=${roles} onGive=${give} onStale=${stale}
          onClose=${close} />`
    }
    ${
      dialog?.kind === "remove" &&
      html`
        <${ConfirmDialog} title=${w.removeQuestion(dialog.member.username, team.name)}
          text=${isOfTeam(dialog.member) ? keyWords().service.removeText : w.removeText}
          action=${isOfTeam(dialog.member) ? keyWords().service.removeAction : w.removeAction} onRun=${remove}
          onClose=${close} />`
    }
    ${
      dialog?.kind === "leave" &&
      html`<${LeaveTeam} team=${team} onLeft=${() => list.remove([signedIn().user.user_id])} onClose=${close} />`
    }
    ${
      dialog?.kind === "password" &&
      html`<${InitialPassword} login=${dialog.member.login} password=${dialog.password} onClose=${close} />`
    }
    <${LoadError} problem=${failed} onAgain=${retry} />`;
}

function changeText({ username, role, expires_at: end }, { role_id }) {
  const w = words().members;
  if (role_id) return w.hasRole(username, roleName(role));
  return end ? w.hasEnd(username, futureTimeInSentence(end)) : w.hasNoEnd(username);
}

// `keys` is the address of the member's API keys, if the person manages them.
function Row({ member, at, own, changes, keys, onAsk }) {
  const w = words().members;
  const { username, login, role, status, expires_at: end } = member;
  const items = [
    changes && { icon: "shield", label: w.changeRole, onChoose: () => onAsk("role", member) },
    keys && { icon: "key", label: words().users.keys, href: keys },
    changes && "line",
    changes && { icon: "out", label: w.remove, name: login, red: true, onChoose: () => onAsk("remove", member) },
    own && { icon: "person", label: words().person.account, href: "/me/profile" },
    own && "line",
    own && { icon: "out", label: words().teams.leave, onChoose: () => onAsk("leave", member) },
  ].filter(Boolean);
  const named =
    role.role_id === "admin"
      ? html`<span class="tag accent">${roleName(role)}</span>`
      : html`<bdi class="cut">${roleName(role)}</bdi>`;
  const disabled = status === "disabled" && html`<span class="tag red">${w.statuses.disabled}</span>`;
  return html`
    <tr class="row" data-at=${at} aria-rowindex=${at + 2}
      onClick=${changes ? opensRow(() => onAsk("role", member)) : undefined}>
      <th scope="row">
        <div class="who">
          <${Avatar} id=${member.user_id} name=${username} />
          <div class="lines">
            <span class="cut">
              ${
                changes
                  ? html`
                    <button type="button" class="name-button strong cut" onClick=${() => onAsk("role", member)}>
                      <bdi>${username}</bdi>
                    </button>`
                  : html`<bdi class="strong" tabindex="-1">${username}</bdi>`
              }
              ${own && html` <span class="tag plain">${words().users.you}</span>`}
              ${member.home_team_id !== undefined && html` <span class="tag accent">${words().me.types.service}</span>`}
            </span>
            <span class="quiet under cut">
              <span class="id">${login}</span>
              <span class="narrow-only"> · ${roleName(role)}</span> <span class="narrow-only">${disabled}</span>
              ${end && html`<span class="narrow-only"> · <${End} at=${end} /></span>`}
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${roleName(role)}>${named}</td>
      <td class="wide-column">${disabled || html`<span class="quiet">${w.statuses.enabled}</span>`}</td>
      <td class="wide-column">
        <div class="lines"><${Time} at=${member.joined_at} />${end && html`<${End} at=${end} />`}</div>
      </td>
      <td class="operations">
        ${
          items.length > 0 &&
          html`
            <div>
              ${
                changes &&
                html`
                  <${Button} kind="ghost" size="late wide-only" onClick=${() => onAsk("role", member)}>
                    ${w.changeRole}
                  </${Button}>`
              }
              <${MoreMenu} label=${w.more(login)} items=${items} />
            </div>`
        }
      </td>
    </tr>`;
}
