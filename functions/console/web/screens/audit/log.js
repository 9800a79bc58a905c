// The audit log, newest records first. A record opens to show what it changed.

import { loadApps } from "../../apps.js";
import { html } from "../../html.js";
import { useList } from "../../list.js";
import { Empty } from "../../parts/empty.js";
import { LoadError } from "../../parts/load-error.js";
import { skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { canSomewhere } from "../../permissions.js";
import { place, setQuery } from "../../router.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { AuditFilter } from "./filter.js";
import { useNames } from "./names.js";
import { RecordRows } from "./record.js";
import { nameLookup } from "./values.js";

const keyOf = (record) => record.audit_id;
const NAMES = ["actor", "target", "action", "team", "from", "to"];

// The moment at which a day begins in the person's time zone, or the day `later` days after it.
function startOfDay(day, later = 0) {
  const [year, month, date] = day.split("-").map(Number);
  const moment = new Date(year, month - 1, date + later);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

export function AuditLog({ teamId }) {
  const w = words().audit;
  const chosen = Object.fromEntries(NAMES.map((name) => [name, place.value.query.get(name) ?? ""]));
  const { actor, target, action, team, from, to } = chosen;
  const list = useList(
    "/v1/audit",
    { actor, target, action, team_id: teamId ?? team, from: from && startOfDay(from), to: to && startOfDay(to, 1) },
    keyOf,
  );
  useEffect(() => void (canSomewhere("accounts.read") && loadApps().catch(() => {})), []);
  const nameOf = useNames(list.items, nameLookup(list.items));
  const [opened, setOpened] = useState(new Set());
  const turn = (id) => setOpened(new Set(opened).symmetricDifference(new Set([id])));
  useRowKeys({ items: list.items, open: (at) => turn(keyOf(list.items[at])) });
  const columns = [
    { name: w.when, width: "17%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.who, width: "19%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.what, width: "26%", bone: skeletonBar("w3") },
    { name: w.on, class: "wide-column", bone: skeletonBar("w3") },
    { name: html`<span class="unseen">${words().list.operation}</span>`, width: "72px", class: "operations" },
  ];
  const clear = () => setQuery(Object.fromEntries(NAMES.map((name) => [name, ""])));
  const reversed = from !== "" && to !== "" && from > to;
  const filtered = NAMES.some((name) => chosen[name] !== "");
  const row = (record, at, key) =>
    html`
      <${RecordRows} key=${key} record=${record} nameOf=${nameOf} at=${at} open=${opened.has(key)}
        onTurn=${() => turn(key)} inTeam=${teamId} onNarrow=${setQuery} />`;
  const empty = html`
    <${Empty} text=${reversed ? w.reversed : filtered ? w.noMatch : w.none}>
      ${
        filtered &&
        html`<button type="button" class="button secondary" onClick=${clear}>${words().list.clearFilters}</button>`
      }
    </${Empty}>`;
  return html`
    <${AuditFilter} chosen=${chosen} nameOf=${nameOf} inTeam=${teamId} />
    <div class="audit">
      <${Table} caption=${w.title} columns=${columns} list=${list} keyOf=${keyOf} row=${row} empty=${empty} />
    </div>
    ${
      list.items.length === 0 &&
      list.stage === "ready" &&
      !list.done &&
      html`<p class="audit-note quiet">${w.further}</p>`
    }
    <${LoadError} problem=${list.problem} onAgain=${list.reload} />`;
}
