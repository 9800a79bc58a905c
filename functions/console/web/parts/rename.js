// A dialog that renames something which others may rename at the same time.

import { get, patch } from "../api.js";
import { required, useForm } from "../form.js";
import { html } from "../html.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { FormError, TextField } from "./field.js";
import { FormDialog } from "./form-dialog.js";
import { toast } from "./toast.js";

// `words`: { title, action, name, hint, done }. `taken` is the error code for a name that is in use.
export function Rename({ thing, path, words: w, taken, onRenamed, onClose }) {
  const [base, setBase] = useState(thing);
  const form = useForm({ name: thing.name }, { check: { name: required }, codes: taken ? { [taken]: "name" } : {} });
  const rename = async (name, version) => {
    const renamed = await patch(path, { name }, { version });
    onRenamed(renamed);
    return renamed;
  };
  const save = () =>
    form.submit(async ({ name }) => {
      try {
        const renamed = await rename(name.trim(), base.version);
        onClose();
        toast(w.done(renamed.name), { undo: () => rename(base.name, renamed.version) });
      } catch (refused) {
        if (refused.code !== "version_conflict") throw refused;
        const now = await get(path);
        setBase(now);
        onRenamed(now);
        form.refuse({ name: words().conflict.renamed(now.name) });
      }
    });
  return html`
    <${FormDialog} title=${w.title} action=${w.action} busy=${form.busy} typed=${form.values.name !== thing.name}
      onClose=${onClose} onSubmit=${save}>
      <div class="form">
        <${TextField} label=${w.name} ...${form.bind("name")} hint=${w.hint} autocomplete="off" autofocus />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
