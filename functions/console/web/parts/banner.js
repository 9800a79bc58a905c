// A message about the page as a whole, above its content.
import { html } from "../html.js";
import { Icon } from "./icon.js";

export const Banner = ({ tone = "", children }) => html`
  <div class=${`banner ${tone}`} role=${tone === "red" ? "alert" : "status"}>
    <${Icon} name=${tone ? "alert" : "info"} />
    ${children}
  </div>`;
