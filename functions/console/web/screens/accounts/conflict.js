// Somebody else saved meanwhile: both values, and which one stays.
import { html } from "../../html.js";
import { words } from "../../words.js";
import { Button } from "../../parts/button.js";
import { typedOf } from "./profile.js";

export function Conflict({ theirs, mine, onSettle }) {
  const w = words().conflict;
  if (theirs.names.length === 0) return html`<p class="conflict" role="alert">${w.merged}</p>`;
  const other = typedOf(theirs.account);
  return html`
    <div class="conflict" role="alert"><b>${w.title}</b>
      ${theirs.names.map((name) => html`
        <dl><dt></dt><dd>${w.mine}</dd><dd>${w.theirs}</dd><dt>${words().accounts.fields[name]}</dt><dd><bdi>${mine[name] || "—"}</bdi></dd><dd><bdi>${other[name] || "—"}</bdi></dd></dl>
        <div class="form-actions"><${Button} size="small" onClick=${() => onSettle(name, false)}>${w.keep}</${Button}>
          <${Button} size="small" onClick=${() => onSettle(name, true)}>${w.take}</${Button}></div>`)}
    </div>`;
}
