// A filter for a person or a thing that was chosen from a row.
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";

export function ChosenFilter({ label, name, onClear }) {
  return html`
    <span class="filter">
      <span class="filter-button on fixed"><span>${label}</span><b class="cut"><bdi>${name}</bdi></b></span>
      <${Button} kind="ghost bare" size="small" icon="close" label=${words().list.clearFilter(label)}
        onClick=${onClear} />
    </span>`;
}
