// One audit record: its row, and its details when it is open.

import { apps } from "../../apps.js";
import { roleName } from "../../grants.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { Icon } from "../../parts/icon.js";
import { Time } from "../../parts/time.js";
import { teamName } from "../../teams.js";
import { dateAndTime } from "../../times.js";
import { PHONE, useMedia } from "../../viewport.js";
import { words } from "../../words.js";

// The name of the record's target, as far as the record itself has it.
function recordedName({ target, before, after }) {
  const known = { ...before, ...after };
  if (target.kind === "account") return target.id;
  if (target.kind === "invitation") return known.code_hint && words().invitations.ending(known.code_hint);
  return known.name ?? known.login ?? known.username;
}

// Looks up the names of targets in all loaded records, because a record holds only what it changed.
export function nameLookup(records) {
  const names = new Map();
  for (const record of records) {
    const { actor, target } = record;
    if (actor) names.set(actor.user_id, actor.login);
    const name = recordedName(record);
    if (name && !names.has(target.id)) names.set(target.id, name);
  }
  const listed = { team: teamName, app: (id) => apps.value?.find(({ app_id }) => app_id === id)?.name };
  return (record) =>
    recordedName(record) ??
    names.get(record.target.id) ??
    listed[record.target.kind]?.(record.target.id) ??
    record.target.id;
}

// The text of a value of an enumeration, by its field.
function choiceText(field, value) {
  const w = words();
  const choices = {
    ...w.accounts.choices,
    type: { ...w.accounts.types, ...w.me.types },
    status: { ...w.members.statuses, ...w.invitations.statuses },
    role_id: w.roles,
    permissions: w.permissions,
  };
  return choices[field]?.[value];
}

// A recorded value as text.
function displayValue(field, value) {
  if (value === null || value === undefined || value === "") return "—";
  if (Array.isArray(value)) return words().list.names(value.map((one) => displayValue(field, one))) || "—";
  if (typeof value === "boolean") return value ? words().users.yes : words().users.no;
  if (typeof value === "object")
    return value.role_id
      ? roleName(value)
      : (value.username ??
          value.login ??
          value.name ??
          Object.entries(value)
            .map(([name, inner]) => `${words().audit.fields[name] ?? name}: ${displayValue(name, inner)}`)
            .join(" · "));
  if (field === "team_id") return teamName(value) ?? value;
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return dateAndTime(value);
  return choiceText(field, value) ?? String(value);
}

export function RecordRows({ record, name, at, open, onTurn, inTeam, onNarrow }) {
  const w = words().audit;
  // Hidden cells take no column.
  const span = useMedia(PHONE) ? 2 : 5;
  const { at: moment, actor, action, target } = record;
  const what = w.actions[action] ?? action;
  const press = (event) => {
    if (!event.target.closest("a, button, input, label, [popover]") && !getSelection()?.toString()) onTurn();
  };
  return html`
    <tr class=${`row ${open ? "current" : ""}`} data-at=${at} onClick=${press}>
      <td class="wide-column"><${Time} at=${moment} /></td>
      <td class="wide-column">${actor ? html`<span class="id">${actor.login}</span>` : w.system}</td>
      <th scope="row">
        <div class="who">
          <div class="lines">
            <button type="button" class="name-button strong cut" aria-expanded=${open ? "true" : "false"}
              onClick=${onTurn}>
              ${what}
            </button>
            <span class="quiet under cut narrow-only">
              <bdi>${actor?.login ?? w.system}</bdi> · <bdi>${name}</bdi> · <${Time} at=${moment} />
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${target.id}>
        <span class="loose">${w.kinds[target.kind]}</span> <bdi>${name}</bdi>
      </td>
      <td class="operations">
        <div><span class=${`turner ${open ? "open" : ""}`} aria-hidden="true"><${Icon} name="down" /></span></div>
      </td>
    </tr>
    ${
      open &&
      html`
        <tr class="record-open">
          <td colspan=${span}><${RecordDetails} record=${record} inTeam=${inTeam} onNarrow=${onNarrow} /></td>
        </tr>`
    }`;
}

function RecordDetails({ record, inTeam, onNarrow }) {
  const w = words().audit;
  const { before, after, actor, address, target, team_id: teamId, request_id: request } = record;
  const names = Object.keys({ ...before, ...after });
  const fact = (name, value) => value && html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`;
  return html`
    <div class="record">
      ${
        names.length > 0 &&
        html`
          <table class="changes">
            <caption class="unseen">${w.changes}</caption>
            <thead>
              <tr><th scope="col">${w.field}</th><th scope="col">${w.before}</th><th scope="col">${w.after}</th></tr>
            </thead>
            <tbody>
              ${names.map(
                (name) =>
                  html`
                    <tr>
                      <th scope="row">${w.fields[name] ?? name}</th>
                      <td><bdi>${displayValue(name, before?.[name])}</bdi></td>
                      <td><bdi>${displayValue(name, after?.[name])}</bdi></td>
                    </tr>`,
              )}
            </tbody>
          </table>`
      }
      <dl>
        ${fact(w.address, address)}${!inTeam && fact(w.team, teamName(teamId))}${fact(w.id, target.id)}
        ${fact(w.request, request)}
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
