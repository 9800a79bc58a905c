// The dialog that gives a key a new secret.

import { post } from "../api.js";
import { nonEmpty, useForm } from "../form.js";
import { html } from "../html.js";
import { Caution } from "../parts/dialog.js";
import { FormError, SelectField } from "../parts/field.js";
import { FormDialog } from "../parts/form-dialog.js";
import { PasswordField } from "../parts/password-field.js";
import { checkExpiry, ExpiryFields, expiryBody, KEPT_EXPIRY } from "./expiry.js";
import { keyWords } from "./words.js";

const INITIAL = { overlap_hours: "24", ...KEPT_EXPIRY, current_password: "" };

// `path` is that of the key. `replaces` says that another secret is shown that was not copied.
export function RotateKey({ apiKey, path, replaces, onRotated, onClose }) {
  const w = keyWords();
  const form = useForm(INITIAL, { check: { ...checkExpiry, current_password: nonEmpty } });
  const rotate = () =>
    form.submit(async ({ overlap_hours: overlap, current_password, ...expiry }) => {
      const body = { overlap_hours: Number(overlap), ...expiryBody(expiry), current_password };
      onRotated(await post(`${path}/rotate`, body));
    });
  return html`
    <${FormDialog} title=${w.rotateTitle(apiKey.name)} text=${w.rotateText} action=${w.rotate} busy=${form.busy}
      typed=${form.values.current_password !== ""} onClose=${onClose} onSubmit=${rotate}>
      <div class="form">
        <${SelectField} label=${w.overlap} ...${form.bind("overlap_hours")} options=${Object.entries(w.overlaps)}
          hint=${w.overlapHint} />
        <${ExpiryFields} form=${form} kept=${apiKey.expires_at} />
        <${PasswordField} label=${w.password} ...${form.bind("current_password")} autocomplete="current-password" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
      ${replaces && html`<${Caution}>${w.replaces}</${Caution}>`}
    </${FormDialog}>`;
}
