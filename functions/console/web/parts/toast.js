// What succeeded elsewhere, said for a moment.
import { signal } from "../vendor/signals.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 6000;
const shown = signal([]);
let last = 0;

// Says something; `undo` or `action` {label, act} adds one thing to do about it.
export function toast(text, { undo, action } = {}) {
  const one = { id: (last += 1), text, action: undo ? { label: words().toast.undo, act: undo } : action };
  shown.value = [...shown.value, one].slice(-2);
}

const dismiss = (id) => (shown.value = shown.value.filter((one) => one.id !== id));

function Toast({ one }) {
  const timer = useRef(0);
  const start = () => (timer.current = setTimeout(() => dismiss(one.id), SHOWN_MS));
  const stop = () => clearTimeout(timer.current);
  useEffect(() => {
    start();
    return stop;
  }, []);
  const act = () => {
    dismiss(one.id);
    one.action.act();
  };
  return html`
    <div class="toast" onMouseEnter=${stop} onMouseLeave=${start} onFocusIn=${stop} onFocusOut=${start}>
      <${Icon} name="check" /><span>${one.text}</span>
      ${one.action && html`<${Button} kind="link" onClick=${act}>${one.action.label}</${Button}>`}
      <${Button} kind="ghost bare" size="small" icon="close" label=${words().dialog.close} onClick=${() => dismiss(one.id)} />
    </div>`;
}

// A manual popover, so that it stays above dialogs.
export function Toasts() {
  const ref = useRef(null);
  const count = shown.value.length;
  useEffect(() => {
    if (ref.current.matches(":popover-open")) ref.current.hidePopover();
    if (count > 0) ref.current.showPopover();
  }, [count, shown.value.at(-1)?.id]);
  return html`<div class="toasts" role="status" popover="manual" ref=${ref}>${shown.value.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}</div>`;
}

const told = signal("");

// Tells readers what others see at once: copied, selected, found.
export const announce = (text) => (told.value = text);

export const Announcer = () => html`<div class="unseen" role="status">${told}</div>`;
