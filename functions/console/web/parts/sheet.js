// A panel beside the list that shows one item.
import { onKey } from "../composition.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { useModal } from "./modal.js";

export function Sheet({ avatar, title, tag, caption, menu, children, foot, busy = false, onClose, onSubmit }) {
  const close = () => !busy && onClose();
  const modal = useModal(close);
  const submit = (event) => {
    event.preventDefault();
    if (!busy) onSubmit?.();
  };
  const onKeyDown = onKey((event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
    else modal.onKeyDown(event);
  });
  return html`
    <dialog ...${modal} onKeyDown=${onKeyDown} class="sheet" aria-labelledby="sheet-title">
      <form onSubmit=${submit} novalidate>
        <div class="sheet-head">
          ${avatar}
          <div class="sheet-title">
            <h2 id="sheet-title"><bdi class="cut id">${title}</bdi>${tag}</h2>
            <p>${caption}</p>
          </div>
          ${menu}
          <${Button} kind="ghost bare" icon="close" label=${words().dialog.close} onClick=${close} />
        </div>
        <div class="sheet-body" tabindex="-1" autofocus>${children}</div>
        ${foot && html`<div class="sheet-foot">${foot}</div>`}
      </form>
    </dialog>`;
}
