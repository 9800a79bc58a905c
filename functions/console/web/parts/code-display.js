// An invitation's code, shown once beside the list, with the time it has left.
import { html } from "../html.js";
import { useNow } from "../now.js";
import { leftUntil, until } from "../times.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { Tally } from "./tally.js";

export const HOURS = 24;
const FEW_HOURS = 2;

export function TimeLeft({ at, size = "small", last }) {
  const { hours, minutes, ticks } = leftUntil(at, useNow());
  const w = words().timeLeft;
  return html`<span class=${`time-left ${size}`}><${Tally} count=${ticks} of=${HOURS} group=${6} size=${size} tone=${ticks <= FEW_HOURS ? "amber" : ""} />
    <span class="digits">${last ? last(w.left(hours, minutes)) : w.left(hours, minutes)}</span></span>`;
}

// `facts`: [name, value]. The digits give way once the code has run out.
export function CodeDisplay({ code, expiresAt, facts, onCopied, onReissue, onClose }) {
  const w = words().code;
  const over = new Date(expiresAt) <= useNow();
  const leftTo = (left) => html`<b>${left}</b> ${w.until(until(expiresAt))}`;
  return html`
    <section class="code-display" aria-label=${w.title}>
      <div class="code-main">
        <header><h2>${w.title}</h2><span>${w.once}</span></header>
        <div class="code-line">${over
          ? html`<output class="code-over">${w.expired}</output>${onReissue && html`<${Button} onClick=${onReissue}>${w.reissue}</${Button}>`}`
          : html`<output class="code-digits">${code.slice(0, 4)} ${code.slice(4)}</output><${Copy} text=${code} label=${w.copy} onCopied=${onCopied} />`}</div>
        ${!over && html`<${TimeLeft} at=${expiresAt} size="large" last=${leftTo} />`}
      </div>
      <div class="code-facts">
        <dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`)}</dl>
        <p>${w.send}</p>
        <${Button} kind="ghost bare" size="small" icon="close" label=${words().dialog.close} onClick=${onClose} />
      </div>
    </section>`;
}
