// Up to three choices side by side: radio buttons that look like one control.

import { html } from "../html.js";
import { useId } from "../vendor/hooks.js";
import { ChosenField, Field } from "./field.js";

export function Segments({ label, value, options, onChoose, wide = false }) {
  const name = useId();
  return html`
    <div class=${`segments ${wide ? "wide" : ""}`} role="radiogroup" aria-label=${label}>
      ${options.map(
        ([option, text]) =>
          html`
            <label>
              <input type="radio" name=${name} value=${option} checked=${option === value}
                onChange=${() => onChoose(option)} />
              ${text}
            </label>`,
      )}
    </div>`;
}

// A read-only field shows the choice as text.
export function SegmentsField({ value, options, onChoose, readonly, ...frame }) {
  if (readonly) return html`<${ChosenField} ...${frame} value=${value} options=${options} />`;
  return html`
    <${Field} ...${frame} group>
      ${() => html`<${Segments} label=${frame.label} value=${value} options=${options} onChoose=${onChoose} wide />`}
    </${Field}>`;
}
