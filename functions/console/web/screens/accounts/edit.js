// One account with its whole profile, opened beside the list.

import { announce } from "../../announce.js";
import { get, patch, pathOf } from "../../api.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { useMerged } from "../../merge.js";
import { Avatar } from "../../parts/avatar.js";
import { Button } from "../../parts/button.js";
import { Conflict } from "../../parts/conflict.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError } from "../../parts/field.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { Sheet } from "../../parts/sheet.js";
import { toast } from "../../parts/toast.js";
import { messageOf } from "../../problem-messages.js";
import { dateAndTime } from "../../times.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { bodyValueOf, formValuesOf, profileChecks } from "./profile.js";
import { ProfileFields } from "./profile-fields.js";
import { AdminTag, operationsOn } from "./table.js";

export function EditAccount({ app, userId, listed, may, act, onSaved, onClose }) {
  const [account, setAccount] = useState(listed);
  const [problem, setProblem] = useState(null);
  const w = words().accounts;
  const path = pathOf`/v1/apps/${app.app_id}/accounts/${userId}`;
  useEffect(() => {
    get(path).then(setAccount, setProblem);
  }, [path, listed?.version]);
  // A failed reload does not discard what is being edited.
  if (problem && !account)
    return html`
      <${Dialog} title=${problem.status === 404 ? w.goneAccount(userId) : messageOf(problem)}
        onClose=${() => onClose({ unasked: true })} />`;
  if (!account) return null;
  const saved = (now) => {
    setAccount(now);
    onSaved(now);
  };
  return html`
    <${Profile} account=${account} path=${path} app=${app} may=${may} act=${act} onClose=${onClose}
      onSaved=${saved} />`;
}

function Profile({ account, path, app, may, act, onClose, onSaved }) {
  const w = words().accounts;
  const form = useForm(formValuesOf(account), { check: profileChecks() });
  const { changed, save, conflict } = useMerged(account, formValuesOf, form);
  const submit = () => {
    if (!may.write) return;
    if (changed.length === 0) return announce(w.nothingChanged);
    form.submit(async (values) => {
      const body = Object.fromEntries(changed.map((name) => [name, bodyValueOf(name, values[name])]));
      const saved = await save(
        (version) => patch(path, body, { version }),
        () => get(path),
      );
      if (!saved) return;
      onSaved(saved);
      toast(w.wasSaved(saved.user_id));
      onClose({ unasked: true });
    });
  };
  const { user_id: id, type } = account;
  const operations = operationsOn(account, app, may, act).slice(1);
  const close = () => onClose({});
  const foot =
    may.write &&
    html`
    <span class="grow" role="status">${changed.length > 0 ? words().unsaved.count(changed.length) : ""}</span>
    <${Button} onClick=${close}>${words().dialog.cancel}</${Button}>
    <${Button} kind="primary" type="submit" busy=${form.busy}>${words().dialog.saveChanges}</${Button}>`;
  return html`
    <${Sheet} title=${id} caption=${w.fixed(dateAndTime(account.created_at))} onClose=${close} busy=${form.busy}
      onSubmit=${submit} foot=${foot}
      tag=${type === "admin" ? html`<${AdminTag} />` : html`<span class="tag plain">${w.types.general}</span>`}
      avatar=${html`<${Avatar} id=${id} name=${account.nickname} photo=${account.photo_url} shape="large" />`}
      menu=${operations.some(Boolean) && html`<${MoreMenu} label=${w.more(id)} items=${operations} />`}>
      <div class="form">
        ${
          conflict &&
          html`<${Conflict} ...${conflict} labels=${w.fields} said=${(name, value) => w.choices[name]?.[value]} />`
        }
        <${ProfileFields} form=${form} changed=${changed} readonly=${!may.write} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Sheet}>
    <${LeaveGuard} changes=${changed.length} />`;
}
