// A question over the page. The browser keeps the focus inside and gives it back.
import { useEffect, useRef } from "../vendor/hooks.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

// Opens a native dialog for as long as it is drawn.
export function useModal(onClose, mayClose = () => true) {
  const ref = useRef(null);
  const before = useRef(null);
  useEffect(() => {
    before.current = document.activeElement;
    ref.current.showModal();
    const dialog = ref.current;
    return () => {
      dialog.close();
      const back = before.current;
      // The row that opened it may be gone with what it asked about.
      const target = back?.isConnected && back !== document.body ? back : document.querySelector("tr.row a, .content");
      target?.focus({ preventScroll: true });
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
export function Dialog({ title, text, children, action, icon, destructive = false, careful = destructive, busy = false, typed = false, cancel, foot, onClose, onSubmit }) {
  const modal = useModal(onClose, () => !typed && !busy);
  const w = words().dialog;
  const submit = (event) => {
    event.preventDefault();
    if (!busy) onSubmit?.();
  };
  return html`
    <dialog ...${modal} class="dialog" aria-labelledby="dialog-title">
      <form onSubmit=${submit} novalidate>
        <div class="dialog-body">
          <h2 id="dialog-title">${title}</h2>
          ${text && html`<p>${text}</p>`}
          ${children}
        </div>
        <div class="dialog-foot">
          ${foot && html`<div class="grow">${foot}</div>`}
          <${Button} onClick=${onClose} autofocus=${careful}>${cancel ?? (action ? w.cancel : w.close)}</${Button}>
          ${action && html`<${Button} kind=${destructive ? "danger" : "primary"} type="submit" icon=${icon} busy=${busy}>${action}</${Button}>`}
        </div>
      </form>
      ${!careful && html`<${Button} kind="ghost bare" size="small dialog-close" icon="close" label=${w.close} onClick=${onClose} />`}
    </dialog>`;
}

export const Caution = ({ children }) => html`<p class="caution"><${Icon} name="alert" /><span>${children}</span></p>`;
