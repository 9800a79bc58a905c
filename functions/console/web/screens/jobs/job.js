// One job: how far it is, what became of it, and for an import the steps before it.

import { get } from "../../api.js";
import { reportGone, useReload } from "../../freshness.js";
import { html } from "../../html.js";
import { follow, latest, useInView } from "../../jobs/followed.js";
import { isActive, isOver, nameOf } from "../../jobs/job.js";
import { JobProgress } from "../../jobs/progress.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { Empty } from "../../parts/empty.js";
import { LoadError } from "../../parts/load-error.js";
import { Page } from "../../parts/page.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { Import } from "./import.js";
import { endOf, useOperations } from "./operations.js";
import { Counts, Facts, Files, JobError } from "./outcome.js";
import { StartMatched } from "./start-matched.js";

export function OneJob({ app, path, jobs }) {
  const w = jobWords();
  const [loaded, setLoaded] = useState(null);
  const [problem, setProblem] = useState(null);
  const job = loaded && latest(loaded);
  const take = (now) => {
    setLoaded(now);
    if (isActive(now) || latest(now) !== now) follow(now);
  };
  const load = (report = setProblem) => get(path).then(take, report);
  const begin = () => {
    setProblem(null);
    load();
  };
  useEffect(begin, []);
  useReload(() => load(reportGone(setProblem)));
  useInView(job?.job_id);
  const operations = useOperations((now) => (now ? take(now) : begin()));
  const parent = { href: jobs, label: w.title };
  if (problem?.status === 404) {
    return html`
      <${Page} title=${w.job} parent=${parent}>
        <${Empty} text=${w.gone}><a class="button secondary" href=${jobs}>${w.all}</a></${Empty}>
      </${Page}>`;
  }
  const name = job ? nameOf(job) : w.job;
  const end = job && endOf(job);
  return html`
    <${Page} title=${name} thing=${app?.name} parent=${parent}>
      ${
        job &&
        html`
          <div class="page-body job">
            ${
              job.kind === "import"
                ? html`<${Import} app=${app} job=${job} onChanged=${take} />`
                : html`<${Work} app=${app} job=${job} onChanged=${take} />`
            }
            <div class="form-actions">
              <a class="button secondary" href=${jobs}>${w.all}</a>
              ${end && html`<${Button} onClick=${() => operations.ask(job)}>${end.action}</${Button}>`}
            </div>
          </div>`
      }
      ${operations.dialog}
      <${LoadError} problem=${problem} onAgain=${begin} />
    </${Page}>`;
}

function Work({ app, job, onChanged }) {
  return html`
    <${Facts} job=${job} />
    ${isActive(job) && html`<${JobProgress} job=${job} label=${nameOf(job)} />`}
    ${job.status === "awaiting_start" && html`<${StartMatched} app=${app} job=${job} onChanged=${onChanged} />`}
    ${
      isOver(job) &&
      html`
        <section class="job-result">
          <${JobError} job=${job} />
          ${job.kind !== "export" && html`<${Counts} job=${job} />`}
          <${Files} job=${job} />
        </section>`
    }`;
}
