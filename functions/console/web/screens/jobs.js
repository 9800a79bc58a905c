// The jobs of an application: the list, one of them, or a new import.

import { pathOf } from "../api.js";
import { apps, loadApp, rememberVisit } from "../apps.js";
import { html } from "../html.js";
import "../jobs/style.js";
import { jobWords } from "../jobs/words.js";
import { Empty } from "../parts/empty.js";
import { LoadError } from "../parts/load-error.js";
import { Page } from "../parts/page.js";
import { can } from "../permissions.js";
import { loadTeams } from "../teams.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { NewImport } from "./jobs/import-file.js";
import { OneJob } from "./jobs/job.js";
import { JobList } from "./jobs/list.js";

// The key makes another application or job start with fresh state.
export default (parameters) => html`<${Jobs} key=${`${parameters.app} ${parameters.job}`} ...${parameters} />`;

function Jobs({ app: appId, job: jobId }) {
  const w = jobWords();
  const app = apps.value?.find(({ app_id }) => app_id === appId);
  const [problem, setProblem] = useState(null);
  const load = () => {
    setProblem(null);
    loadTeams();
    loadApp(appId).then(() => rememberVisit(appId), setProblem);
  };
  useEffect(load, []);
  if (problem?.status === 404) {
    return html`
      <${Page} title=${w.title}>
        <${Empty} text=${words().accounts.gone}>
          <a class="button secondary" href="/apps">${words().entries.apps}</a>
        </${Empty}>
      </${Page}>`;
  }
  const jobs = pathOf`/apps/${appId}/jobs`;
  const accounts = { href: pathOf`/apps/${appId}/accounts`, label: app?.name ?? words().entries.accounts };
  const mayImport = app && can("accounts.write", app.team_id);
  if (jobId === undefined) return html`<${JobList} app=${app} appId=${appId} parent=${accounts} />`;
  if (jobId === "import") {
    return html`
      <${Page} title=${w.importing.title} thing=${app?.name} parent=${accounts}>
        ${mayImport && html`<${NewImport} app=${app} />`}
        <${LoadError} problem=${problem} onAgain=${load} />
      </${Page}>`;
  }
  return html`<${OneJob} app=${app} path=${pathOf`/v1/apps/${appId}/jobs/${jobId}`} jobs=${jobs} />`;
}
