// A short list of things to do, opened from a button.
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

// Puts a popover under its opener, or above it when there is no room.
function placeBeside(popover, opener, side = "end") {
  const box = opener.getBoundingClientRect();
  const own = popover.getBoundingClientRect();
  const below = box.bottom + 4;
  const top = below + own.height > innerHeight - 8 ? Math.max(8, box.top - 4 - own.height) : below;
  const left = side === "end" ? box.right - own.width : box.left;
  popover.style.top = `${top}px`;
  popover.style.left = `${Math.max(8, Math.min(left, innerWidth - own.width - 8))}px`;
}

// A popover's state: whether it is open, and what opener and popover need. What it lies in stays open under it.
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
  // A press outside has closed it by the time of the click, so the press remembers how it was.
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

// `items`: { icon, label, end, note, onChoose, href, red, name } or "line". One without anything to do is not possible now, and
// its `note` says why. `trigger` draws the opener.
export function Menu({ label, items, trigger, side = "end", broad = false, openRef }) {
  const menu = usePopover({ side, onOpen: (list) => list.querySelector("[role^=menuitem]")?.focus() });
  if (openRef) openRef.current = menu.show;
  const choose = (item) => {
    menu.close();
    item.onChoose();
  };
  const onKeyDown = (event) => {
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
  };
  const row = (
    item,
  ) => html`${item.icon && html`<${Icon} name=${item.icon} />`}<span class="cut">${item.label}${item.name && html` <bdi>${item.name}</bdi>`}</span>
    ${item.end && html`<span class="end">${item.end}</span>`}${item.note && html`<span class="note">${item.note}</span>`}`;
  const drawn = (item) => {
    if (item === "line") return html`<hr role="separator" />`;
    const role = item.checked === undefined ? "menuitem" : "menuitemradio";
    const own = { role, tabindex: -1, class: item.red ? "red" : "", "aria-checked": item.checked };
    if (item.href) return html`<a ...${own} href=${item.href} onClick=${() => menu.close(false)}>${row(item)}</a>`;
    const blocked = !item.onChoose;
    return html`<button type="button" ...${own} aria-disabled=${blocked ? "true" : undefined} onClick=${() => !blocked && choose(item)}>${row(item)}</button>`;
  };
  return html`
    ${trigger({ ...menu.bindOpener, "aria-haspopup": "menu" })}
    ${
      menu.open &&
      html`<div ...${menu.bind} class=${`menu ${broad ? "broad" : ""}`} role="menu" aria-label=${label} onKeyDown=${onKeyDown}>
      ${items.filter(Boolean).map(drawn)}</div>`
    }`;
}
