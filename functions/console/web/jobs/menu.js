// The menu of the jobs of this visit, in the frame of every page: what runs, and what has just ended.

import { onKey } from "../composition.js";
import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { Icon } from "../parts/icon.js";
import { jobMenu } from "../parts/job-slot.js";
import { usePopover } from "../parts/menu.js";
import { words } from "../words.js";
import { DownloadLink } from "./download.js";
import { followed, forget } from "./followed.js";
import { addressOfJob, appNameOf, errorText, isActive, nameOf, resultText } from "./job.js";
import { JobProgress } from "./progress.js";
import "./style.js";
import { jobWords } from "./words.js";

function Entry({ job, onLeave }) {
  const w = jobWords();
  const name = nameOf(job);
  return html`
    <li>
      <div class="job-line">
        <a class="cut" href=${addressOfJob(job)} onClick=${onLeave}><bdi>${name}</bdi></a>
        ${
          !isActive(job) &&
          html`
            <${Button} kind="ghost bare" size="small" icon="close" label=${w.menu.forget(name)}
              onClick=${() => forget(job)} />`
        }
      </div>
      <p class="quiet">
        ${w.statuses[job.status]}${appNameOf(job) && html` · <bdi>${appNameOf(job)}</bdi>`}
      </p>
      ${
        isActive(job)
          ? html`<${JobProgress} job=${job} label=${name} />`
          : html`<p class="quiet">${errorText(job) ?? resultText(job)}</p>`
      }
      ${job.files.map((_, at) => html`<${DownloadLink} job=${job} at=${at} label=${words().export.download} />`)}
    </li>`;
}

function JobMenu() {
  const popover = usePopover({ side: "start", onOpen: (list) => list.querySelector("a")?.focus() });
  const jobs = followed.value;
  if (jobs.length === 0) return null;
  const w = jobWords().menu;
  const running = jobs.filter(isActive).length;
  const onKeyDown = onKey((event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    popover.close();
  });
  const label = running > 0 ? w.running(running) : w.idle;
  return html`
    <div class="job-menu">
      <button type="button" ...${popover.bindOpener} aria-haspopup="dialog" title=${label}>
        <${Icon} name=${running > 0 ? "refresh" : "check"} />
        <span>${label}</span>
      </button>
      ${
        popover.open &&
        html`
          <div ...${popover.bind} class="popover" role="dialog" aria-label=${w.label} onKeyDown=${onKeyDown}>
            <ul>
              ${jobs.map(
                (job) => html`<${Entry} key=${job.job_id} job=${job} onLeave=${() => popover.close(false)} />`,
              )}
            </ul>
          </div>`
      }
    </div>`;
}

jobMenu.value = JobMenu;
