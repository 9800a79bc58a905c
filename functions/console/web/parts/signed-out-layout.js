// The layout of the screens for people who are not signed in: the form on the left, a drawing of tally marks on the
// right.
import { html } from "../html.js";
import { useTitle } from "../page-title.js";
import { settings } from "../settings.js";
import { setLanguage, words } from "../words.js";
import { Button } from "./button.js";
import { Logo } from "./logo.js";
import { toastFailure } from "./toast.js";

const COLUMNS = 24;
const ROWS = 12;
const LIT = { column: 6, row: 6 };

// Strokes of a tally mark in the drawing: five for a full one, fewer for one in progress, none for a gap. The pattern
// is always the same.
function strokesOf(column, row) {
  const noise = (column * 7919 + row * 104729 + column * row * 31) % 23;
  if (column === LIT.column && row === LIT.row) return 5;
  return noise === 0 ? 0 : noise < 4 ? noise : 5;
}

function drawCell(column, row) {
  const far = Math.hypot((column - 9) / (column < 9 ? 10 : 15), (row - 5) / 7.5);
  const count = strokesOf(column, row);
  const lit = column === LIT.column && row === LIT.row;
  if (count === 0 || far >= 1) return null;
  const [x, y] = [column * 60 + 32, row * 54 + 8];
  const uprights = Array.from({ length: Math.min(count, 4) }, (_, at) => `M${x + 7 + at * 8} ${y + 5}v26`).join("");
  return html`<g class=${lit ? "lit" : ""} opacity=${lit ? 1 : (0.44 * (1 - far * far)).toFixed(2)}>
    <path d=${uprights + (count === 5 ? `M${x + 0.5} ${y + 24.5}l40-12.5` : "")} /></g>`;
}

const cells = () => Array.from({ length: COLUMNS * ROWS }, (_, at) => drawCell(at % COLUMNS, Math.floor(at / COLUMNS)));

export function SignedOutLayout({ title, text, children, note }) {
  const w = words();
  const other = settings.value.language === "ko" ? "en" : "ko";
  useTitle(title);
  return html`
    <div class="door">
      <main class="door-main" id="content">
        <div class="door-head">
          <${Logo} />
          <${Button} kind="ghost" size="small" icon="globe" lang=${other}
            onClick=${() => setLanguage(other).catch(toastFailure)}>
            ${w.languages[other]}
          </${Button}>
        </div>
        <div class="door-body">
          <h1>${title}</h1>
          <p>${text}</p>
          ${children}${note && html`<p class="door-note">${note}</p>`}
        </div>
        <p class="door-foot">Rollcall 1.0</p>
      </main>
      <div class="door-art" aria-hidden="true">
        <svg width=${COLUMNS * 60} height=${ROWS * 54}>${cells()}</svg>
        <p>${w.signedOut.motto}</p>
      </div>
    </div>`;
}
