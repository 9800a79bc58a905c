// The dialog that creates an account. Type and id cannot be edited later.

import { pathOf, post } from "../../api.js";
import { limits } from "../../facts.js";
import { required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { SegmentsField } from "../../parts/segments.js";
import { toast } from "../../parts/toast.js";
import { words } from "../../words.js";
import { profileChecks } from "./profile.js";

const EMPTY = { type: "general", user_id: "", nickname: "", photo_url: "" };
// Any of these characters, but not `.` or `..`, which have a meaning of their own in a path.
const USER_ID = /^(?!\.{1,2}$)[A-Za-z0-9!$&'()*+,;=:@._~-]+$/;

export function CreateAccount({ app, may, onCreated, onClose }) {
  const w = words().accounts;
  const userId = (value) =>
    required(value) ??
    (USER_ID.test(value.trim()) && value.trim().length <= limits.maxAccountIdChars
      ? undefined
      : words().violations.user_id.bad_format);
  const check = { user_id: userId, nickname: profileChecks().nickname, photo_url: profileChecks().photo_url };
  const form = useForm(EMPTY, { check, codes: { account_exists: "user_id", admin_limit_reached: "type" } });
  const full = app.admin_count >= limits.adminsPerApp;
  const create = () =>
    form.submit(async ({ user_id, nickname, photo_url, type }) => {
      const body = { user_id: user_id.trim(), type, nickname: nickname || null, photo_url: photo_url.trim() || null };
      const account = await post(pathOf`/v1/apps/${app.app_id}/accounts`, body);
      onCreated(account);
      toast(w.wasCreated(account.user_id), {
        open: pathOf`/apps/${app.app_id}/accounts/${account.user_id}`,
      });
    });
  const typed = Object.keys(EMPTY).some((name) => form.values[name] !== EMPTY[name]);
  const { value, error, onInput } = form.bind("type");
  return html`
    <${FormDialog} title=${w.createTitle(app.name)} action=${w.create} busy=${form.busy} typed=${typed}
      onClose=${onClose} onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.fields.user_id} ...${form.bind("user_id")} hint=${w.userIdHint} class="id"
          autocomplete="off" autocapitalize="off" autofocus />
        ${
          may.admin &&
          html`
            <${SegmentsField} label=${w.type} value=${value} error=${error} hint=${full ? w.cap : w.typeHint}
              options=${[["general", w.types.general], ["admin", w.types.admin]]} onChoose=${onInput} />`
        }
        <${TextField} label=${w.fields.nickname} ...${form.bind("nickname")} maxBytes=${limits.maxProfileTextBytes}
          autocomplete="off" />
        <${TextField} label=${w.fields.photo_url} ...${form.bind("photo_url")} maxBytes=${limits.maxProfileTextBytes}
          type="url" autocomplete="off" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
