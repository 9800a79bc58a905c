// The applications to which a key is bound, chosen one after the other.

import { limits } from "../facts.js";
import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { SelectField } from "../parts/field.js";
import { keyWords } from "./words.js";

export function AppsField({ value, error, onInput, apps }) {
  const w = keyWords();
  const left = value.length < limits.keyApps ? apps.filter(({ app_id: id }) => !value.includes(id)) : [];
  const chosen = apps.filter(({ app_id: id }) => value.includes(id));
  return html`
    <${SelectField} label=${w.apps} value="" error=${error} hint=${value.length > 0 ? w.someApps : w.allApps}
      options=${[["", w.addApp], ...left.map(({ app_id: id, name }) => [id, name])]}
      onInput=${(id) => id && onInput([...value, id])} />
    ${
      chosen.length > 0 &&
      html`
        <ul class="chosen-apps">
          ${chosen.map(
            ({ app_id: id, name }) =>
              html`
                <li key=${id}>
                  <bdi class="cut">${name}</bdi>
                  <${Button} kind="ghost bare" size="small" icon="close" label=${w.removeApp(name)}
                    onClick=${() => onInput(value.filter((other) => other !== id))} />
                </li>`,
          )}
        </ul>`
    }`;
}
