// Up to three choices side by side: radio buttons that look like one control.
import { useId } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Field } from "./field.js";

export function Segments({ label, value, options, onChoose, wide = false }) {
  const name = useId();
  return html`
    <div class=${`segments ${wide ? "wide" : ""}`} role="radiogroup" aria-label=${label}>
      ${options.map(([option, text]) => html`<label>
        <input type="radio" name=${name} value=${option} checked=${option === value} onChange=${() => onChoose(option)} />${text}</label>`)}
    </div>`;
}

export const SegmentsField = ({ value, options, onChoose, ...frame }) => html`
  <${Field} ...${frame} group>${() => html`<${Segments} label=${frame.label} value=${value} options=${options} onChoose=${onChoose} wide />`}</${Field}>`;
