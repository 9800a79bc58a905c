// What succeeded elsewhere, said for a moment.
import { signal } from "../vendor/signals.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { announcement } from "../announce.js";
import { html } from "../html.js";
import { messageOf } from "../problem-messages.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 6000;
const shown = signal([]);
let last = 0;

function show(one) {
  shown.value = [...shown.value, { id: (last += 1), ...one }].slice(-2);
}

// Says what has been done; `undo` takes it back.
export const toast = (text, { undo } = {}) => show({ text, icon: "check", undo });

// Says what failed where nothing else on the page would.
export const toastFailure = (problem) => show({ text: messageOf(problem), icon: "alert" });

const dismiss = (id) => (shown.value = shown.value.filter((one) => one.id !== id));

function Toast({ one }) {
  const ref = useRef(null);
  const timer = useRef(0);
  const stop = () => clearTimeout(timer.current);
  const start = () => {
    stop();
    // It stays while somebody is at it.
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

// Brings the toasts to the front once more, since what opened last lies above.
export function raiseToasts() {
  const popover = document.querySelector(".toasts");
  if (popover?.matches(":popover-open")) popover.hidePopover();
  if (shown.value.length > 0) popover?.showPopover();
}

// A manual popover, so that it stays above dialogs.
export function Toasts() {
  useEffect(raiseToasts, [shown.value.length, shown.value.at(-1)?.id]);
  return html`<div class="toasts" role="status" popover="manual">${shown.value.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}</div>`;
}

export const Announcer = () => html`<div class="unseen" role="status">${announcement}</div>`;
