// A date as YYYY-MM-DD, with the browser's calendar to pick one. Digits in full width are folded.

import { halfWidth } from "../form.js";
import { html } from "../html.js";
import { today } from "../times.js";
import { useRef } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Field } from "./field.js";

// The bounds are those of the calendar: a form checks what was typed.
const FIRST = "1900-01-01";

export function DateInput({ value, onInput, readonly = false, min = FIRST, max = today(), ...attributes }) {
  const calendar = useRef(null);
  const take = (event) => onInput(halfWidth(event.currentTarget.value));
  // What an input method composes is folded when it is done: to change it would end the composition.
  const input = (event) => (event.isComposing ? onInput(event.currentTarget.value) : take(event));
  return html`
    <div class="with-end">
      <input ...${attributes} class="input digits" spellcheck=${false} inputmode="numeric" autocomplete="off"
        placeholder=${words().field.date} value=${value} readonly=${readonly} onInput=${input}
        onCompositionEnd=${take} />
      ${
        !readonly &&
        html`
          <${Button} kind="ghost bare" icon="calendar" label=${words().field.calendar}
            onClick=${() => calendar.current.showPicker()} />`
      }
      <input ref=${calendar} class="calendar" type="date" tabindex="-1" aria-hidden="true" value=${value}
        min=${min} max=${max} onChange=${take} />
    </div>`;
}

export const DateField = ({ value, onInput, onBlur, readonly, min, max, ...frame }) => html`
  <${Field} ...${frame}>
    ${(own) => html`<${DateInput} ...${own} ...${{ value, readonly, onInput, onBlur, min, max }} />`}
  </${Field}>`;
