// Short messages about what just happened elsewhere on the page.

import { announcement } from "../announce.js";
import { html } from "../html.js";
import { messageOf } from "../problem-messages.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 6000;
/** @typedef {{ id: number, text: string, icon: string, undo?: () => Promise<unknown> }} Message */

/** @type {import("../vendor/signals.js").Signal<Message[]>} */
const shown = signal([]);
let lastId = 0;

function show(one) {
  lastId += 1;
  shown.value = [...shown.value, { id: lastId, ...one }].slice(-2);
}

// Reports a success. `undo` reverts it.
/**
 * @param {string} text
 * @param {{ undo?: () => Promise<unknown> }} [options]
 */
export const toast = (text, { undo } = {}) => show({ text, icon: "check", undo });

// Reports a failure that nothing else on the page would show.
export const toastFailure = (problem) => show({ text: messageOf(problem), icon: "alert" });

const dismiss = (id) => (shown.value = shown.value.filter((one) => one.id !== id));

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
    return stop;
  }, []);
  const close = () => {
    dismiss(one.id);
    document.getElementById("content")?.focus({ preventScroll: true });
  };
  const undo = () => {
    close();
    one.undo().catch(toastFailure);
  };
  return html`
    <div class="toast" ref=${ref}>
      <${Icon} name=${one.icon} /><span>${one.text}</span>
      ${one.undo && html`<${Button} kind="link" onClick=${undo}>${words().toast.undo}</${Button}>`}
      <${Button} kind="ghost bare" size="small" icon="close" label=${words().toast.dismiss} onClick=${close} />
    </div>`;
}

// Brings the toasts to the front: the popover or dialog that opened last lies on top.
export function raiseToasts() {
  const popover = /** @type {HTMLElement | null} */ (document.querySelector(".toasts"));
  if (popover?.matches(":popover-open")) popover.hidePopover();
  if (shown.value.length > 0) popover?.showPopover();
}

// A manual popover, so that it stays above dialogs.
export function Toasts() {
  useEffect(raiseToasts, [shown.value.length, shown.value.at(-1)?.id]);
  return html`
    <div class="toasts" role="status" popover="manual">
      ${shown.value.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}
    </div>`;
}

export const Announcer = () => html`<div class="unseen" role="status">${announcement}</div>`;
