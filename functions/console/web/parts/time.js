// A moment, said shortly; its exact form is in the tooltip and for readers who ask.
import { html } from "../html.js";
import { fullTime, shortTime } from "../times.js";

export const Time = ({ at }) => html`<time class="digits" datetime=${at} title=${fullTime(at)}>${shortTime(at)}</time>`;
