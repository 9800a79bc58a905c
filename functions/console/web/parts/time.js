// A moment, said shortly; its exact form is in the tooltip and for readers who ask.
import { html } from "../html.js";
import { exact, said } from "../times.js";

export const Time = ({ at }) => html`<time class="digits" datetime=${at} title=${exact(at)}>${said(at)}</time>`;
