// One audit record: its row, and its details when it is open.

import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { Icon } from "../../parts/icon.js";
import { Time } from "../../parts/time.js";
import { teamName } from "../../teams.js";
import { PHONE, useMedia } from "../../viewport.js";
import { words } from "../../words.js";
import { actionText, auditTexts, changesOf, displayValue, targetAddress, targetName } from "./values.js";

export function RecordRows({ record, nameOf, at, open, onTurn, inTeam, onNarrow }) {
  const w = words().audit;
  // Hidden cells take no column.
  const span = useMedia(PHONE) ? 2 : 5;
  const { at: moment, actor, target } = record;
  const what = actionText(record);
  const name = targetName(record, nameOf);
  const press = (event) => {
    if (!event.target.closest("a, button, input, label, [popover]") && !getSelection()?.toString()) onTurn();
  };
  return html`
    <tr class=${`row ${open ? "current" : ""}`} data-at=${at} onClick=${press}>
      <td class="wide-column"><${Time} at=${moment} /></td>
      <td class="wide-column" title=${actorText(actor, nameOf)}>
        ${actor ? html`<span class="id">${actor.login}</span>` : w.system}
        ${actor?.key_id && html` <bdi class="loose">${keyText(actor, nameOf)}</bdi>`}
      </td>
      <th scope="row">
        <div class="who">
          <div class="lines">
            <button type="button" class="name-button strong cut" aria-expanded=${open ? "true" : "false"}
              onClick=${onTurn}>
              ${what}
            </button>
            <span class="quiet under cut narrow-only">
              <bdi>${actorText(actor, nameOf)}</bdi>
              ${name && html`<span>·</span><bdi>${name}</bdi>`}
              <span>· <${Time} at=${moment} /></span>
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${target.id}>
        <span class="loose">${auditTexts().kinds[target.kind]}</span> <bdi>${name}</bdi>
      </td>
      <td class="operations">
        <div><span class=${`turner ${open ? "open" : ""}`} aria-hidden="true"><${Icon} name="down" /></span></div>
      </td>
    </tr>
    ${
      open &&
      html`
        <tr class="record-open">
          <td colspan=${span}>
            <${RecordDetails} record=${record} nameOf=${nameOf} inTeam=${inTeam} onNarrow=${onNarrow} />
          </td>
        </tr>`
    }`;
}

const keyText = (actor, nameOf) => words().audit.byKey(nameOf(actor.key_id));

function actorText(actor, nameOf) {
  if (!actor) return words().audit.system;
  return actor.key_id ? `${actor.login} ${keyText(actor, nameOf)}` : actor.login;
}

function RecordDetails({ record, nameOf, inTeam, onNarrow }) {
  const w = words().audit;
  const { actor, address, target, team_id: teamId, request_id: request } = record;
  const changes = changesOf(record);
  const href = targetAddress(record);
  const fact = (name, value) => value && html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`;
  return html`
    <div class="record">
      ${
        changes.length > 0 &&
        html`
          <table class="changes">
            <caption class="unseen">${w.changes}</caption>
            <thead>
              <tr><th scope="col">${w.field}</th><th scope="col">${w.before}</th><th scope="col">${w.after}</th></tr>
            </thead>
            <tbody>
              ${changes.map(
                ({ field, label, before, after, outcome }) =>
                  html`
                    <tr>
                      <th scope="row"><bdi>${label}</bdi></th>
                      <td><bdi>${displayValue(field, before, nameOf)}</bdi></td>
                      <td>
                        ${outcome && html`<span class="loose">${outcome}</span> `}
                        ${(after || !outcome) && html`<bdi>${displayValue(field, after, nameOf)}</bdi>`}
                      </td>
                    </tr>`,
              )}
            </tbody>
          </table>`
      }
      <dl>
        ${href && html`<dt>${w.on}</dt><dd><a href=${href}><bdi>${targetName(record, nameOf)}</bdi></a></dd>`}
        ${fact(w.address, address)}${!inTeam && fact(w.team, teamName(teamId))}${fact(w.id, target.id)}
        ${fact(w.keyId, actor?.key_id)}${fact(w.request, request)}
      </dl>
      <div class="form-actions">
        ${
          actor &&
          html`
            <${Button} size="small" onClick=${() => onNarrow({ actor: actor.user_id })}>
              ${w.onlyWho(actor.login)}
            </${Button}>`
        }
        <${Button} size="small" onClick=${() => onNarrow({ target: target.id })}>${w.onlyOn}</${Button}>
      </div>
    </div>`;
}
