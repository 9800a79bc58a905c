// The filters of the audit log. They are part of the query.
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { FilterMenu } from "../../parts/filter-menu.js";
import { can } from "../../permissions.js";
import { setQuery } from "../../router.js";
import { teams } from "../../teams.js";
import { words } from "../../words.js";

// A filter for a person or a thing that was chosen from a record.
function ChosenFilter({ label, name, onClear }) {
  return html`
    <span class="filter">
      <span class="filter-button on fixed"><span>${label}</span><b class="cut"><bdi>${name}</bdi></b></span>
      <${Button} kind="ghost bare" size="small" icon="close" label=${words().list.clearFilter(label)}
        onClick=${onClear} />
    </span>`;
}

const DayFilter = ({ name, value, label }) => html`
  <label class=${`day ${value ? "on" : ""}`}>
    <span>${label}</span>
    <input type="date" value=${value} onChange=${(event) => setQuery({ [name]: event.currentTarget.value })} />
  </label>`;

export function AuditFilter({ chosen, records, inTeam }) {
  const w = words().audit;
  const { actor, target, action, team, from, to } = chosen;
  const clear = (name) => () => setQuery({ [name]: "" });
  const actorName = records.find((record) => record.actor?.user_id === actor)?.actor.login ?? actor;
  const known = teams()
    .filter(({ team_id }) => can("audit.read", team_id))
    .map(({ team_id, name }) => [team_id, name]);
  return html`
    <div class="filter-bar audit-filter">
      <${FilterMenu} label=${w.action} value=${action} options=${Object.entries(w.actions)}
        onChoose=${(value) => setQuery({ action: value })} />
      ${
        !inTeam &&
        known.length > 1 &&
        html`
          <${FilterMenu} label=${w.team} value=${team} options=${known}
            onChoose=${(value) => setQuery({ team: value })} />`
      }
      <${DayFilter} name="from" value=${from} label=${w.from} />
      <${DayFilter} name="to" value=${to} label=${w.to} />
      ${actor && html`<${ChosenFilter} label=${w.who} name=${actorName} onClear=${clear("actor")} />`}
      ${target && html`<${ChosenFilter} label=${w.on} name=${target} onClear=${clear("target")} />`}
    </div>`;
}
