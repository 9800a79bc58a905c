// The operations on all selected accounts.
import { limits } from "../../facts.js";
import { html } from "../../html.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { SelectionCheckbox } from "../../parts/selection.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

function ExportButton({ selection, may, act, label }) {
  return (
    may.export &&
    html`<${Button} kind="ghost" icon="download" onClick=${() => act.export(selection.items())}>${label}</${Button}>`
  );
}

const EditButton = ({ selection, may, act }) =>
  may.write &&
  html`
    <${Button} kind="ghost" icon="edit" onClick=${() => act.edit(selection.items())}>
      ${jobWords().editing.count(selection.size)}
    </${Button}>`;

function DeleteButton({ app, selection, may, act, label }) {
  if (!may.delete || !app) return null;
  const { locked } = app.deletion_lock;
  const reason = locked ? words().lock.locked : undefined;
  return html`
    <${Button} kind="ghost" size=${locked ? "blocked" : "red"} icon=${locked ? "lock" : "trash"}
      aria-disabled=${locked && !may.lock ? "true" : undefined} aria-description=${reason}
      onClick=${() => act.delete(selection.items())}>
      ${label}
    </${Button}>`;
}

export function SelectionHead({ app, list, selection, may, act }) {
  const [busy, setBusy] = useState(false);
  const [cut, setCut] = useState(false);
  const w = words().list;
  const { items } = list;
  const here = items.filter(selection.has).length;
  const notShown = selection.notShown(items);
  const everything = async () => {
    setBusy(true);
    const found = await list.loadUpTo(limits.accountsPerExport);
    setBusy(false);
    if (!found) return;
    selection.replaceWith(found.items);
    setCut(!found.all);
  };
  const first = cut && selection.size === limits.accountsPerExport;
  const label = first
    ? w.selectedFirst(limits.accountsPerExport)
    : notShown > 0
      ? w.selectedNotShown(selection.size, notShown)
      : w.selected(selection.size);
  return html`
    <div class="selection">
      <span class="pick">
        <${SelectionCheckbox} label=${w.selectAll} checked=${here === items.length && here > 0}
          mixed=${here < items.length} onTurn=${() => selection.toggleAll(items)} />
      </span>
      <span class="count">${label}</span>
      <${ExportButton} selection=${selection} may=${may} act=${act}
        label=${words().accounts.exportCount(selection.size)} />
      <${EditButton} selection=${selection} may=${may} act=${act} />
      <${DeleteButton} app=${app} selection=${selection} may=${may} act=${act}
        label=${words().accounts.deleteCount(selection.size)} />
      <${Button} kind="ghost" size="apart" busy=${busy} onClick=${everything}>${w.everything}</${Button}>
      <${Button} kind="ghost" onClick=${selection.clear}>${w.clear}<kbd class="key">Esc</kbd></${Button}>
    </div>`;
}

// The same operations on phones, at the bottom of the screen.
export function SelectionBar({ app, selection, may, act }) {
  const w = words();
  return html`
    <div class="docked narrow-only" role="region" aria-label=${w.list.selected(selection.size)}>
      <${Button} kind="ghost bare" icon="close" label=${w.list.clear} onClick=${selection.clear} />
      <span class="count">${w.list.selected(selection.size)}</span>
      <${ExportButton} selection=${selection} may=${may} act=${act} label=${w.accounts.export} />
      <${DeleteButton} app=${app} selection=${selection} may=${may} act=${act} label=${w.accounts.delete} />
    </div>`;
}
