// Links to the files of a job.
import { get, pathOf } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../parts/icon.js";
import { toastFailure } from "../parts/toast.js";

// A link of the server lives 15 minutes and a page may be open longer, so each press asks for a new one.
async function download({ app_id: app, job_id: id }, at) {
  const { files } = await get(pathOf`/v1/apps/${app}/jobs/${id}`);
  if (!files[at]) return toastFailure({ code: "not_found" });
  const { name, download_url: href } = files[at];
  return Object.assign(document.createElement("a"), { href, download: name }).click();
}

export const downloadFile = (job, at) => download(job, at).catch(toastFailure);

// `kind` is the look of the link: "link", or that of a button.
export function DownloadLink({ job, at, label, kind = "link", linkRef }) {
  const { name, download_url: href } = job.files[at];
  const press = (event) => {
    event.preventDefault();
    downloadFile(job, at);
  };
  return html`
    <a ref=${linkRef} class=${`button ${kind}`} href=${href} download=${name} title=${name} onClick=${press}>
      ${kind !== "link" && html`<${Icon} name="download" />`}
      ${label}
    </a>`;
}
