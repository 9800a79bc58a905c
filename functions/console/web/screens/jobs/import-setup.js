// What the file of an import is, what becomes of it, and the start of the import.

import { html } from "../../html.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { Caution } from "../../parts/dialog.js";
import { FormError, SelectField } from "../../parts/field.js";
import { SegmentsField } from "../../parts/segments.js";
import { useState } from "../../vendor/hooks.js";
import { ColumnTable, FirstRows, NotImported } from "./import-columns.js";
import { Counts, Files } from "./outcome.js";

// The encodings that files of accounts have, by their WHATWG names.
const ENCODINGS = [
  "utf-8",
  "utf-16le",
  "utf-16be",
  "gb18030",
  "big5",
  "shift_jis",
  "euc-kr",
  ...Array.from({ length: 9 }, (_, at) => `windows-${1250 + at}`),
];

export function ImportSetup({ job, preview, choices, problem, isTried, onChange, onStart }) {
  const w = jobWords().importing;
  const [busy, setBusy] = useState(null);
  if (!preview)
    return problem ? html`<${FormError}>${problem}</${FormError}>` : html`<p role="status">${w.reading}</p>`;
  const { reading, onExisting } = choices;
  // Another encoding or separator gives other columns.
  const reread = (changes) => onChange({ reading: { ...reading, ...changes, mapping: undefined } });
  const map = (columns) => {
    const mapped = columns.filter(({ field }) => field);
    const mapping = { columns: mapped.map(({ index, field, transform }) => ({ index, field, transform })) };
    onChange({ reading: { ...reading, mapping } }, { ...preview, columns });
  };
  const hasId = preview.columns.some(({ field }) => field === "user_id");
  const start = async (dryRun) => {
    setBusy(dryRun ? "try" : "import");
    await onStart(dryRun);
    setBusy(null);
  };
  const hasTrial = isTried && job.files.length > 0;
  const count = job.counts.created + job.counts.updated;
  return html`
    <${FileForm} preview=${preview} onReread=${reread} />
    <section>
      <h2>${w.columnsTitle}</h2>
      <p class="quiet">${preview.has_header ? w.columnsText : w.noHeader}</p>
      ${!hasId && html`<${Caution}>${w.noId}</${Caution}>`}
      <${ColumnTable} columns=${preview.columns} onMap=${map} />
    </section>
    <${FirstRows} preview=${preview} />
    <${NotImported} preview=${preview} />
    <div class="form">
      <${SegmentsField} label=${w.existing} value=${onExisting} hint=${w.existingHints[onExisting]}
        options=${Object.entries(w.onExisting)} onChoose=${(value) => onChange({ onExisting: value })} />
    </div>
    ${hasTrial && html`<${Trial} job=${job} />`}
    <${FormError}>${problem}</${FormError}>
    <div>
      <p class="quiet">${w.tryText}</p>
      <div class="form-actions">
        <${Button} busy=${busy === "try"} onClick=${() => start(true)}>${w.try}</${Button}>
        <${Button} kind="primary" busy=${busy === "import"} onClick=${() => start(false)}>
          ${hasTrial && count > 0 ? w.actionCount(count) : w.action}
        </${Button}>
      </div>
    </div>`;
}

// A known separator stays in the list though no other file may have it.
const withCurrent = (options, current) =>
  options.some(([option]) => option === current) ? options : [...options, [current, current]];

function FileForm({ preview, onReread }) {
  const w = jobWords().importing;
  const { format, encoding, encoding_certain: isCertain, delimiter } = preview;
  const isGuess = encoding !== null && !isCertain;
  return html`
    <section>
      <h2>${w.fileTitle} <span class="tag plain">${format.toUpperCase()}</span></h2>
      <div class="form">
        ${
          delimiter !== null &&
          html`
            <${SelectField} label=${w.delimiter} wide="half" value=${delimiter}
              options=${Object.entries(w.delimiters)} onInput=${(value) => onReread({ delimiter: value })} />`
        }
        ${
          encoding !== null &&
          html`
            <${SelectField} label=${w.encoding} wide="half" value=${encoding} hint=${isGuess && w.encodingGuess}
              options=${withCurrent(
                ENCODINGS.map((name) => [name, name]),
                encoding,
              )}
              onInput=${(value) => onReread({ encoding: value })} />`
        }
      </div>
    </section>`;
}

function Trial({ job }) {
  const w = jobWords().importing;
  return html`
    <section class="job-result" role="status">
      <h2>${w.tried}</h2>
      <${Counts} job=${job} />
      ${job.counts.failed > 0 && html`<p>${w.reportText}</p><${Files} job=${job} />`}
    </section>`;
}
