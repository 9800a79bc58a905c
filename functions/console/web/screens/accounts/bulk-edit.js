// Makes the same change to all accounts that match the search and the filter, or to the selected ones.

import { pathOf, post } from "../../api.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { follow } from "../../jobs/followed.js";
import "../../jobs/style.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { ConfirmCount } from "./bulk-confirm.js";
import { bodyValueOf, profileChecks } from "./profile.js";

const FIRST = "level";

// `which` is a filter or `user_ids`.
export function BulkEdit({ app, which, onClose }) {
  const [job, setJob] = useState(null);
  const w = jobWords().editing;
  if (!job) return html`<${Change} app=${app} which=${which} onBegun=${setJob} onClose=${onClose} />`;
  const names = Object.keys(job.request.set).map((name) => words().accounts.fields[name]);
  return html`
    <${ConfirmCount} job=${job} finding=${w.finding} text=${w.questionText(words().list.names(names))}
      question=${w.question} action=${w.action} begun=${w.begun} onClose=${onClose} />`;
}

const choicesOf = (name) => words().accounts.choices[name];

// A choice has no empty value.
const firstValueOf = (name) => Object.keys(choicesOf(name) ?? { "": "" })[0];

function Change({ app, which, onBegun, onClose }) {
  const w = jobWords().editing;
  const { fields } = words().accounts;
  const profile = Object.keys(fields).filter((name) => name !== "user_id");
  const [names, setNames] = useState([FIRST]);
  const checks = profileChecks();
  const check = Object.fromEntries(names.filter((name) => checks[name]).map((name) => [name, checks[name]]));
  const form = useForm({ [FIRST]: firstValueOf(FIRST) }, { check });
  const unused = profile.filter((name) => !names.includes(name));
  const change = (at, name) => {
    form.set(name, firstValueOf(name));
    setNames(names.with(at, name));
  };
  const add = () => {
    form.set(unused[0], firstValueOf(unused[0]));
    setNames([...names, unused[0]]);
  };
  const find = () =>
    form.submit(async (values) => {
      const set = Object.fromEntries(names.map((name) => [name, bodyValueOf(name, values[name])]));
      onBegun(follow(await post(pathOf`/v1/apps/${app.app_id}/jobs`, { kind: "edit", ...which, set })));
    });
  const row = (name, at) => html`
    <div class="bulk-field" key=${name}>
      <${SelectField} label=${w.field} value=${name} onInput=${(next) => change(at, next)}
        options=${profile.filter((one) => one === name || unused.includes(one)).map((one) => [one, fields[one]])} />
      <${ValueField} name=${name} bound=${form.bind(name)} />
      ${
        names.length > 1 &&
        html`
          <${Button} kind="ghost bare" size="small" icon="close" label=${w.remove(fields[name])}
            onClick=${() => setNames(names.toSpliced(at, 1))} />`
      }
    </div>`;
  return html`
    <${FormDialog} title=${which.user_ids ? w.selectedTitle : w.title}
      text=${(which.user_ids ? w.selectedText : w.text)(app.name)} action=${w.find} busy=${form.busy}
      typed=${names.some((name) => form.values[name] !== firstValueOf(name))} onClose=${onClose} onSubmit=${find}>
      <div class="form">
        <div class="bulk-fields">${names.map(row)}</div>
        ${unused.length > 0 && html`<div><${Button} size="small" icon="plus" onClick=${add}>${w.add}</${Button}></div>`}
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}

function ValueField({ name, bound }) {
  const w = jobWords().editing;
  const choices = choicesOf(name);
  const { onBlur, ...select } = bound;
  if (choices) return html`<${SelectField} label=${w.value} ...${select} options=${Object.entries(choices)} />`;
  return html`<${TextField} label=${w.value} ...${bound} hint=${w.clears} autocomplete="off" />`;
}
