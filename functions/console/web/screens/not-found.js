// A path that does not exist, or that the person may not see.
import { html } from "../html.js";
import { Empty } from "../parts/empty.js";
import { Page } from "../parts/page.js";
import { words } from "../words.js";

export default function NotFound() {
  const w = words().notFound;
  return html`
    <${Page} title=${w.title}>
      <${Empty} text=${w.text}><a class="button secondary" href="/">${w.home}</a></${Empty}>
    </${Page}>`;
}
