// The table of users.

import { pathOf } from "../../api.js";
import { html } from "../../html.js";
import { Avatar } from "../../parts/avatar.js";
import { Icon } from "../../parts/icon.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { signedIn } from "../../session.js";
import { fullTime, recentTime } from "../../times.js";
import { words } from "../../words.js";
import { isService, mayRevokeKeys, operationsOn } from "./actions.js";

export function UserTable({ list, keyOf, teamsOf, act, current, empty }) {
  const w = words().users;
  useRowKeys({ items: list.items, open: (at) => act.open(list.items[at]) });
  const columns = [
    {
      name: w.user,
      width: "18%",
      class: "id-column",
      bone: html`<div class="who">${skeletonBar("disc")}${skeletonBar("w2")}</div>`,
    },
    { name: w.type, width: "16.5%", class: "wide-column", bone: skeletonBar("w1") },
    { name: w.teams, width: "12%", class: "roomy-column", bone: skeletonBar("w2") },
    { name: w.email, width: "17%", class: "roomy-column", bone: skeletonBar("w3") },
    { name: w.twoFactor, width: "7%", class: "roomy-column", bone: "" },
    { name: w.status, width: "15.5%", class: "wide-column", bone: skeletonBar("w1") },
    { name: w.lastSignIn, class: "wide-column", bone: skeletonBar("w2") },
    { name: html`<span class="unseen">${words().list.operation}</span>`, width: "72px", class: "operations" },
  ];
  const row = (user, at, key) =>
    html`<${Row} key=${key} user=${user} at=${at} teams=${teamsOf(user)} act=${act} current=${current === key} />`;
  return html`
    <div class="users">
      <${Table} caption=${w.title} columns=${columns} list=${list} keyOf=${keyOf} row=${row} empty=${empty} />
    </div>`;
}

export const TypeTag = ({ type }) =>
  type === "member"
    ? html`<span class="quiet">${words().me.types.member}</span>`
    : html`<span class="tag accent">${words().me.types[type]}</span>`;

export function Status({ user }) {
  const w = words().users;
  if (user.status === "disabled") return html`<span class="tag red">${words().members.statuses.disabled}</span>`;
  if (user.password_change_required) return html`<span class="tag amber">${w.passwordDue}</span>`;
  return html`<span class="quiet">${words().members.statuses.enabled}</span>`;
}

function Row({ user, at, teams, act, current }) {
  const w = words().users;
  const { user_id: id, username, login, type, status, email, last_login_at: last } = user;
  const own = id === signedIn().user.user_id;
  const names = teams.map(({ name }) => name);
  return html`
    <tr class=${`row ${current ? "current" : ""} ${status}`} data-at=${at} aria-rowindex=${at + 2}
      onClick=${opensRow(() => act.open(user))}>
      <th scope="row">
        <div class="who">
          <${Avatar} id=${id} name=${username} />
          <div class="lines">
            <span class="cut">
              <a class="strong" href=${pathOf`/users/${id}` + location.search} title=${username}>
                <bdi>${username}</bdi>
              </a>
              ${own && html` <span class="tag plain">${w.you}</span>`}
            </span>
            <span class="quiet under cut">
              <span class="id">${login}</span>
              <span class="narrow-only">
                ${type !== "member" && html` <${TypeTag} type=${type} />`}
                ${(status === "disabled" || user.password_change_required) && html` <${Status} user=${user} />`}
              </span>
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column"><${TypeTag} type=${type} /></td>
      <td class="roomy-column" title=${names.join(", ")}>
        ${
          names.length === 0
            ? "—"
            : html`<bdi>${names[0]}</bdi>${names.length > 1 && html` <span class="loose">+${names.length - 1}</span>`}`
        }
      </td>
      <td class="roomy-column" title=${email}>
        ${
          email
            ? html`
              <div class="lines">
                <bdi class="cut">${email}</bdi>
                ${!user.email_verified && html`<span class="quiet">${words().email.unconfirmed}</span>`}
              </div>`
            : "—"
        }
      </td>
      <td class="roomy-column">
        ${
          isService(user)
            ? "—"
            : user.totp_enabled
              ? html`<span title=${w.on}><${Icon} name="shield" /><span class="unseen">${w.on}</span></span>`
              : html`<span class="loose">${w.off}</span>`
        }
      </td>
      <td class="wide-column"><${Status} user=${user} /></td>
      <td class="wide-column">
        ${
          last
            ? html`<time class="digits" datetime=${last} title=${fullTime(last)}>${recentTime(last)}</time>`
            : isService(user)
              ? "—"
              : w.never
        }
      </td>
      <td class="operations">
        ${
          (own || mayRevokeKeys(user)) &&
          html`<div><${MoreMenu} label=${w.more(login)} items=${operationsOn(user, act)} /></div>`
        }
      </td>
    </tr>`;
}
