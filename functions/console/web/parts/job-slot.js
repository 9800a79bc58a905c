// The place in the frame of a page for the jobs of this visit. Their modules are loaded with the first job, or after a
// reload of the page.
import { html } from "../html.js";
import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";

// The jobs that the tab follows, so that a reload of the page does not lose them.
export const STORAGE_KEY = "rollcall.jobs";

// The component that shows them.
export const jobMenu = signal(null);

export function JobSlot() {
  useEffect(() => {
    if (jobMenu.value === null && sessionStorage.getItem(STORAGE_KEY))
      import("../jobs/followed.js").then(({ resume }) => void resume()).catch(() => {});
  }, []);
  return jobMenu.value && html`<${jobMenu.value} />`;
}
