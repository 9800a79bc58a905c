// A question over the page. The browser keeps the focus inside; what opened it gets it back.
import { useId, useLayoutEffect, useRef } from "../vendor/hooks.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";
import { LeaveGuard } from "./leave-guard.js";
import { under } from "./over.js";

// Opens a native dialog for as long as it is drawn.
export function useModal(onClose, mayClose = () => true) {
  const ref = useRef(null);
  // At once, so that no key falls in between.
  useLayoutEffect(() => {
    const back = document.activeElement;
    const dialog = ref.current;
    dialog.showModal();
    const lower = under(dialog);
    return () => {
      lower();
      dialog.close();
      back.focus({ preventScroll: true });
    };
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    if (event.target === ref.current) onClose();
  };
  const onClick = (event) => {
    if (event.target === ref.current && mayClose()) onClose();
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape" && event.target.closest("dialog") === ref.current) {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  };
  return { ref, onCancel, onMouseDown: onClick, onKeyDown };
}

// `title` is the question; `careful` puts the focus on Cancel, and what is destructive is careful; `typed` keeps a click outside from closing.
export function Dialog({
  title,
  text,
  children,
  action,
  icon,
  destructive = false,
  careful = destructive,
  busy = false,
  typed = false,
  cancel,
  foot,
  onClose,
  onSubmit,
}) {
  const id = useId();
  // What has been asked for is on its way: its outcome is said here.
  const close = () => !busy && onClose();
  const modal = useModal(close, () => !typed);
  const w = words().dialog;
  const submit = (event) => {
    event.preventDefault();
    if (!busy) onSubmit?.();
  };
  return html`
    <dialog ...${modal} class="dialog" aria-labelledby=${id}>
      <form onSubmit=${submit} novalidate>
        <div class="dialog-body">
          <h2 id=${id}>${title}</h2>
          ${text && html`<p>${text}</p>`}
          ${children}
        </div>
        <div class="dialog-foot">
          ${foot && html`<div class="grow">${foot}</div>`}
          <${Button} onClick=${close} autofocus=${careful}>${cancel ?? (action ? w.cancel : w.close)}</${Button}>
          ${action && html`<${Button} kind=${destructive ? "danger" : "primary"} type="submit" icon=${icon} busy=${busy}>${action}</${Button}>`}
        </div>
      </form>
      ${!careful && html`<${Button} kind="ghost bare" size="small dialog-close" icon="close" label=${w.close} onClick=${close} />`}
    </dialog>
    ${!careful && html`<${LeaveGuard} changes=${typed && !busy ? 1 : 0} />`}`;
}

export const Caution = ({ children }) => html`<p class="caution"><${Icon} name="alert" /><span>${children}</span></p>`;
