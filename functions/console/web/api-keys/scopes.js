// The scopes of a key, in the groups of the role editor. One of them stands for all that only read.

import { scopes } from "../facts.js";
import { groupOf } from "../grants.js";
import { html } from "../html.js";
import { Field } from "../parts/field.js";
import { keyWords } from "./words.js";

const READ = "read";
const onlyReads = (scope) => scope.endsWith(".read");

// Scopes that nobody but an admin of the platform can use.
const OF_PLATFORM = ["users.read", "users.manage"];

// The chosen scopes without those that another one includes.
export const effectiveScopes = (chosen) =>
  chosen.includes(READ) ? chosen.filter((scope) => !onlyReads(scope)) : chosen;

export function ScopesField({ label, value, error, onInput, isPlatform }) {
  const w = keyWords();
  const offered = scopes.filter((scope) => scope !== READ && (isPlatform || !OF_PLATFORM.includes(scope)));
  const groups = /** @type {Record<string, string[]>} */ (Object.groupBy(offered, groupOf));
  const turn = (scope) => onInput(value.includes(scope) ? value.filter((other) => other !== scope) : [...value, scope]);
  const box = (scope, invalid) => {
    const included = onlyReads(scope) && value.includes(READ);
    return html`
      <label class="checked-line">
        <input type="checkbox" class="check" checked=${included || value.includes(scope)} disabled=${included}
          aria-invalid=${invalid} onChange=${() => turn(scope)} />
        <span>
          ${w.scopes[scope]} <span class="key">${scope}</span>
          ${included && html` <span class="quiet">${w.included}</span>`}
        </span>
      </label>`;
  };
  return html`
    <${Field} label=${label} error=${error} hint=${w.scopesHint} group>
      ${(own) =>
        html`
          <div class="scopes">
            ${box(READ, own["aria-invalid"])}
            ${Object.entries(groups).map(
              ([group, grouped]) =>
                html`
                  <div role="group" aria-label=${w.groups[group]}>
                    <p class="quiet" aria-hidden="true">${w.groups[group]}</p>
                    ${grouped.map((scope) => box(scope))}
                  </div>`,
            )}
          </div>`}
    </${Field}>`;
}
