// The start: words, then who is signed in, then the page.
import { render } from "./vendor/preact.js";
import { html } from "./html.js";
import { Console } from "./console.js";
import { load } from "./session.js";
import { settings } from "./settings.js";
import { speak } from "./words.js";
import { over, Over } from "./parts/over.js";

async function start() {
  await speak(settings.value.language);
  const failed = await load().then(() => null, (problem) => problem);
  const root = document.getElementById("app");
  root.replaceChildren();
  render(html`<${Console} failed=${failed} />`, root);
  render(html`<${Over} />`, over);
}

start();
