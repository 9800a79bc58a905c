// The filters of the account list, and the number of admins.
import { limits } from "../../facts.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { Icon } from "../../parts/icon.js";
import { Menu } from "../../parts/menu.js";
import { Search } from "../../parts/search.js";
import { Segments } from "../../parts/segments.js";
import { Tally } from "../../parts/tally.js";
import { setQuery } from "../../router.js";
import { words } from "../../words.js";

// `more` is the menu of what is done with all that match.
export function AccountFilter({ app, type, q, mayLock, onLift, onRestore, more }) {
  const w = words().accounts;
  const types = [
    ["", w.all],
    ["general", w.types.general],
    ["admin", w.types.admin],
  ];
  const count = app?.admin_count ?? 0;
  const choose = (value) => setQuery({ type: value });
  const locked = app?.deletion_lock.locked;
  const trigger = ({ ref, ...own }) => html`
    <button type="button" ...${own} ref=${ref} class=${`filter-button narrow-only ${type ? "on" : ""}`}>
      <span class="unseen">${w.type}</span>
      <b>${types.find(([value]) => value === type)?.[1] ?? type}</b>
      <${Icon} name="down" />
    </button>`;
  return html`
    <div class="filter-bar">
      <${Search} label=${w.search} value=${q} onSearch=${(text) => setQuery({ q: text })} />
      <div class="wide-column"><${Segments} label=${w.type} value=${type} options=${types} onChoose=${choose} /></div>
      <${Menu} label=${w.type} trigger=${trigger}
        items=${types.map(([value, label]) => ({
          label,
          checked: value === type ? "true" : "false",
          end: value === type && html`<${Icon} name="check" />`,
          onChoose: () => choose(value),
        }))} />
      ${more}
      ${
        app &&
        html`
          <div class="count">
            <span>${w.admins(count, limits.adminsPerApp)}</span>
            <${Tally} count=${count} of=${limits.adminsPerApp} tone=${count >= limits.adminsPerApp ? "amber" : ""} />
            <span class=${`apart narrow-only ${locked ? "" : "lifted"}`}>
              <${Icon} name=${locked ? "lock" : "unlock"} />
              ${
                mayLock
                  ? html`
                    <${Button} kind="link" onClick=${locked ? onLift : onRestore}>
                      ${locked ? words().lock.short : words().lock.restore}
                    </${Button}>`
                  : locked
                    ? words().lock.short
                    : words().lock.shortLifted
              }
            </span>
          </div>`
      }
    </div>`;
}
