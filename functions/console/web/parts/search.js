// A search field that searches when the person pauses typing.

import { onKey } from "../composition.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const PAUSE_MS = 250;

export function Search({ label, value, onSearch }) {
  const [typed, setTyped] = useState(value);
  const ref = useRef(null);
  const timer = useRef(0);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => keys({ "/": () => ref.current.focus() }), []);
  useEffect(() => () => clearTimeout(timer.current), []);
  const input = (text) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(text.trim()), PAUSE_MS);
  };
  const clear = () => {
    clearTimeout(timer.current);
    setTyped("");
    onSearch("");
    ref.current.focus();
  };
  const onKeyDown = onKey((event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (typed) clear();
    else ref.current.blur();
  });
  return html`
    <div class="search boxed" role="search">
      <${Icon} name="search" />
      <input type="search" ref=${ref} aria-label=${label} placeholder=${label} value=${typed} autocomplete="off"
        spellcheck=${false} onInput=${(event) => input(event.currentTarget.value)} onKeyDown=${onKeyDown} />
      ${
        typed
          ? html`
            <${Button} kind="ghost bare" size="small" icon="close" label=${words().list.clearSearch}
              onClick=${clear} />`
          : html`<kbd class="key">/</kbd>`
      }
    </div>`;
}
