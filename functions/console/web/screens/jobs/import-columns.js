// The columns of a file with the fields they are imported into, and its first rows as they would be imported.

import { html } from "../../html.js";
import { jobWords } from "../../jobs/words.js";
import { Icon } from "../../parts/icon.js";
import { words } from "../../words.js";

const SAMPLES = 3;

// The fields that a column can be imported into, with their names.
const fieldNames = () => ({ ...words().accounts.fields, type: words().accounts.type });

const nameOfColumn = ({ name, index }) => name || jobWords().importing.column_at(index + 1);

const Choice = ({ label, value, options, onChoose }) => html`
  <div class="select">
    <select class="input" aria-label=${label} value=${value} onChange=${(event) => onChoose(event.currentTarget.value)}>
      ${options.map(([option, name]) => html`<option value=${option} selected=${option === value}>${name}</option>`)}
    </select>
    <${Icon} name="down" />
  </div>`;

// `onMap` gets the columns with the fields and transforms that somebody has chosen.
export function ColumnTable({ columns, onMap }) {
  const w = jobWords().importing;
  const change = (index, changes) => {
    const changed = columns.map((column) => {
      if (column.index === index) return { ...column, ...changes };
      // A field has the values of one column.
      return changes.field && column.field === changes.field ? { ...column, field: null } : column;
    });
    onMap(changed);
  };
  const fields = [["", w.noField], ...Object.entries(fieldNames())];
  const transforms = [["", w.noTransform], ...Object.entries(w.transforms)];
  const row = (column) => {
    const { index, field, transform, samples } = column;
    const name = nameOfColumn(column);
    return html`
      <tr key=${index}>
        <th scope="row" title=${name}><bdi>${name}</bdi></th>
        <td class="samples" title=${samples.join(", ")}>
          <bdi class="quiet">${samples.slice(0, SAMPLES).join(" · ") || "—"}</bdi>
        </td>
        <td>
          <${Choice} label=${w.fieldOf(name)} value=${field ?? ""} options=${fields}
            onChoose=${(value) => change(index, { field: value || null, transform: undefined })} />
        </td>
        <td>
          ${
            (field === "user_id" || transform) &&
            html`
              <${Choice} label=${w.transformOf(name)} value=${transform ?? ""} options=${transforms}
                onChoose=${(value) => change(index, { transform: value || undefined })} />`
          }
        </td>
      </tr>`;
  };
  return html`
    <div class="framed columns">
      <table>
        <caption class="unseen">${w.columnsTitle}</caption>
        <thead>
          <tr>
            <th scope="col">${w.column}</th><th scope="col" class="samples">${w.samples}</th>
            <th scope="col">${w.field}</th><th scope="col">${w.transform}</th>
          </tr>
        </thead>
        <tbody>${columns.map(row)}</tbody>
      </table>
    </div>`;
}

// Why a row would fail, as the fields of a form say it. `field` is that of the column in the file.
function faultText({ code, detail }, field) {
  const { violations } = words();
  const text = violations[field]?.[code] ?? violations.any[code];
  return typeof text === "string" ? text : detail;
}

const valueText = (field, value) =>
  (field === "type" ? words().accounts.types[value] : words().accounts.choices[field]?.[value]) ?? value ?? "—";

export function FirstRows({ preview: { columns, rows } }) {
  const w = jobWords().importing;
  if (rows.length === 0) return null;
  const names = fieldNames();
  const fields = [...new Set(columns.map(({ field }) => field).filter((field) => names[field]))];
  const fieldOf = (name) => columns.find((column) => column.name === name)?.field;
  const row = (values, at) => html`
    <tr key=${at}>
      ${fields.map((field) => html`<td><bdi>${valueText(field, values[field])}</bdi></td>`)}
    </tr>
    ${
      values.error &&
      html`
        <tr key=${`${at} error`}>
          <td colspan=${fields.length}>
            <p class="field-error">
              <${Icon} name="alert" />
              <span><bdi>${values.error.column}</bdi>: ${faultText(values.error, fieldOf(values.error.column))}</span>
            </p>
          </td>
        </tr>`
    }`;
  return html`
    <section>
      <h2>${w.rowsTitle}</h2>
      <p class="quiet">${w.rowsText}</p>
      <div class="framed first-rows" tabindex="0" role="region" aria-label=${w.rowsTitle}>
        <table>
          <caption class="unseen">${w.rowsTitle}</caption>
          <thead><tr>${fields.map((field) => html`<th scope="col">${names[field]}</th>`)}</tr></thead>
          <tbody>${rows.map(row)}</tbody>
        </table>
      </div>
    </section>`;
}

export function NotImported({ preview: { columns, not_imported: left } }) {
  const w = jobWords().importing;
  // A column that was given a field is imported after all.
  const isImported = (name) => columns.some((column) => column.name === name && column.field);
  const shown = left.filter(({ name }) => !isImported(name));
  if (shown.length === 0) return null;
  return html`
    <section>
      <h2>${w.notImportedTitle}</h2>
      <dl>
        ${shown.map(({ name, reason }) => html`<dt><bdi>${name}</bdi></dt><dd>${w.reasons[reason] ?? reason}</dd>`)}
      </dl>
    </section>`;
}
