// A password field. The password is hidden until the person asks to see it; password managers and pasting work.

import { deployment } from "../deployment.js";
import { html } from "../html.js";
import { useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { useAutofocus } from "./autofocus.js";
import { Button } from "./button.js";
import { Field } from "./field.js";
import { Icon } from "./icon.js";
import { Tally } from "./tally.js";

export function PasswordField({ value, onInput, onBlur, autocomplete, autofocus = false, children, ...frame }) {
  const ref = useRef(null);
  useAutofocus(ref, autofocus);
  const [shown, setShown] = useState(false);
  const w = words().field;
  return html`
    <${Field} ...${frame}>
      ${(own) =>
        html`
          <div class="with-end">
            <input ...${own} ref=${ref} autofocus=${autofocus} class="input" type=${shown ? "text" : "password"}
              autocomplete=${autocomplete} spellcheck="false" autocapitalize="off" value=${value}
              onInput=${(event) => onInput(event.currentTarget.value)} onBlur=${onBlur} />
            <${Button} kind="ghost bare" icon=${shown ? "hide" : "show"} label=${shown ? w.hide : w.show}
              aria-pressed=${shown} onClick=${() => setShown(!shown)} />
          </div>
          ${children}`}
    </${Field}>`;
}

// Estimates a password before the server checks it: length, names in it, character classes, variety.
function assess(password, names) {
  const lower = password.toLowerCase();
  const long = [...password].length >= deployment.minChars;
  const own = names.every((name) => name.length < 3 || !lower.includes(name.toLowerCase()));
  const classes = [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u].every((one) => one.test(password));
  const varied = new Set(lower).size;
  const score = password === "" ? 0 : !long || !own ? 1 : varied < 7 ? 2 : varied < 12 ? 3 : 4;
  return { long, own, classes, score };
}

export function NewPasswordField({ names, ...rest }) {
  const { long, own, classes, score } = assess(rest.value, names);
  const w = words().password;
  const rule = (met, text) => html`
    <li class=${met && rest.value ? "met" : ""}>
      <${Icon} name=${met && rest.value ? "check" : "info"} />
      <span>${text}${met && rest.value && html`<span class="unseen"> ${w.met}</span>`}</span>
    </li>`;
  return html`
    <${PasswordField} ...${rest} autocomplete="new-password">
      <div class="strength">
        <${Tally} count=${score} of=${4} tone=${score === 1 ? "red" : score === 2 ? "amber" : ""} />
        <span>${w.scores[score]}</span>
      </div>
      <ul class="rules">
        ${rule(long, w.long(deployment.minChars))}${rule(own, w.own)}
        ${deployment.requiresClasses && rule(classes, w.classes)}
      </ul>
    </${PasswordField}>`;
}
