// One thing to know about the page, at the top of it.
import { html } from "../html.js";
import { Icon } from "./icon.js";

export const Banner = ({ tone = "", children }) => html`
  <div class=${`banner ${tone}`} role=${tone === "red" ? "alert" : "status"}><${Icon} name=${tone ? "alert" : "info"} />${children}</div>`;
