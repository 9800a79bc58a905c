// A screen whose module comes when it is first needed.
import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { get } from "../api.js";
import { words } from "../words.js";
import { LoadError } from "./load-error.js";

// The files of an open page are gone when a newer version is served: that one is asked for, but not again and again, and not
// where nothing answers.
async function isOutdated() {
  if (performance.getEntriesByType("navigation")[0]?.type === "reload") return false;
  return get("/healthz", { anonymous: true }).then(
    () => true,
    () => false,
  );
}

export function Screen({ name, load, ...parameters }) {
  const [shown, setShown] = useState(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    setFailed(false);
    load().then(
      (module) => wanted && setShown({ name, Component: module.default }),
      async () => ((await isOutdated()) ? location.reload() : setFailed(true)),
    );
    return () => (wanted = false);
  }, [name]);
  if (failed) return html`<${LoadError} problem=${{ code: "offline" }} onAgain=${() => location.reload()} />`;
  if (shown?.name !== name) return html`<div class="wait"><span class="unseen">${words().loading}</span></div>`;
  return html`<${shown.Component} ...${parameters} />`;
}
