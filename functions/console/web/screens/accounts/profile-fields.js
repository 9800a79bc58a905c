// The fields of a profile, in groups.
import { limits } from "../../facts.js";
import { halfWidth } from "../../form.js";
import { html } from "../../html.js";
import { DateField } from "../../parts/date-field.js";
import { Field, SelectField, TextField } from "../../parts/field.js";
import { SegmentsField } from "../../parts/segments.js";
import { words } from "../../words.js";

const NO_MESSAGES = 1;

export function ProfileFields({ form, changed, readonly }) {
  const w = words().accounts;
  const own = (name) => {
    const bound = form.bind(name);
    return { ...bound, readonly, label: w.fields[name], changed: changed.includes(name) };
  };
  const text = (name, rest) => html`<${TextField} ...${own(name)} autocomplete="off" ...${rest} />`;
  const choice = (name, rest) => {
    const { onInput, ...frame } = own(name);
    return html`
      <${SegmentsField} ...${frame} onChoose=${onInput} options=${Object.entries(w.choices[name])} ...${rest} />`;
  };
  const bytes = { maxBytes: limits.maxProfileTextBytes, counted: true };
  const number = (name) => text(name, { wide: "third", inputmode: "numeric", class: "digits" });
  return html`
    <p class="group">${w.groups.profile}</p>
    ${text("nickname", { wide: "half", ...bytes })}
    ${text("location", { wide: "half", maxBytes: limits.maxProfileTextBytes })}
    ${text("photo_url", { maxBytes: limits.maxProfileTextBytes, inputmode: "url" })}
    ${text("whats_up", { rows: 2, ...bytes })}${choice("gender", { wide: "half" })}
    <${DateField} ...${own("birth_date")} wide="half" />
    <hr />
    <p class="group">${w.groups.contact}</p>
    <${SelectField} ...${own("friend_verification")} wide="half"
      options=${Object.entries(w.choices.friend_verification)} />
    ${choice("friending", { wide: "half" })}
    <${MessageSettings} ...${own("message_settings")} />
    <hr />
    <p class="group">${w.groups.defined}</p>
    ${number("language")}${number("level")}${number("role")}`;
}

// A bit field. One bit has a checkbox of its own; the others are kept as they are.
function MessageSettings({ value, onInput, label, changed, error, readonly }) {
  const w = words().accounts;
  const number = Number(halfWidth(value)) || 0;
  const off = number % 2 === NO_MESSAGES;
  return html`
    <${Field} label=${label} changed=${changed} error=${error} group>
      ${({ id: _, ...own }) =>
        html`
          <div class="bits">
            <label class="checked-line">
              <input type="checkbox" class="check" checked=${off} disabled=${readonly}
                onChange=${() => onInput(String(off ? number - NO_MESSAGES : number + NO_MESSAGES))} />
              ${w.noMessages}
            </label>
            <label>
              ${w.bits}
              <input ...${own} class="bare-input digits" spellcheck=${false} inputmode="numeric" value=${value}
                size=${Math.max(3, value.length)} readonly=${readonly}
                onInput=${(event) => onInput(event.currentTarget.value)} />
            </label>
          </div>`}
    </${Field}>`;
}
