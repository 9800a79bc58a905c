// Ten codes that are shown once: to copy, to keep as a file, and to leave only when that was done or waived.
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { Tally } from "./tally.js";

export function RecoveryCodes({ codes, onDone }) {
  const w = words().recovery;
  const [kept, setKept] = useState(false);
  const [asked, setAsked] = useState(false);
  const text = codes.join("\n");
  const url = useMemo(() => URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" })), [text]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const leave = () => (kept ? onDone() : setAsked(true));
  return html`
    <section class="code-panel" aria-label=${w.title}>
      <header><h3>${w.title}</h3><span>${w.once}</span></header>
      <ol>${codes.map((code) => html`<li>${code}</li>`)}</ol>
      <div class="counted"><${Tally} count=${codes.length} of=${10} size="large" />${w.left(codes.length)}</div>
      <p>${w.text}</p>
      <div class="form-actions">
        <${Copy} text=${text} label=${w.copy} onCopied=${() => setKept(true)} />
        <a class="button secondary" href=${url} download="rollcall-recovery-codes.txt" onClick=${() => setKept(true)}><${Icon} name="download" />${w.download}</a>
        <${Button} kind="primary" onClick=${leave}>${w.done}</${Button}>
      </div>
    </section>
    ${asked && html`<${Dialog} title=${w.question} text=${w.questionText} action=${w.leave} destructive onClose=${() => setAsked(false)} onSubmit=${onDone} />`}`;
}
