// A menu that opens from a button.

import { onKey } from "../composition.js";
import { html } from "../html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { Icon } from "./icon.js";

// Places a popover below its opener, or above it if there is no room below.
function placeBeside(popover, opener, side = "end") {
  const box = opener.getBoundingClientRect();
  const own = popover.getBoundingClientRect();
  const below = box.bottom + 4;
  const top = below + own.height > innerHeight - 8 ? Math.max(8, box.top - 4 - own.height) : below;
  const left = side === "end" ? box.right - own.width : box.left;
  popover.style.top = `${top}px`;
  popover.style.left = `${Math.max(8, Math.min(left, innerWidth - own.width - 8))}px`;
}

// The state of a popover, and the properties of its opener and of the popover itself.
/** @param {{ side?: "start" | "end", onOpen?: (popover: HTMLElement) => void }} [options] */
export function usePopover({ side, onOpen } = {}) {
  const [open, setOpen] = useState(false);
  const opener = useRef(null);
  const popover = useRef(null);
  useEffect(() => {
    if (!open) return;
    popover.current.showPopover();
    placeBeside(popover.current, opener.current, side);
    onOpen?.(popover.current);
  }, [open]);
  const close = (back = true) => {
    setOpen(false);
    if (back) opener.current?.focus({ preventScroll: true });
  };
  const onToggle = (event) => {
    if (event.newState === "closed") setOpen(false);
  };
  // A press outside closes the popover before the click event, so the press remembers whether it was open.
  const pressedOpen = useRef(false);
  const bindOpener = {
    ref: opener,
    onPointerDown: () => (pressedOpen.current = open),
    onClick: () => {
      setOpen(!open && !pressedOpen.current);
      pressedOpen.current = false;
    },
    "aria-expanded": open ? "true" : "false",
  };
  return { open, close, show: () => setOpen(true), bindOpener, bind: { ref: popover, popover: "auto", onToggle } };
}

// `items`: { icon, label, end, note, onChoose, href, red, name } or "line". An item without `onChoose` is disabled, and
// its `note` says why. `trigger` renders the opener.
const focusFirst = (list) => list.querySelector("[role^=menuitem]")?.focus();

/** @param {{ side?: "start" | "end" } & Record<string, any>} properties */
export function Menu({ label, items, trigger, side = "end", broad = false, openRef }) {
  const menu = usePopover({ side, onOpen: focusFirst });
  if (openRef) openRef.current = menu.show;
  const choose = (item) => {
    menu.close();
    item.onChoose();
  };
  const onKeyDown = onKey((event) => {
    const list = [...event.currentTarget.querySelectorAll("[role^=menuitem]")];
    const at = list.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key in moves) list.at(moves[event.key] % list.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") menu.close();
    else if (event.key.length === 1 && event.key !== " ") {
      const typed = event.key.toLowerCase();
      [...list.slice(at + 1), ...list].find((item) => item.textContent.trim().toLowerCase().startsWith(typed))?.focus();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const row = (item) => html`
    ${item.icon && html`<${Icon} name=${item.icon} />`}
    <span class="cut">${item.label}${item.name && html` <bdi>${item.name}</bdi>`}</span>
    ${item.end && html`<span class="end">${item.end}</span>`}
    ${item.note && html`<span class="note">${item.note}</span>`}`;
  const drawn = (item) => {
    if (item === "line") return html`<hr role="separator" />`;
    const role = item.checked === undefined ? "menuitem" : "menuitemradio";
    const own = { role, tabindex: -1, class: item.red ? "red" : "", "aria-checked": item.checked };
    if (item.href) return html`<a ...${own} href=${item.href} onClick=${() => menu.close(false)}>${row(item)}</a>`;
    const blocked = !item.onChoose;
    return html`
      <button type="button" ...${own} aria-disabled=${blocked ? "true" : undefined}
        onClick=${() => !blocked && choose(item)}>
        ${row(item)}
      </button>`;
  };
  return html`
    ${trigger({ ...menu.bindOpener, "aria-haspopup": "menu" })}
    ${
      menu.open &&
      html`
        <div ...${menu.bind} class=${`menu ${broad ? "broad" : ""}`} role="menu" aria-label=${label}
          onKeyDown=${onKeyDown}>
          ${items.filter(Boolean).map(drawn)}
        </div>`
    }`;
}
