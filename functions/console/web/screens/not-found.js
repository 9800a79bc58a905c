// An address that is no place here, or not for this person.
import { html } from "../html.js";
import { words } from "../words.js";
import { Empty } from "../parts/empty.js";
import { Page } from "../parts/page.js";

export default function NotFound() {
  const w = words().notFound;
  return html`<${Page} title=${w.title}><${Empty} text=${w.text}><a class="button secondary" href="/">${w.home}</a></${Empty}></${Page}>`;
}
