// The dialog that deletes accounts, and the outcome for each of them.

import { pathOf, post } from "../../api.js";
import { limits } from "../../facts.js";
import { halfWidth, useForm } from "../../form.js";
import { html } from "../../html.js";
import { Avatar } from "../../parts/avatar.js";
import { Button } from "../../parts/button.js";
import { Caution, Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { messageOf } from "../../problem-messages.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { AdminTag } from "./table.js";

const NAMED_ACCOUNTS = 5;
const CONFIRM_COUNT_FROM = 11;

export function DeleteAccounts({ app, accounts, onDeleted, onClose }) {
  const w = words().deletion;
  const count = accounts.length;
  const typedToo = count >= CONFIRM_COUNT_FROM;
  const equalsCount = (value) => (halfWidth(value).trim() === String(count) ? undefined : w.typeCount(count));
  const form = useForm({ count: "" }, { check: typedToo ? { count: equalsCount } : {} });
  const admins = accounts.filter(({ type }) => type === "admin").length;
  const run = () =>
    form.submit(async () => {
      const { results } = await post(pathOf`/v1/apps/${app.app_id}/account-deletions`, {
        user_ids: accounts.map(({ user_id }) => user_id),
      });
      onDeleted(results);
    });
  return html`
    <${Dialog} title=${w.question(count)} text=${w.text(app.name)} action=${w.action(count)} destructive
      busy=${form.busy} typed=${form.values.count !== ""} onClose=${onClose} onSubmit=${run}>
      <ul class="facts">
        ${accounts.slice(0, NAMED_ACCOUNTS).map(
          (account) =>
            html`
                <li key=${account.user_id}>
                  <${Avatar} id=${account.user_id} name=${account.nickname} photo=${account.photo_url} />
                  <bdi class="id">${account.user_id}</bdi><bdi class="cut">${account.nickname}</bdi>
                  ${account.type === "admin" && html`<${AdminTag} />`}
                </li>`,
        )}
        ${count > NAMED_ACCOUNTS && html`<li>${w.andMore(count - NAMED_ACCOUNTS)}</li>`}
      </ul>
      ${admins > 0 && html`<${Caution}>${w.admins(admins, app.admin_count - admins, limits.adminsPerApp)}</${Caution}>`}
      ${
        typedToo &&
        html`
          <${TextField} label=${w.typeCount(count)} ...${form.bind("count")} inputmode="numeric" autocomplete="off" />`
      }
      <${FormError}>${form.problem}</${FormError}>
    </${Dialog}>`;
}

// The outcome: quiet if all were deleted, amber if some were not.
export function DeletionResults({ results, onClose }) {
  const [open, setOpen] = useState(false);
  const w = words().deletion;
  const failed = results.filter(({ outcome }) => outcome !== "deleted");
  const gone = results.length - failed.length;
  return html`
    <div class=${`results ${failed.length > 0 ? "amber" : ""}`} role="status">
      <div class="results-line">
        <${Icon} name=${failed.length > 0 ? "alert" : "check"} />
        <span>${failed.length > 0 ? w.partly(gone, failed.length) : w.done(gone)}</span>
        ${
          failed.length > 0 &&
          html`
            <${Button} kind="link" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>
              ${w.why}
            </${Button}>`
        }
        <${Button} kind="ghost bare" size="small" icon="close" label=${words().dialog.close} onClick=${onClose} />
      </div>
      ${
        open &&
        html`
          <ul>
            ${failed.map(
              ({ user_id, outcome, code }) =>
                html`<li><bdi class="id">${user_id}</bdi> ${messageOf({ code: code ?? outcome })}</li>`,
            )}
          </ul>`
      }
    </div>`;
}
