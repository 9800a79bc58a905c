// What failed about a page as a whole, and another try.
import { html } from "../html.js";
import { sentence } from "../problems.js";
import { words } from "../words.js";
import { Banner } from "./banner.js";
import { Button } from "./button.js";

export const Failed = ({ problem, onAgain }) =>
  problem &&
  html`<${Banner} tone="red"><span>${sentence(problem)}</span><${Button} kind="link" onClick=${onAgain}>${words().again}</${Button}></${Banner}>`;
