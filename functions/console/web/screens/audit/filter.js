// The filters of the audit log. They are part of the query.
import { html } from "../../html.js";
import { ChosenFilter } from "../../parts/chosen-filter.js";
import { DateInput } from "../../parts/date-field.js";
import { FilterMenu } from "../../parts/filter-menu.js";
import { can } from "../../permissions.js";
import { setQuery } from "../../router.js";
import { teams } from "../../teams.js";
import { isDay } from "../../times.js";
import { useEffect, useId, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { auditTexts } from "./values.js";

// A day as YYYY-MM-DD, as the log of a computer says it. What is no day does not filter.
function DayFilter({ name, value, label }) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  const [wrong, setWrong] = useState(false);
  useEffect(() => setTyped(value), [value]);
  const input = (text) => {
    setTyped(text);
    setWrong(false);
    if (text === "" || isDay(text)) setQuery({ [name]: text });
  };
  return html`
    <div class=${`day ${value ? "on" : ""}`}>
      <label for=${id}>${label}</label>
      <${DateInput} id=${id} value=${typed} aria-invalid=${wrong ? "true" : undefined} onInput=${input}
        onBlur=${() => setWrong(typed !== "" && !isDay(typed))} />
    </div>`;
}

export function AuditFilter({ chosen, nameOf, inTeam }) {
  const w = words().audit;
  const { actor, target, action, team, from, to } = chosen;
  const clear = (name) => () => setQuery({ [name]: "" });
  const known = teams()
    .filter(({ team_id }) => can("audit.read", team_id))
    .map(({ team_id, name }) => [team_id, name]);
  return html`
    <div class="filter-bar audit-filter">
      <${FilterMenu} label=${w.action} value=${action} options=${Object.entries(auditTexts().actions)}
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
      ${actor && html`<${ChosenFilter} label=${w.who} name=${nameOf(actor) ?? actor} onClear=${clear("actor")} />`}
      ${target && html`<${ChosenFilter} label=${w.on} name=${nameOf(target) ?? target} onClear=${clear("target")} />`}
    </div>`;
}
