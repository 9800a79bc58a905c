// The jobs of an application, newest first.

import { pathOf } from "../../api.js";
import { html } from "../../html.js";
import { follow, latest } from "../../jobs/followed.js";
import { addressOfJob, isActive, nameOf, resultText } from "../../jobs/job.js";
import { jobWords } from "../../jobs/words.js";
import { keys } from "../../keyboard.js";
import { useList } from "../../list.js";
import { Empty } from "../../parts/empty.js";
import { FilterMenu } from "../../parts/filter-menu.js";
import { LoadError } from "../../parts/load-error.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { Page } from "../../parts/page.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../../parts/table.js";
import { Time } from "../../parts/time.js";
import { can } from "../../permissions.js";
import { go, place, setQuery } from "../../router.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { operationsOn, useOperations } from "./operations.js";
import { StatusTag } from "./outcome.js";

const keyOf = (job) => job.job_id;
const FILTERS = ["kind", "status"];

export function JobList({ app, appId, parent }) {
  const w = jobWords();
  const [kind, status] = FILTERS.map((name) => place.value.query.get(name) ?? "");
  const list = useList(pathOf`/v1/apps/${appId}/jobs`, { kind, status }, keyOf);
  const [problem, setProblem] = useState(null);
  const operations = useOperations((job) => (job ? list.replace(job) : list.reload()));
  // What somebody else began is followed too, to show how far it is.
  useEffect(() => list.items.filter(isActive).forEach(follow), [list.items]);
  const open = (job) => go(addressOfJob(job));
  useRowKeys({ items: list.items, open: (at) => open(list.items[at]) });
  const toImport = () => go(pathOf`/apps/${appId}/jobs/import`);
  const mayImport = app && can("accounts.write", app.team_id);
  useEffect(() => keys({ c: () => mayImport && toImport() }), [mayImport]);
  const columns = [
    { class: "id-column", name: w.job, width: "30%", bone: skeletonBar("w3") },
    { class: "wide-column", name: w.status, width: "15%", bone: skeletonBar("w1") },
    { class: "wide-column", name: w.result, bone: skeletonBar("w2") },
    { class: "wide-column", name: w.who, width: "14%", bone: skeletonBar("w1") },
    { class: "wide-column", name: w.when, width: "15%", bone: skeletonBar("w2") },
    { class: "operations", name: html`<span class="unseen">${words().list.operation}</span>`, width: "72px" },
  ];
  const filtered = kind !== "" || status !== "";
  const empty = html`
    <${Empty} text=${filtered ? w.noMatch : w.none}>
      ${
        filtered &&
        html`
          <button type="button" class="button secondary" onClick=${() => setQuery({ kind: "", status: "" })}>
            ${words().list.clearFilters}
          </button>`
      }
    </${Empty}>`;
  const row = (listed, at, key) => {
    const job = latest(listed);
    const items = operationsOn(job, operations.ask);
    return html`<${Row} key=${key} job=${job} at=${at} operations=${items} onOpen=${open} />`;
  };
  const primary = mayImport && {
    label: w.importing.title,
    short: w.bulk.import,
    act: toImport,
  };
  const again = () => {
    setProblem(null);
    list.reload();
  };
  return html`
    <${Page} title=${w.title} thing=${app?.name} parent=${parent} primary=${primary}>
      <div class="filter-bar">
        ${FILTERS.map(
          (name) =>
            html`
              <${FilterMenu} label=${w[name]} value=${name === "kind" ? kind : status}
                options=${Object.entries(name === "kind" ? w.kinds : w.statuses)}
                onChoose=${(value) => setQuery({ [name]: value })} />`,
        )}
      </div>
      <${Table} caption=${w.caption(app?.name ?? "")} columns=${columns} list=${list} keyOf=${keyOf} row=${row}
        empty=${empty} />
      ${operations.dialog}
      <${LoadError} problem=${problem ?? list.problem} onAgain=${again} />
    </${Page}>`;
}

function Row({ job, at, operations, onOpen }) {
  const name = nameOf(job);
  const result = resultText(job);
  return html`
    <tr class="row" data-at=${at} aria-rowindex=${at + 2} onClick=${opensRow(() => onOpen(job))}>
      <th scope="row">
        <div class="who">
          <div class="lines">
            <a class="strong cut" href=${addressOfJob(job)} title=${name}><bdi>${name}</bdi></a>
            <span class="quiet under cut narrow-only">
              <bdi>${jobWords().statuses[job.status]}</bdi>
              <span>· <${Time} at=${job.created_at} /></span>
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column"><${StatusTag} job=${job} /></td>
      <td class="wide-column" title=${result}><bdi>${result || "—"}</bdi></td>
      <td class="wide-column" title=${job.created_by.username}><bdi>${job.created_by.username}</bdi></td>
      <td class="wide-column"><${Time} at=${job.created_at} /></td>
      <td class="operations"><div><${MoreMenu} label=${jobWords().more(name)} items=${operations} /></div></td>
    </tr>`;
}
