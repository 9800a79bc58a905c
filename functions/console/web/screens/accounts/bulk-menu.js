// What can be done with all accounts of an application, or with all that match the search and the filter.
import { pathOf } from "../../api.js";
import { html } from "../../html.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { go } from "../../router.js";
import { words } from "../../words.js";

const jobsOf = (app) => pathOf`/apps/${app.app_id}/jobs`;
const toImport = (app) => go(`${jobsOf(app)}/import`);

const exportLabel = (filtered) => (filtered ? jobWords().bulk.exportMatching : jobWords().bulk.exportAll);

function itemsOf({ app, may, act, filtered }) {
  const w = jobWords().bulk;
  const { locked } = app.deletion_lock;
  const blocked = locked && !may.lock;
  const ofMatching = (item) => (filtered ? item : { ...item, note: w.filterFirst, onChoose: undefined });
  return [
    may.write && { icon: "plus", label: w.import, onChoose: () => toImport(app) },
    may.export && { icon: "download", label: exportLabel(filtered), onChoose: act.exportAll },
    may.write && ofMatching({ icon: "edit", label: w.editMatching, onChoose: act.bulkEdit }),
    may.delete &&
      ofMatching({
        icon: locked ? "lock" : "trash",
        label: w.deleteMatching,
        red: !locked && filtered,
        note: blocked && words().lock.locked,
        onChoose: blocked ? undefined : act.bulkDelete,
      }),
    "line",
    { icon: "record", label: jobWords().title, href: jobsOf(app) },
  ].filter(Boolean);
}

const hasJobs = ({ may }) => may.write || may.export || may.delete;

// The actions in the head of the page, where it has room for them.
export const BulkButtons = (bulk) => html`
  ${
    bulk.may.write &&
    html`<${Button} size="wide-only" onClick=${() => toImport(bulk.app)}>${jobWords().bulk.import}</${Button}>`
  }
  ${
    bulk.may.export &&
    html`
      <${Button} size="wide-only" icon="download" onClick=${bulk.act.exportAll}>
        ${exportLabel(bulk.filtered)}
      </${Button}>`
  }
  ${hasJobs(bulk) && html`<${MoreMenu} label=${jobWords().bulk.more} items=${itemsOf(bulk)} />`}`;

// The same on phones, beside the filter.
export const BulkMenu = (bulk) =>
  hasJobs(bulk) && html`<${MoreMenu} label=${jobWords().bulk.more} items=${itemsOf(bulk)} size="narrow-only" />`;
