// The dialog that creates a key.

import { post } from "../api.js";
import { limits } from "../facts.js";
import { nonEmpty, required, useForm } from "../form.js";
import { html } from "../html.js";
import { Caution } from "../parts/dialog.js";
import { FormError, TextField } from "../parts/field.js";
import { FormDialog } from "../parts/form-dialog.js";
import { PasswordField } from "../parts/password-field.js";
import { AppsField } from "./apps-field.js";
import { checkExpiry, ExpiryFields, expiryBody, NEW_EXPIRY } from "./expiry.js";
import { effectiveScopes, ScopesField } from "./scopes.js";
import { keyWords } from "./words.js";

const EMPTY = {
  name: "",
  scopes: /** @type {string[]} */ ([]),
  ...NEW_EXPIRY,
  app_ids: /** @type {string[]} */ ([]),
  cidrs: "",
  current_password: "",
};

const networksOf = (text) => text.split(/[\s,]+/).filter(Boolean);

const CHECK = {
  name: required,
  scopes: (chosen) => (chosen.length > 0 ? undefined : keyWords().noScopes),
  ...checkExpiry,
  cidrs: (text) =>
    networksOf(text).length <= limits.keyNetworks ? undefined : keyWords().tooManyNetworks(limits.keyNetworks),
  current_password: nonEmpty,
};

function bodyOf({ name, scopes, app_ids, cidrs, current_password, ...expiry }) {
  const networks = networksOf(cidrs);
  return {
    name: name.trim(),
    scopes: effectiveScopes(scopes),
    ...expiryBody(expiry),
    ...(app_ids.length > 0 ? { app_ids } : {}),
    ...(networks.length > 0 ? { cidrs: networks } : {}),
    current_password,
  };
}

// `apps` are those to which the key can be bound. `replaces` says that another secret is shown that was not copied.
export function CreateKey({ path, apps, isPlatform, replaces, onCreated, onClose }) {
  const w = keyWords();
  const form = useForm(EMPTY, { check: CHECK });
  const create = () => form.submit(async (values) => onCreated(await post(path, bodyOf(values))));
  const { name, scopes, current_password: password } = form.values;
  return html`
    <${FormDialog} title=${w.create} action=${w.createAction} busy=${form.busy}
      typed=${name !== "" || scopes.length > 0 || password !== ""} onClose=${onClose} onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.name} ...${form.bind("name")} hint=${w.nameHint} autocomplete="off" autofocus />
        <${ScopesField} label=${w.scopesOf} ...${form.bind("scopes")} isPlatform=${isPlatform} />
        <${ExpiryFields} form=${form} />
        ${apps.length > 0 && html`<${AppsField} ...${form.bind("app_ids")} apps=${apps} />`}
        <${TextField} label=${w.networks} ...${form.bind("cidrs")} hint=${w.networksHint} rows=${2} class="id"
          autocomplete="off" autocapitalize="off" />
        <${PasswordField} label=${w.password} ...${form.bind("current_password")} autocomplete="current-password" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
      ${replaces && html`<${Caution}>${w.replaces}</${Caution}>`}
    </${FormDialog}>`;
}
