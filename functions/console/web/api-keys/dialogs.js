// The dialogs that rename and revoke a key. `path` is that of the key.

import { del } from "../api.js";
import { html } from "../html.js";
import { ConfirmDialog } from "../parts/confirm-dialog.js";
import { Rename } from "../parts/rename.js";
import { toast } from "../parts/toast.js";
import { keyWords } from "./words.js";

export function RenameKey({ apiKey, path, onRenamed, onClose }) {
  const w = keyWords();
  const said = {
    title: w.renameTitle(apiKey.name),
    action: w.rename,
    name: w.name,
    hint: w.nameHint,
    done: w.wasRenamed,
  };
  return html`<${Rename} thing=${apiKey} path=${path} words=${said} onRenamed=${onRenamed} onClose=${onClose} />`;
}

export function RevokeKey({ apiKey, path, onRevoked, onClose }) {
  const w = keyWords();
  const run = async () => {
    await del(path);
    onRevoked();
    toast(w.wasRevoked(apiKey.name));
  };
  return html`
    <${ConfirmDialog} title=${w.revokeQuestion(apiKey.name)} text=${w.revokeText} action=${w.revokeAction} onRun=${run}
      onClose=${onClose} />`;
}
