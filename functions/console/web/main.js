// The start: words, who is signed in and the files of the screen, all asked for at once; then the page.
import { render } from "./vendor/preact.js";
import { html } from "./html.js";
import { Console, fetchScreen } from "./console.js";
import { keepFocus } from "./focus.js";
import { load } from "./session.js";
import { settings } from "./settings.js";
import { speak } from "./words.js";
import { over, Over } from "./parts/over.js";

async function start() {
  fetchScreen(location.pathname);
  const [failed] = await Promise.all([
    load().then(
      () => null,
      (problem) => problem,
    ),
    speak(settings.value.language),
  ]);
  const root = document.getElementById("app");
  root.replaceChildren();
  render(html`<${Console} failed=${failed} />`, root);
  render(html`<${Over} />`, over);
  keepFocus();
}

start();
