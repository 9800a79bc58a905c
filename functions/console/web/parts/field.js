// Form fields with a label and a hint or an error.

import { html } from "../html.js";
import { useId, useRef } from "../vendor/hooks.js";
import { words } from "../words.js";
import { useAutofocus } from "./autofocus.js";
import { Icon } from "./icon.js";

export const bytesOf = (text) => new TextEncoder().encode(text ?? "").length;

// The frame of a field. `children` renders the control with the attributes it receives.
export function Field({ label, error, hint, changed, count, end, wide = "", group = false, children }) {
  const id = useId();
  const noteId = `${id}-note`;
  const attributes = {
    id,
    "aria-describedby": error || hint ? noteId : undefined,
    "aria-invalid": error ? "true" : undefined,
  };
  const name = html`
    ${label}${changed && html`<span class="changed-dot"></span><span class="unseen">${words().field.changed}</span>`}`;
  return html`
    <div class=${`field ${wide}`} role=${group ? "group" : undefined}
      aria-labelledby=${group ? `${id}-label` : undefined}
      aria-describedby=${group && (error || hint) ? noteId : undefined}>
      <div class="field-head">
        ${group ? html`<span class="label" id=${`${id}-label`}>${name}</span>` : html`<label for=${id}>${name}</label>`}
        ${count && html`<span class="field-count">${count}</span>`}${end}
      </div>
      ${children(attributes)}
      ${
        error
          ? html`<p class="field-error" id=${noteId}><${Icon} name="alert" /><span>${error}</span></p>`
          : hint
            ? html`<p class="hint" id=${noteId}>${hint}</p>`
            : html`<div class="note-place"></div>`
      }
    </div>`;
}

// Single lines hold names, ids, addresses and secrets, which the browser must not send to a spelling service. It is a
// property with a boolean: the text "false" would turn it on.
const NO_SPELLING = { spellcheck: false };

// One line or a paragraph of text. Bytes are counted if they are limited.
export function TextField({ value, onInput, maxBytes, counted, rows, type = "text", class: kind = "", ...rest }) {
  const { label, error, hint, changed, end, wide, ...attributes } = rest;
  const ref = useRef(null);
  useAutofocus(ref, rest.autofocus);
  const bytes = maxBytes ? bytesOf(value) : 0;
  const count = maxBytes && (counted || bytes >= maxBytes * 0.8) ? words().field.bytes(bytes, maxBytes) : undefined;
  const tag = rows ? "textarea" : "input";
  return html`
    <${Field} ...${{ label, error, hint, changed, end, wide, count }}>
      ${(own) =>
        html`
          <${tag} ...${own} ...${attributes} ...${rows ? { rows } : { type, ...NO_SPELLING }} ref=${ref}
            class=${`input ${kind}`} dir="auto" value=${value}
            onInput=${(event) => onInput(event.currentTarget.value)} />`}
    </${Field}>`;
}

// A choice for reading only.
export const ChosenField = ({ value, options, ...frame }) => html`
  <${TextField} ...${frame} value=${options.find(([option]) => option === value)?.[1] ?? value} readonly
    onInput=${() => {}} />`;

export function SelectField({ value, onInput, options, readonly, ...frame }) {
  if (readonly) return html`<${ChosenField} ...${frame} value=${value} options=${options} />`;
  return html`
    <${Field} ...${frame}>
      ${(own) =>
        html`
          <div class="select">
            <select ...${own} class="input" value=${value} onChange=${(event) => onInput(event.currentTarget.value)}>
              ${options.map(
                ([option, name]) => html`<option value=${option} selected=${option === value}>${name}</option>`,
              )}
            </select>
            <${Icon} name="down" />
          </div>`}
    </${Field}>`;
}

// An error about the form as a whole.
export const FormError = ({ children }) =>
  children && html`<p class="form-error" role="alert"><${Icon} name="alert" /><span>${children}</span></p>`;
