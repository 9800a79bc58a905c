// A person's picture: initials first, the photo over them once it has loaded.

import { html } from "../html.js";
import { settings } from "../settings.js";
import { useState } from "../vendor/hooks.js";

const LETTERS = /[\p{L}\p{M}\p{N}]+/gu;
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

// A letter with its marks is one character to a reader.
const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const firstOf = (word = "") => characters.segment(word)[Symbol.iterator]().next().value?.segment ?? "";

// Empty for a name without letters and digits, such as one of emoji.
function initials(name) {
  const parts = name.match(LETTERS) ?? [];
  const first = firstOf(parts[0]);
  if (WIDE.test(first)) return first;
  const second = firstOf(parts[1]);
  return (first + (WIDE.test(second) ? "" : second)).toUpperCase();
}

function hue(id) {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return hash % 8;
}

// A square stands for a thing and has one character. A person is never without one: ids are not empty.
function textOf(id, name, isSquare) {
  if (isSquare) return firstOf(initials(name) || name);
  return initials(name) || initials(id) || firstOf(id);
}

export function Avatar({ id, name, photo, shape = "" }) {
  const [loaded, setLoaded] = useState(null);
  const shown = settings.value.photos && photo?.startsWith("https://");
  return html`
    <span class=${`avatar hue-${hue(id)} ${shape}`} aria-hidden="true">
      ${textOf(id, name ?? "", shape.includes("square"))}
      ${
        shown &&
        html`
          <img src=${photo} alt="" loading="lazy" referrerpolicy="no-referrer" class=${loaded === photo ? "loaded" : ""}
            onLoad=${() => setLoaded(photo)} onError=${() => setLoaded(null)} />`
      }
    </span>`;
}
