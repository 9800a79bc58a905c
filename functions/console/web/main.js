// The start: words, who is signed in and the files of the screen, all asked for at once; then the page.
import { render } from "./vendor/preact.js";
import { html } from "./html.js";
import { Console, prefetchScreen } from "./console.js";
import { keepFocus } from "./focus.js";
import { load } from "./session.js";
import { settings } from "./settings.js";
import { setLanguage } from "./words.js";
import { host, Overlays } from "./parts/overlay-host.js";

async function start() {
  prefetchScreen(location.pathname);
  const [failed] = await Promise.all([
    load().then(
      () => null,
      (problem) => problem,
    ),
    setLanguage(settings.value.language),
  ]);
  const root = document.getElementById("app");
  root.replaceChildren();
  render(html`<${Console} failed=${failed} />`, root);
  render(html`<${Overlays} />`, host);
  keepFocus();
}

start();
