// A table with a sticky header and rows of one height. Long lists render only the rows near the viewport.

import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { messageOf } from "../problem-messages.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";

const WINDOWED_FROM = 200;
const SPARE_ROWS = 24;
const SKELETON_ROWS = 8;

// A placeholder bar for a text.
export const skeletonBar = (width) => html`<span class=${`bone ${width}`}></span>`;

// Placeholder rows with the layout of the real ones. `columns`: { class, bone }.
export const skeletonRows = (columns) =>
  Array.from(
    { length: SKELETON_ROWS },
    (_, at) =>
      html`
        <tr key=${at} aria-hidden="true">
          ${columns.map(({ class: kind, bone: bar }) => html`<td class=${kind}>${bar}</td>`)}
        </tr>`,
  );

// Paper has no viewport: all loaded rows are printed.
function usePrinting() {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const begin = () => setPrinting(true);
    const end = () => setPrinting(false);
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  return printing;
}

function useVisibleRange(count, body) {
  const [near, setNear] = useState([0, WINDOWED_FROM]);
  const printing = usePrinting();
  const windowed = count > WINDOWED_FROM && !printing;
  useEffect(() => {
    if (!windowed) return;
    let frame = 0;
    const measure = () => {
      frame = 0;
      const row = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
      const above = Math.floor(-body.current.getBoundingClientRect().top / row) - SPARE_ROWS;
      const from = Math.max(0, Math.min(above, count - 1));
      setNear([from, Math.min(count, from + Math.ceil(innerHeight / row) + 2 * SPARE_ROWS)]);
    };
    const soon = () => (frame ||= requestAnimationFrame(measure));
    measure();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [windowed, count]);
  return windowed ? near : [0, count];
}

// `columns`: { name, width, class, bone }. `head` replaces the header row while something is selected.
export function Table({ caption, columns, head, list, keyOf, row, empty }) {
  const body = useRef(null);
  const { items, stage, loading } = list;
  const [from, to] = useVisibleRange(items.length, body);
  const height = (count) => ({ height: `calc(var(--row) * ${count})` });
  const space = (count) =>
    count > 0 &&
    html`<tr class="space" aria-hidden="true"><td colspan=${columns.length} style=${height(count)}></td></tr>`;
  if (stage === "quiet" || stage === "failed") return html`<div class="list"></div>`;
  if (stage === "ready" && items.length === 0 && !loading && list.done) return empty;
  return html`
    <div class=${`list ${loading && stage === "ready" ? "loading" : ""}`}>
      <table aria-rowcount="-1" aria-busy=${loading}>
        <caption class="unseen">${caption}</caption>
        <colgroup>
          ${columns.map((column) => html`<col class=${column.class} style=${{ width: column.width }} />`)}
        </colgroup>
        <thead>
          <tr>${head ?? columns.map((column) => html`<th scope="col" class=${column.class}>${column.name}</th>`)}</tr>
        </thead>
        <tbody ref=${body}>
          ${stage === "skeleton" && skeletonRows(columns)}${space(from)}
          ${items.slice(from, to).map((item, at) => row(item, from + at, keyOf(item)))}${space(items.length - to)}
        </tbody>
      </table>
      ${stage !== "skeleton" && html`<${ListFooter} list=${list} />`}
    </div>`;
}

// Loads more when it scrolls into view. A button does the same for keyboard users.
export function ListFooter({ list }) {
  const ref = useRef(null);
  const latest = useRef(list);
  latest.current = list;
  // An observer reports once when it begins, so a new one looks again after each request. A failed request is repeated
  // by the button alone.
  useEffect(() => {
    const seen = new IntersectionObserver(
      ([entry]) => entry.isIntersecting && !latest.current.problem && latest.current.more(),
      { rootMargin: "400px" },
    );
    seen.observe(ref.current);
    return () => seen.disconnect();
  }, [list.items.length, list.done, list.loading]);
  const w = words().list;
  const count = list.items.length;
  return html`
    <div class="list-foot" ref=${ref}>
      <span>${list.done ? w.complete[list.noun](count) : w.shown(count)}</span>
      ${list.problem && count > 0 && html`<span role="alert">${messageOf(list.problem)}</span>`}
      ${
        !list.done &&
        html`<${Button} kind="ghost" size="small" busy=${list.loading} onClick=${list.more}>${w.more}</${Button}>`
      }
    </div>`;
}

// Keyboard shortcuts for rows: move, select, open. The focus is on the row's link.
/**
 * @param {object} rows
 * @param {any[]} rows.items
 * @param {(at: number) => unknown} rows.open
 * @param {(at: number, range: boolean) => void} [rows.turn]
 * @param {() => void} [rows.clear]
 */
export function useRowKeys({ items, turn, open, clear }) {
  const current = useRef(null);
  current.current = { items, turn, open, clear };
  useEffect(() => {
    const at = () => {
      const row = /** @type {HTMLElement | null} */ (document.activeElement?.closest("tr.row") ?? null);
      return Number(row?.dataset.at ?? -1);
    };
    const focus = (index) => {
      const next = Math.max(0, Math.min(index, current.current.items.length - 1));
      const link = document.querySelector(`tr.row[data-at="${next}"] .who :is(a, button, [tabindex])`);
      /** @type {HTMLElement | null} */ (link)?.focus();
      return next;
    };
    const move = (steps) => () => focus(at() < 0 ? 0 : at() + steps);
    const extend = (steps) => () => {
      if (at() < 0) return focus(0);
      const from = at();
      if (current.current.turn) {
        if (!document.querySelector(`tr.row[data-at="${from}"]`)?.classList.contains("chosen"))
          current.current.turn(from, false);
        setTimeout(() => current.current.turn(focus(from + steps), true));
      }
      return undefined;
    };
    const here = (act) => () => at() >= 0 && act(at());
    const select = here((index) => current.current.turn?.(index, false));
    const open = here((index) => current.current.open(index));
    const menu = () => {
      const opener = document.activeElement?.closest("tr.row")?.querySelector("[aria-haspopup=menu]");
      /** @type {HTMLElement | null | undefined} */ (opener)?.click();
    };
    return keys({
      ArrowDown: move(1),
      ArrowUp: move(-1),
      j: move(1),
      k: move(-1),
      Space: select,
      x: select,
      "Shift+ArrowDown": extend(1),
      "Shift+ArrowUp": extend(-1),
      e: open,
      ".": menu,
      "Shift+F10": menu,
      Escape: () => current.current.clear?.(),
    });
  }, []);
}

// A click anywhere in a row opens it, except on a control and while text is selected.
export const opensRow = (open) => (event) => {
  if (event.target.closest("a, button, input, label, [popover], dialog") || getSelection()?.toString()) return;
  event.currentTarget.querySelector(".who :is(a, button)")?.focus({ preventScroll: true });
  open();
};
