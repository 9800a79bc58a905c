// An error about the page as a whole, with a button to try again.
import { html } from "../html.js";
import { messageOf } from "../problem-messages.js";
import { words } from "../words.js";
import { Banner } from "./banner.js";
import { Button } from "./button.js";

export const LoadError = ({ problem, onAgain }) =>
  problem &&
  html`
    <${Banner} tone="red">
      <span>${messageOf(problem)}</span>
      <${Button} kind="link" onClick=${onAgain}>${words().again}</${Button}>
    </${Banner}>`;
