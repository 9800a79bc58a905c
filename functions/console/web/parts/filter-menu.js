// A filter of a list: a button that shows the current choice and opens the others.
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";
import { Menu } from "./menu.js";

// `options`: [value, name]. An empty value means all.
export function FilterMenu({ label, value, options, onChoose, size = "" }) {
  const w = words().list;
  const all = [["", w.allChoices], ...options];
  const chosen = all.find(([option]) => option === value) ?? [value, value];
  const items = all.map(([option, name]) => ({
    label: name,
    checked: option === value ? "true" : "false",
    end: option === value && html`<${Icon} name="check" />`,
    onChoose: () => onChoose(option),
  }));
  const trigger = ({ ref, ...own }) => html`
    <button type="button" ...${own} ref=${ref} class=${`filter-button ${size} ${value ? "on" : ""}`}>
      <span>${label}</span>
      <b class="cut">${chosen[1]}</b>
      <${Icon} name="down" />
    </button>`;
  return html`
    <span class="filter">
      <${Menu} label=${label} items=${items} trigger=${trigger} side="start" />
      ${
        value &&
        html`
          <${Button} kind="ghost bare" size="small" icon="close" label=${w.clearFilter(label)}
            onClick=${() => onChoose("")} />`
      }
    </span>`;
}
