// A key that was just issued, which is shown once, and a command that tries it. Leaving asks first if nothing was
// copied.

import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { Copy } from "../parts/copy.js";
import { LeaveGuard } from "../parts/leave-guard.js";
import { mayLeave } from "../router.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { keyWords } from "./words.js";

// A key that is bound to applications works for nothing else. The double quotes suit every shell.
function commandWith({ app_ids: appIds }, secret) {
  const path = appIds ? `/v1/apps/${appIds[0]}` : "/v1/me";
  return `curl -H "Authorization: Bearer ${secret}" ${location.origin}${path}`;
}

export function Secret({ issued: { key, secret, copied }, onCopied, onDone }) {
  const w = keyWords().secret;
  const section = useRef(null);
  const command = commandWith(key, secret);
  const question = { title: w.question, text: w.questionText, discard: w.leave, keep: w.stay };
  const done = async () => (await mayLeave()) && onDone();
  // After the dialog has given the focus back.
  useEffect(() => section.current.focus(), [secret]);
  return html`
    <section class="code-panel" aria-label=${w.title(key.name)} tabindex="-1" ref=${section}>
      <header><h2><bdi>${w.title(key.name)}</bdi></h2><span>${w.once}</span></header>
      <p>${w.text}</p>
      <div class="secret-line">
        <output class="secret" aria-label=${w.key}>${secret}</output>
        <${Copy} text=${secret} label=${w.copy} onCopied=${onCopied} />
      </div>
      <div>
        <p class="quiet" id="key-command">${w.curl}</p>
        <div class="secret-line">
          <output class="secret command" aria-labelledby="key-command">${command}</output>
          <${Copy} text=${command} label=${w.copyCurl} onCopied=${onCopied} />
        </div>
      </div>
      <div><${Button} onClick=${done}>${w.done}</${Button}></div>
    </section>
    <${LeaveGuard} changes=${copied ? 0 : 1} question=${question} />`;
}
