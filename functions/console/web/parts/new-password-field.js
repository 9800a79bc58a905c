// A field for a new password, with what is certain about its strength.

import { deployment } from "../deployment.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Icon } from "./icon.js";
import { PasswordField } from "./password-field.js";
import { Tally } from "./tally.js";

const MIN_NAME_CHARS = 3;

// One to three characters over and over, or neighbours in the alphabet from end to end.
function isPattern(password) {
  const codes = [...password.toLowerCase()].map((character) => character.codePointAt(0) ?? 0);
  const [step, ...steps] = codes.slice(1).map((code, at) => code - codes[at]);
  if (/^(.{1,3})\1+.{0,2}$/su.test(password)) return true;
  return Math.abs(step) === 1 && steps.every((other) => other === step);
}

// The rules whose outcome is certain here. Only the server estimates how easy a password is to guess: an estimate
// without its lists of common passwords and words would praise what it refuses.
function rulesOf(password, names) {
  const w = words().password;
  const lower = password.toLowerCase();
  const contains = (name) => [...name].length >= MIN_NAME_CHARS && lower.includes(name.toLowerCase());
  const classes = [/\p{Lu}/u, /\p{Ll}/u, /\p{N}/u, /[^\p{L}\p{N}]/u];
  return [
    // The server counts the characters of the composed form.
    { met: [...password.normalize("NFC")].length >= deployment.minChars, text: w.long(deployment.minChars) },
    { met: !names.some(contains), text: w.own },
    deployment.requiresClasses && { met: classes.every((one) => one.test(password)), text: w.classes },
  ].filter((rule) => rule !== false);
}

// At most half of the ticks: the others are for what the server finds out.
function Strength({ password, rules }) {
  const w = words().password;
  const weak = isPattern(password) || rules.some(({ met }) => !met);
  if (password === "")
    return html`<div class="strength"><${Tally} count=${0} of=${4} /><span>${w.strength}</span></div>`;
  return html`
    <div class="strength">
      <${Tally} count=${weak ? 1 : 2} of=${4} tone=${weak ? "red" : ""} />
      <span>${weak ? w.tooWeak : w.unknown}</span>
    </div>`;
}

export function NewPasswordField({ names, ...rest }) {
  const { value } = rest;
  const w = words().password;
  const rules = rulesOf(value, names);
  return html`
    <${PasswordField} ...${rest} autocomplete="new-password">
      <${Strength} password=${value} rules=${rules} />
      <ul class="rules">
        ${rules.map(({ met, text }) => {
          const shown = met && value !== "";
          return html`
            <li class=${shown ? "met" : ""}>
              <${Icon} name=${shown ? "check" : "info"} />
              <span>${text}${shown && html`<span class="unseen"> ${w.met}</span>`}</span>
            </li>`;
        })}
      </ul>
    </${PasswordField}>`;
}
