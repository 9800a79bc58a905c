// The person's sessions.

import { del, get, pathOf } from "../../api.js";
import { reportGone, useReload } from "../../freshness.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { FormError } from "../../parts/field.js";
import { Time } from "../../parts/time.js";
import { toast } from "../../parts/toast.js";
import { messageOf } from "../../problem-messages.js";
import { nameOfUserAgent } from "../../user-agent.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

export function Sessions() {
  const w = words().sessions;
  const [sessions, setSessions] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(null);
  const load = (report = setProblem) =>
    get("/v1/me/sessions?limit=100").then(({ items }) => setSessions(items), report);
  useEffect(() => void load(), []);
  useReload(() => load(reportGone(setProblem)));
  const end = async (path, said) => {
    setBusy(path);
    setProblem(null);
    try {
      await del(path);
      toast(said);
      await load();
    } catch (refused) {
      setProblem(refused);
    } finally {
      setBusy(null);
    }
  };
  const others = sessions?.some(({ current }) => !current);
  return html`
    <section>
      <p class="prose">${w.text}</p>
      <ul class="sessions" aria-busy=${sessions === null}>
        ${sessions?.map(
          ({ session_id: id, current, user_agent: agent, address, last_seen_at: seen, created_at: created }) => {
            const path = pathOf`/v1/me/sessions/${id}`;
            return html`
              <li key=${id}>
                <div>
                  <div class="who-line">
                    <span class="strong" title=${agent}>${nameOfUserAgent(agent) ?? w.program}</span>
                    ${current && html`<span class="tag accent">${w.this}</span>`}
                    <span class="quiet digits">${address}</span>
                  </div>
                  <p class="quiet">${w.seen} <${Time} at=${seen} /> · ${w.begun} <${Time} at=${created} /></p>
                </div>
                ${
                  !current &&
                  html`<${Button} busy=${busy === path} onClick=${() => end(path, w.ended)}>${w.end}</${Button}>`
                }
              </li>`;
          },
        )}
      </ul>
      ${
        others &&
        html`
          <div>
            <${Button} busy=${busy === "/v1/me/sessions"} onClick=${() => end("/v1/me/sessions", w.othersEnded)}>
              ${w.endOthers}
            </${Button}>
          </div>`
      }
      <${FormError}>${problem && messageOf(problem)}</${FormError}>
    </section>`;
}
