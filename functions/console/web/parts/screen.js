// A screen whose module comes when it is first needed.
import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { words } from "../words.js";

export function Screen({ name, load, ...parameters }) {
  const [shown, setShown] = useState(null);
  useEffect(() => {
    let wanted = true;
    load().then(
      (module) => wanted && setShown({ name, Component: module.default }),
      // The files of this page are gone when a newer version is served: that one is asked for.
      () => location.reload(),
    );
    return () => (wanted = false);
  }, [name]);
  if (shown?.name !== name) return html`<div class="wait"><span class="unseen">${words().loading}</span></div>`;
  return html`<${shown.Component} ...${parameters} />`;
}
