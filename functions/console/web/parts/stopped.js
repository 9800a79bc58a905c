// A page that could not be loaded, and the way on.
import { html } from "../html.js";
import { sentence } from "../problems.js";
import { words } from "../words.js";
import { Banner } from "./banner.js";
import { Button } from "./button.js";

export const Stopped = ({ problem = {} }) => html`
  <${Banner} tone="red"><span>${sentence(problem)}</span><${Button} kind="link" onClick=${() => location.reload()}>${words().again}</${Button}></${Banner}>`;
