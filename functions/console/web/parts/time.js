// A short date and time. The tooltip has the full form.
import { html } from "../html.js";
import { fullTime, shortTime } from "../times.js";

export const Time = ({ at }) => html`<time class="digits" datetime=${at} title=${fullTime(at)}>${shortTime(at)}</time>`;
