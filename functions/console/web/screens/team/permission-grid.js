// The permissions of a role beside those of the presets; a list instead of a grid on narrow screens.

import { permissions, presets } from "../../facts.js";
import { conflictOf, permissionGroups, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { SelectField } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { useState } from "../../vendor/hooks.js";
import { useMedia, WIDE } from "../../viewport.js";
import { words } from "../../words.js";
import { roleWords } from "./role-words.js";

const Tick = () => html`<${Icon} name="check" /><span class="unseen">${roleWords().yes}</span>`;

export function PermissionGrid(props) {
  const Shape = useMedia(WIDE) ? Grid : List;
  return html`<${Shape} ...${props} />`;
}

const ChangedDot = () => html`<span class="changed-dot"></span><span class="unseen">${words().field.changed}</span>`;

// The name of a permission, and the reason why it cannot be selected, if there is one.
function PermissionName({ permission, reason }) {
  return html`
    <span>${words().permissions[permission]}</span> <span class="key">${permission}</span>
    ${reason && html`<span class="reason">${reason}</span>`}`;
}

function reasonFor(permission, { shapes, ticked, team }) {
  const found = shapes && conflictOf(permission, ticked, team.team_id);
  if (!found) return undefined;
  const w = roleWords();
  return found.with ? w.notWith(words().permissions[found.with]) : w.notTogether;
}

function PermissionBox({ permission, role, ticked, changed, shapes, reason, onTurn, id }) {
  const w = roleWords();
  if (reason) return html`<${Icon} name="lock" /><span class="unseen">${w.locked}</span>`;
  if (!shapes) return ticked.includes(permission) ? html`<${Tick} />` : null;
  return html`
    <label class="box">
      <input id=${id} type="checkbox" class="check" aria-label=${w.allow(words().permissions[permission], role.name)}
        checked=${ticked.includes(permission)} onChange=${() => onTurn(permission)} />
      ${changed.includes(permission) && html`<${ChangedDot} />`}
    </label>`;
}

function Grid(props) {
  const { role, changed } = props;
  const w = roleWords();
  // A preset is highlighted in its own column, a custom role gets an additional one.
  const extra = !role.preset;
  const presetIds = Object.keys(presets);
  const here = (id) => (id === role.role_id ? "edited" : "");
  const last = permissions.at(-1);
  return html`
    <div class="grid-scroll">
      <table class="grid">
        <caption class="unseen">${w.caption(roleName(role))}</caption>
        <colgroup>
          <col class="permission" />${presetIds.map(() => html`<col class="preset" />`)}
          ${extra && html`<col class="editing" />`}<col class="margin" />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">${w.permission}</th>
            ${presetIds.map((id) => html`<th scope="col" class=${here(id)}>${words().roles[id]}</th>`)}
            ${extra && html`<th scope="col" class="edited"><bdi>${role.name}</bdi></th>`}<td></td>
          </tr>
        </thead>
        ${Object.entries(permissionGroups).map(
          ([group, grouped]) =>
            html`
              <tbody>
                <tr class="grid-group">
                  <th scope="rowgroup" colspan="1">${w.groups[group]}</th>
                  ${presetIds.map((id) => html`<td class=${here(id)}></td>`)}${extra && html`<td class="edited"></td>`}
                  <td></td>
                </tr>
                ${grouped.map((permission) => {
                  const reason = reasonFor(permission, props);
                  return html`
                    <tr
                      class=${`${permission === last ? "last" : ""} ${changed.includes(permission) ? "changed" : ""}`}>
                      <th scope="row"><${PermissionName} permission=${permission} reason=${reason} /></th>
                      ${presetIds.map(
                        (id) =>
                          html`<td class=${here(id)}>${presets[id].includes(permission) && html`<${Tick} />`}</td>`,
                      )}
                      ${
                        extra &&
                        html`
                          <td class="edited">
                            <${PermissionBox} ...${props} permission=${permission} reason=${reason} />
                          </td>`
                      }
                      <td></td>
                    </tr>`;
                })}
              </tbody>`,
        )}
      </table>
    </div>`;
}

function List(props) {
  const { role, shapes, ticked } = props;
  const w = roleWords();
  const [compared, setCompared] = useState("");
  const options = [
    ["", w.nothing],
    ...Object.keys(presets)
      .filter((id) => id !== role.role_id)
      .map((id) => [id, words().roles[id]]),
  ];
  return html`
    <div class="grid-list">
      <${SelectField} label=${w.compare} value=${compared} onInput=${setCompared} options=${options} />
      ${Object.entries(permissionGroups).map(
        ([group, grouped]) =>
          html`
            <section>
              <h2>${w.groups[group]}</h2>
              <ul>
                ${grouped.map((permission) => {
                  const reason = reasonFor(permission, props);
                  const other = compared && presets[compared].includes(permission);
                  return html`
                    <li class=${!shapes && !ticked.includes(permission) ? "off" : ""}>
                      <span class="cell">
                        <${PermissionBox} ...${props} permission=${permission} reason=${reason} />
                      </span>
                      <span class="grow"><${PermissionName} permission=${permission} reason=${reason} /></span>
                      ${
                        other &&
                        html`
                          <span class="other" title=${words().roles[compared]}>
                            <${Icon} name="check" />
                            <span class="unseen">${w.alsoIn(words().roles[compared])}</span>
                          </span>`
                      }
                    </li>`;
                })}
              </ul>
            </section>`,
      )}
    </div>`;
}
