// The live invitations and then the ended ones, in one table.
import { limits } from "../../facts.js";
import { roleName } from "../../grants.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { Empty } from "../../parts/empty.js";
import { FilterMenu } from "../../parts/filter-menu.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { ListFooter, skeletonBar, skeletonRows, useRowKeys } from "../../parts/table.js";
import { Time } from "../../parts/time.js";
import { TimeLeft } from "../../parts/time-left.js";
import { shortTime, timeAgoInSentence } from "../../times.js";
import { PHONE, useMedia } from "../../viewport.js";
import { words } from "../../words.js";

const ENDED = ["redeemed", "revoked", "expired"];
const BARS = ["w2", "w1", "w2", "w2", "w1"]
  .map((width, at) => ({ class: at > 0 ? "wide-column" : "", bone: skeletonBar(width) }))
  .concat({ class: "operations", bone: null });

export function InvitationTable({ team, live, history, status, onStatus, shown, act, onInvite }) {
  const w = words().invitations;
  // Hidden cells take no column.
  const span = useMedia(PHONE) ? 2 : 6;
  const ended = history.items.filter((invitation) => invitation.status !== "live");
  const all = [...(live ?? []), ...ended];
  useRowKeys({ items: all, open: (at) => mayReissue(all[at], act) && act.reissue(all[at]) });
  const coming = live === null || history.stage === "skeleton";
  if (history.stage === "quiet" || history.stage === "failed") return html`<div class="list"></div>`;
  if (!coming && live.length === 0 && ended.length === 0 && status === "" && history.done) {
    return html`
      <${Empty} text=${w.none}>
        <button type="button" class="button secondary" onClick=${onInvite}>${words().team.create.invitations}</button>
      </${Empty}>`;
  }
  const row = (invitation) =>
    html`
      <${Row} key=${invitation.invitation_id} invitation=${invitation} at=${all.indexOf(invitation)}
        current=${invitation.invitation_id === shown} act=${act} />`;
  const filter = html`
    <${FilterMenu} label=${w.status} value=${status} options=${ENDED.map((one) => [one, w.statuses[one]])}
      onChoose=${onStatus} size="small" />`;
  return html`
    <div class="list invitations">
      <table>
        <caption class="unseen">${w.caption(team.name)}</caption>
        <colgroup>
          <col class="code" /><col class="role wide-column" /><col class="for wide-column" />
          <col class="left wide-column" /><col class="wide-column" /><col class="operations" />
        </colgroup>
        <thead>
          <tr>
            ${[w.code, w.role, w.for, w.timeLeft, w.issuedBy].map(
              (name, at) => html`<th scope="col" class=${at > 0 ? "wide-column" : ""}>${name}</th>`,
            )}
            <th scope="col"><span class="unseen">${words().list.operation}</span></th>
          </tr>
        </thead>
        ${coming && html`<tbody>${skeletonRows(BARS)}</tbody>`}
        ${
          !coming &&
          html`
            <tbody>
              <tr class="group-row">
                <th colspan=${span} scope="rowgroup">
                  <b>${w.live}</b> ${w.of(live.length, limits.liveInvitationsPerTeam)}
                </th>
              </tr>
              ${live.map(row)}
            </tbody>
            <tbody>
              <tr class="group-row">
                <th colspan=${span} scope="rowgroup">
                  <div><span><b>${w.history}</b> ${w.kept}</span>${filter}</div>
                </th>
              </tr>
              ${ended.map(row)}
              ${
                ended.length === 0 &&
                history.done &&
                html`<tr><td colspan=${span} class="quiet">${status ? w.noMatch : w.noHistory}</td></tr>`
              }
            </tbody>`
        }
      </table>
      ${!history.done && html`<${ListFooter} list=${history} />`}
    </div>`;
}

const mayReissue = (invitation, act) => act.may(invitation) && ["live", "expired"].includes(invitation.status);

function Row({ invitation, at, current, act }) {
  const w = words().invitations;
  const {
    role,
    login,
    note,
    code_hint: hint,
    status,
    issued_by: issuer,
    membership_days: days,
    created_at: created,
    expires_at: expires,
  } = invitation;
  const live = status === "live";
  const renews = mayReissue(invitation, act);
  const items = [
    renews && { icon: "refresh", label: w.reissue, onChoose: () => act.reissue(invitation) },
    live && renews && { icon: "close", label: w.revoke, red: true, onChoose: () => act.revoke(invitation) },
  ];
  const person = login ? html`<span class="id">${login}</span>` : html`<span class="loose">${w.anyone}</span>`;
  const became = live ? html`<${TimeLeft} at=${expires} />` : outcomeOf(invitation);
  return html`
    <tr class=${`row ${current ? "current" : ""} ${live ? "" : "ended"}`} data-at=${at}>
      <th scope="row">
        <div class="who">
          <div class="lines">
            <span class="digits" tabindex="-1">
              <span class="unseen">${w.ending(hint)}</span>
              <span aria-hidden="true"><span class="dots">•••• ••</span><b>${hint}</b></span>
              <span class="narrow-only"> <bdi>${roleName(role)}</bdi></span>
            </span>
            <span class="quiet under cut narrow-only">${person} · ${became}${days && ` · ${w.forDays(days)}`}</span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${roleName(role)}>
        <div class="lines">
          <bdi class="cut">${roleName(role)}</bdi>
          ${days && html`<span class="quiet">${w.forDays(days)}</span>`}
        </div>
      </td>
      <td class="wide-column">
        <div class="lines">
          <span class="cut">${person}</span>
          ${note && html`<bdi class="quiet cut" title=${note}>${note}</bdi>`}
        </div>
      </td>
      <td class="wide-column">${became}</td>
      <td class="wide-column">
        <div class="lines">
          <bdi class="cut">${issuer.username}</bdi>
          <time class="quiet digits" datetime=${created}>
            ${live ? timeAgoInSentence(created) : shortTime(created)}
          </time>
        </div>
      </td>
      <td class="operations">
        ${
          renews &&
          html`
            <div>
              <${Button} kind="ghost" size="quiet-button wide-only" onClick=${() => act.reissue(invitation)}>
                ${w.reissue}
              </${Button}>
              ${
                live &&
                html`
                  <${Button} kind="ghost" size="quiet-button wide-only" onClick=${() => act.revoke(invitation)}>
                    ${w.revoke}
                  </${Button}>`
              }
              <span class="tight-only"><${MoreMenu} label=${w.more(hint)} items=${items} /></span>
            </div>`
        }
      </td>
    </tr>`;
}

function outcomeOf({ status, redeemed_by: by, redeemed_at: at, expires_at: expires }) {
  const w = words().invitations;
  if (status === "redeemed")
    return html`<span title=${at && shortTime(at)}>${by ? w.redeemedBy(by.username) : w.statuses.redeemed}</span>`;
  if (status === "expired") return html`${w.statuses.expired} <${Time} at=${expires} />`;
  return w.statuses.revoked;
}
