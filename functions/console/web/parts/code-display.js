// A code that was just issued. It is shown once, beside the list, with the time left.
import { millisecondsUntil } from "../clock.js";
import { limits } from "../facts.js";
import { html } from "../html.js";
import { futureTimeInSentence } from "../times.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Emphasis } from "./emphasis.js";
import { Tally } from "./tally.js";

const HOUR = 3_600_000;
const FEW_HOURS = 2;

export const Hours = ({ left, size }) =>
  html`
    <${Tally} count=${Math.ceil(left / HOUR)} of=${limits.invitationHours} group=${6} size=${size}
      tone=${left <= FEW_HOURS * HOUR ? "amber" : ""} />`;

// `facts`: [[name, value]]. Closing asks once if the code was not copied.
export function CodeDisplay({ title, code, expiresAt, facts, note, onCopied, onReissue, onClose }) {
  const w = words().issued;
  const [copied, setCopied] = useState(false);
  const [asked, setAsked] = useState(false);
  const markCopied = () => {
    setCopied(true);
    onCopied?.();
  };
  const left = millisecondsUntil(expiresAt);
  const minutes = Math.floor(left / 60_000);
  return html`
    <section class="issued" aria-label=${title}>
      <div class="issued-code">
        <p><b>${title}</b> ${w.once}</p>
        ${
          left > 0
            ? html`
              <div class="issued-line">
                <output class="issued-digits"><span>${code.slice(0, 4)}</span> <span>${code.slice(4)}</span></output>
                <${Copy} text=${code} label=${w.copy} onCopied=${markCopied} />
              </div>
              <div class="issued-line">
                <${Hours} left=${left} size="large" />
                <span>
                  <${Emphasis}
                    text=${w.until(w.left(Math.floor(minutes / 60), minutes % 60), futureTimeInSentence(expiresAt))} />
                </span>
              </div>`
            : html`
              <div class="issued-line">
                <span class="issued-digits">${w.expired}</span>
                <${Button} onClick=${onReissue}>${w.reissue}</${Button}>
              </div>`
        }
      </div>
      <div class="issued-facts">
        <dl class="plain">${facts.map(([name, value]) => html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`)}</dl>
        <p>${note}</p>
        <${Button} kind="ghost bare" size="small" icon="close" label=${words().dialog.close}
          onClick=${() => (copied || left === 0 ? onClose() : setAsked(true))} />
      </div>
    </section>
    ${
      asked &&
      html`
        <${Dialog} title=${w.question} text=${note} action=${w.leave} destructive onClose=${() => setAsked(false)}
          onSubmit=${onClose} />`
    }`;
}
