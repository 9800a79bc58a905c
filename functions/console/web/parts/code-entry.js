// A field for a numeric code: one real input over drawn slots, so that pasting and autofill work.

import { halfWidth } from "../form.js";
import { html } from "../html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { useAutofocus } from "./autofocus.js";
import { Field } from "./field.js";

// Mailed codes have eight digits and `autocomplete="one-time-code"`; codes of authenticator apps have six digits.
export function CodeEntry({
  value,
  onInput,
  onBlur,
  error,
  length = 8,
  autocomplete = "off",
  autofocus = false,
  ...frame
}) {
  const ref = useRef(null);
  useAutofocus(ref, autofocus);
  const [chosen, setChosen] = useState(false);
  useEffect(() => {
    if (!error) return setChosen(false);
    ref.current?.focus();
    ref.current?.select();
    setChosen(true);
  }, [error]);
  const digitsOf = (text) => halfWidth(text).replace(/\D/g, "").slice(0, length);
  // What an input method composes stays as it is until it is done: to change it would end the composition.
  const [composed, setComposed] = useState(null);
  const take = (event) => {
    const digits = digitsOf(event.currentTarget.value);
    event.currentTarget.value = digits;
    setComposed(null);
    onInput(digits);
  };
  const input = (event) => {
    setChosen(false);
    if (event.isComposing) setComposed(event.currentTarget.value);
    else take(event);
  };
  const shown = composed === null ? value : digitsOf(composed);
  const half = length / 2;
  const slot = (at) =>
    html`<i class=${at === Math.min(shown.length, length - 1) ? "next" : ""} aria-hidden="true">${shown[at]}</i>`;
  return html`
    <${Field} ...${frame} error=${error} count=${words().field.digits(shown.length, length)}>
      ${(attributes) =>
        html`
          <div class=${`slots of-${length} ${chosen ? "chosen" : ""}`}>
            <input ...${attributes} ref=${ref} autofocus=${autofocus} inputmode="numeric" autocomplete=${autocomplete}
              spellcheck=${false} value=${composed ?? value} onInput=${input} onCompositionEnd=${take}
              onBlur=${onBlur} />
            ${Array.from({ length: half }, (_, at) => slot(at))}<b></b>
            ${Array.from({ length: half }, (_, at) => slot(at + half))}
          </div>`}
    </${Field}>`;
}
