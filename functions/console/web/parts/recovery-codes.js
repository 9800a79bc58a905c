// The recovery codes, which are shown only once. Leaving asks first unless they were copied or downloaded.
import { limits } from "../facts.js";
import { html } from "../html.js";
import { mayLeave } from "../router.js";
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { Icon } from "./icon.js";
import { LeaveGuard } from "./leave-guard.js";
import { Tally } from "./tally.js";

export function RecoveryCodes({ codes, onDone }) {
  const w = words().recovery;
  const [kept, setKept] = useState(false);
  const text = codes.join("\n");
  const url = useMemo(() => URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" })), [text]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const question = { title: w.question, text: w.questionText, discard: w.leave, keep: w.stay };
  const done = async () => (await mayLeave()) && onDone();
  return html`
    <section class="code-panel" aria-label=${w.title}>
      <header><h3>${w.title}</h3><span>${w.once}</span></header>
      <ol>${codes.map((code) => html`<li>${code}</li>`)}</ol>
      <div class="counted">
        <${Tally} count=${codes.length} of=${limits.recoveryCodes} size="large" />
        ${w.left(codes.length)}
      </div>
      <p>${w.text}</p>
      <div class="form-actions">
        <${Copy} text=${text} label=${w.copy} onCopied=${() => setKept(true)} />
        <a class="button secondary" href=${url} download="rollcall-recovery-codes.txt" onClick=${() => setKept(true)}>
          <${Icon} name="download" />
          ${w.download}
        </a>
        <${Button} kind="primary" onClick=${done}>${w.done}</${Button}>
      </div>
    </section>
    <${LeaveGuard} changes=${kept ? 0 : 1} question=${question} />`;
}
