// Someone else saved the same field: both values, and the choice between them.
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";

// `names` are the fields that both changed, `mine` and `theirs` their values by name, `labels` their labels. `said`
// returns the text for a value, if it has one.
export function Conflict({ names, mine, theirs, labels, said, onSettle }) {
  const w = words().conflict;
  const shown = (name, value) => html`<dd><bdi>${said(name, value) ?? (value || "—")}</bdi></dd>`;
  if (names.length === 0) return html`<p class="conflict" role="alert">${w.merged}</p>`;
  return html`
    <div class="conflict" role="alert">
      <b>${w.title}</b>
      ${names.map(
        (name) =>
          html`
            <dl>
              <dt></dt><dd>${w.mine}</dd><dd>${w.theirs}</dd><dt>${labels[name]}</dt>${shown(name, mine[name])}
              ${shown(name, theirs[name])}
            </dl>
            <div class="form-actions">
              <${Button} size="small" onClick=${() => onSettle(name, false)}>${w.keep}</${Button}>
              <${Button} size="small" onClick=${() => onSettle(name, true)}>${w.take}</${Button}>
            </div>`,
      )}
    </div>`;
}
