// Short messages about what just happened elsewhere on the page.

import { announcement } from "../announce.js";
import { onKey } from "../composition.js";
import { html } from "../html.js";
import { messageOf } from "../problem-messages.js";
import { go } from "../router.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 6000;
/** @typedef {{ id: number, text: string, icon: string, open?: string, undo?: () => Promise<unknown> }} Message */

/** @type {import("../vendor/signals.js").Signal<Message[]>} */
const shown = signal([]);
let lastId = 0;

// A message that stays until it is taken away.
export const pinned = signal(null);

function show(one) {
  lastId += 1;
  shown.value = [...shown.value, { id: lastId, ...one }].slice(-2);
}

// Reports a success. `undo` reverts it; `open` is the address of what was created.
/**
 * @param {string} text
 * @param {{ undo?: () => Promise<unknown>, open?: string }} [options]
 */
export const toast = (text, { undo, open } = {}) => show({ text, icon: "check", undo, open });

// Reports a failure that nothing else on the page would show.
export const toastFailure = (problem) => show({ text: messageOf(problem), icon: "alert" });

const dismiss = (id) => (shown.value = shown.value.filter((one) => one.id !== id));

function undo(one) {
  dismiss(one.id);
  one.undo().catch(toastFailure);
}

// Reverts what the latest toast that offers it has reported.
export function undoLatest() {
  const latest = shown.value.findLast((one) => one.undo);
  if (latest) undo(latest);
}

function Toast({ one }) {
  const ref = useRef(null);
  const timer = useRef(0);
  const stop = () => clearTimeout(timer.current);
  const start = () => {
    stop();
    // It stays while it is hovered or focused.
    timer.current = setTimeout(
      () => (ref.current.matches(":hover, :focus-within") ? start() : dismiss(one.id)),
      SHOWN_MS,
    );
  };
  useEffect(() => {
    start();
    // Nor does it go while somebody tabs towards it.
    const waitForTab = onKey((event) => event.key === "Tab" && start());
    document.addEventListener("keydown", waitForTab);
    return () => {
      stop();
      document.removeEventListener("keydown", waitForTab);
    };
  }, []);
  const leave = (act) => () => {
    act(one);
    document.getElementById("content")?.focus({ preventScroll: true });
  };
  return html`
    <div class="toast" ref=${ref}>
      <${Icon} name=${one.icon} /><span>${one.text}</span>
      ${
        one.undo &&
        html`
          <${Button} kind="link" aria-keyshortcuts="Control+Z Meta+Z" onClick=${leave(undo)}>
            ${words().toast.undo}
          </${Button}>`
      }
      ${
        one.open &&
        html`
          <${Button} kind="link" onClick=${leave(({ id, open }) => dismiss(id) && go(open))}>
            ${words().toast.open}
          </${Button}>`
      }
      <${Button} kind="ghost bare" size="small" icon="close" label=${words().toast.dismiss}
        onClick=${leave(({ id }) => dismiss(id))} />
    </div>`;
}

// Brings the toasts to the front: the popover or dialog that opened last lies on top.
export function raiseToasts() {
  const popover = /** @type {HTMLElement | null} */ (document.querySelector(".toasts"));
  if (popover?.matches(":popover-open")) popover.hidePopover();
  if (shown.value.length > 0 || pinned.value) popover?.showPopover();
}

// A manual popover, so that it stays above dialogs.
export function Toasts() {
  useEffect(raiseToasts, [shown.value.length, shown.value.at(-1)?.id, pinned.value !== null]);
  return html`
    <div class="toasts" role="status" popover="manual">
      ${pinned.value}
      ${shown.value.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}
    </div>`;
}

export const Announcer = () => html`<div class="unseen" role="status">${announcement}</div>`;
