// Picks one of many by name: recent ones first, then all, by group.

import { onKey } from "../composition.js";
import { html } from "../html.js";
import { useEffect, useId, useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icon.js";
import { usePopover } from "./menu.js";

// `groups`: [{ name, options: [{ id, name, note }] }].
export function Picker({ label, current, groups, onChoose, onOpen }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const input = useRef(null);
  const popover = usePopover({ side: "start", onOpen: () => input.current.focus() });
  const w = words().picker;
  useEffect(() => {
    if (!popover.open) return;
    setTyped("");
    setAt(0);
    onOpen?.();
  }, [popover.open]);
  useEffect(() => document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" }), [at]);
  const fits = ({ name, note }) => `${name} ${note ?? ""}`.toLowerCase().includes(typed.toLowerCase());
  const shown = groups
    .map(({ name, options }) => ({ name, options: options.filter(fits) }))
    .filter(({ options }) => options.length > 0);
  const flat = shown.flatMap(({ options }) => options);
  const search = (event) => {
    setTyped(event.currentTarget.value);
    setAt(0);
  };
  const choose = (option) => {
    popover.close();
    if (option.id !== current?.id) onChoose(option);
  };
  const onKeyDown = onKey((event) => {
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: flat.length - 1 };
    if (event.key in moves) setAt((moves[event.key] + flat.length) % Math.max(1, flat.length));
    else if (event.key === "Enter" && flat[at]) choose(flat[at]);
    else if (event.key === "Escape") popover.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  let index = -1;
  const row = (option) => {
    index += 1;
    const own = index;
    return html`
      <div role="option" id=${`${id}-${own}`} class=${own === at ? "active" : ""}
        aria-selected=${option.id === current?.id ? "true" : "false"} onClick=${() => choose(option)}
        onMouseMove=${() => setAt(own)}>
        <${Avatar} id=${option.id} name=${option.name} shape="square" />
        <bdi class="cut strong">${option.name}</bdi>
        ${option.note && html`<span class="quiet cut">${option.note}</span>`}
      </div>`;
  };
  return html`
    <button type="button" class="picker" ...${popover.bindOpener} aria-haspopup="listbox">
      <span class="unseen">${label}</span>
      ${
        current &&
        html`
          <${Avatar} id=${current.id} name=${current.name} shape="square" />
          <bdi class="name cut">${current.name}</bdi>
          ${current.note && html`<span class="quiet cut">${current.note}</span>`}`
      }
      <${Icon} name="down" />
    </button>
    ${
      popover.open &&
      html`
        <div ...${popover.bind} class="popover" onKeyDown=${onKeyDown}>
          <div class="search boxed">
            <${Icon} name="search" />
            <input ref=${input} role="combobox" aria-expanded="true" aria-controls=${`${id}-list`}
              aria-activedescendant=${flat[at] ? `${id}-${at}` : undefined} aria-label=${w.search}
              placeholder=${w.search} value=${typed}
              spellcheck=${false} onInput=${search} />
          </div>
          <div role="listbox" id=${`${id}-list`} aria-label=${label}>
            ${shown.map(
              ({ name, options }) =>
                html`
                  <div role="group" aria-label=${name}>
                    <div class="popover-group" aria-hidden="true">${name}</div>
                    ${options.map(row)}
                  </div>`,
            )}
          </div>
          ${flat.length === 0 && html`<p class="popover-none">${w.none}</p>`}
        </div>`
    }`;
}
