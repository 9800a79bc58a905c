// A person's picture: initials first, the photo over them once it has loaded.

import { html } from "../html.js";
import { settings } from "../settings.js";
import { useState } from "../vendor/hooks.js";

const LETTERS = /[\p{L}\p{N}]+/gu;
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function initials(name) {
  const parts = name.match(LETTERS) ?? [];
  const first = [...(parts[0] ?? "")][0] ?? "";
  if (WIDE.test(first)) return first;
  const second = [...(parts[1] ?? "")][0] ?? "";
  return (first + (WIDE.test(second) ? "" : second)).toUpperCase();
}

function hue(id) {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return hash % 8;
}

export function Avatar({ id, name, photo, shape = "" }) {
  const [loaded, setLoaded] = useState(null);
  const shown = settings.value.photos && photo?.startsWith("https://");
  return html`
    <span class=${`avatar hue-${hue(id)} ${shape}`} aria-hidden="true">
      ${shape.includes("square") ? initials(name).slice(0, 1) : initials(name?.trim() || id)}
      ${
        shown &&
        html`
          <img src=${photo} alt="" loading="lazy" referrerpolicy="no-referrer" class=${loaded === photo ? "loaded" : ""}
            onLoad=${() => setLoaded(photo)} onError=${() => setLoaded(null)} />`
      }
    </span>`;
}
