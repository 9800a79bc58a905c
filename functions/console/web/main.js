// Starts the console: requests the texts, the session and the modules of the screen together, then renders.

import { Console, prefetchScreen } from "./console.js";
import { keepFocus } from "./focus.js";
import { html } from "./html.js";
import { host, Overlays } from "./parts/overlay-host.js";
import { load } from "./session.js";
import { settings } from "./settings.js";
import { render } from "./vendor/preact.js";
import { setLanguage } from "./words.js";

async function start() {
  prefetchScreen(location.pathname);
  const [failed] = await Promise.all([
    load().then(
      () => null,
      (problem) => problem,
    ),
    setLanguage(settings.value.language),
  ]);
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  root.replaceChildren();
  render(html`<${Console} failed=${failed} />`, root);
  render(html`<${Overlays} />`, host);
  keepFocus();
}

start();
