// The list of keyboard shortcuts. Single keys can be switched off here.
import { html } from "../html.js";
import { changeSettings, settings } from "../settings.js";
import { words } from "../words.js";
import { Dialog } from "./dialog.js";

/** @type {[string[], string][]} */
const KEYS = [
  [["/"], "search"],
  [["↑", "↓", "j", "k"], "move"],
  [["Space", "x"], "select"],
  [["Shift", "↓"], "extend"],
  [["Enter", "e"], "edit"],
  [[".", "Shift", "F10"], "menu"],
  [["Esc"], "close"],
  [["Ctrl", "Enter"], "save"],
  [["Ctrl", "z"], "undo"],
  [["g", "a"], "accounts"],
  [["g", "p"], "apps"],
  [["g", "t"], "teams"],
  [["g", "u"], "users"],
  [["g", "l"], "audit"],
  [["c"], "create"],
  [["?"], "list"],
];

export function Shortcuts({ onClose }) {
  const w = words().shortcuts;
  return html`
    <${Dialog} title=${w.title} onClose=${onClose}>
      <dl class="shortcuts">
        ${KEYS.map(([keys, name]) => html`<dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${w[name]}</dd>`)}
      </dl>
      <label class="checked-line">
        <input class="check" type="checkbox" checked=${settings.value.keys}
          onChange=${(event) => changeSettings({ keys: event.currentTarget.checked })} />
        ${w.single}
      </label>
    </${Dialog}>`;
}
