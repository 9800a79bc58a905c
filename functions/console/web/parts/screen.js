// A screen, whose module is loaded when it is first shown.

import { get } from "../api.js";
import { html } from "../html.js";
import { loadScreen } from "../routes.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { LoadError } from "./load-error.js";

// After a deployment, the modules of an open page no longer exist and a reload is needed. It happens once, and only if
// the server replies.
async function isOutdated() {
  const [load] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (load?.type === "reload") return false;
  return get("/healthz", { anonymous: true }).then(
    () => true,
    () => false,
  );
}

export function Screen({ name, ...parameters }) {
  const [shown, setShown] = useState(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    setFailed(false);
    loadScreen(name).then(
      (Component) => wanted && setShown({ name, Component }),
      async () => ((await isOutdated()) ? location.reload() : setFailed(true)),
    );
    return () => (wanted = false);
  }, [name]);
  if (failed) return html`<${LoadError} problem=${{ code: "offline" }} onAgain=${() => location.reload()} />`;
  if (shown?.name !== name) return html`<div class="wait"><span class="unseen">${words().loading}</span></div>`;
  return html`<${shown.Component} ...${parameters} />`;
}
