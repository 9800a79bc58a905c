// A question over the page, answered by one action or by closing it.

import { html } from "../html.js";
import { useId } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";
import { useModal } from "./modal.js";

// `title` is the question. `careful` puts the focus on Cancel; destructive dialogs are careful. `typed` keeps a click
// on the backdrop from closing the dialog. `onDismiss` answers Escape and such a click where they must not close it.
export function Dialog({
  title,
  text,
  children,
  action,
  destructive = false,
  careful = destructive,
  busy = false,
  typed = false,
  cancel,
  onClose,
  onDismiss = onClose,
  onSubmit,
}) {
  const id = useId();
  // While the request is under way the dialog stays, because it reports the outcome.
  const close = () => !busy && onClose();
  const modal = useModal(
    () => !busy && onDismiss(),
    () => !typed,
  );
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
          <${Button} onClick=${close} autofocus=${careful}>${cancel ?? (action ? w.cancel : w.close)}</${Button}>
          ${
            action &&
            html`<${Button} kind=${destructive ? "danger" : "primary"} type="submit" busy=${busy}>
              ${action}
            </${Button}>`
          }
        </div>
      </form>
      ${
        !careful &&
        html`<${Button} kind="ghost bare" size="small dialog-close" icon="close" label=${w.close} onClick=${close} />`
      }
    </dialog>`;
}

export const Caution = ({ children }) => html`<p class="caution"><${Icon} name="alert" /><span>${children}</span></p>`;
