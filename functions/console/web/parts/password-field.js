// A password field. The password is hidden until the person asks to see it; password managers and pasting work.

import { html } from "../html.js";
import { useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { useAutofocus } from "./autofocus.js";
import { Button } from "./button.js";
import { Field } from "./field.js";

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
              autocomplete=${autocomplete} spellcheck=${false} autocapitalize="off" value=${value}
              onInput=${(event) => onInput(event.currentTarget.value)} onBlur=${onBlur} />
            <${Button} kind="ghost bare" icon=${shown ? "hide" : "show"} label=${shown ? w.hide : w.show}
              aria-pressed=${shown} onClick=${() => setShown(!shown)} />
          </div>
          ${children}`}
    </${Field}>`;
}
