// A date as YYYY-MM-DD, with the browser's calendar to pick one.

import { html } from "../html.js";
import { useRef } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Field } from "./field.js";

export function DateField({ value, onInput, onBlur, readonly, ...frame }) {
  const calendar = useRef(null);
  return html`
    <${Field} ...${frame}>
      ${(own) =>
        html`
          <div class="with-end">
            <input ...${own} class="input digits" inputmode="numeric" autocomplete="off"
              placeholder=${words().field.date} value=${value} readonly=${readonly}
              onInput=${(event) => onInput(event.currentTarget.value)} onBlur=${onBlur} />
            ${
              !readonly &&
              html`
                <${Button} kind="ghost bare" icon="calendar" label=${words().field.calendar}
                  onClick=${() => calendar.current.showPicker()} />`
            }
            <input ref=${calendar} class="calendar" type="date" tabindex="-1" aria-hidden="true" value=${value}
              min="1900-01-01" max=${new Date().toISOString().slice(0, 10)}
              onChange=${(event) => onInput(event.currentTarget.value)} />
          </div>`}
    </${Field}>`;
}
