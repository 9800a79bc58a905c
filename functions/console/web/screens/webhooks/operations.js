// What can be done with a webhook: the entries of its menu, and the dialogs that they open.

import { del, post } from "../../api.js";
import { html } from "../../html.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { toast, toastFailure } from "../../parts/toast.js";
import { useState } from "../../vendor/hooks.js";
import { keyOf, outcomeOf, pathOfWebhook } from "../../webhooks/webhook.js";
import { webhookWords } from "../../webhooks/words.js";
import { EditWebhook } from "./edit.js";
import { Resend } from "./resend.js";
import { Rotate } from "./rotate.js";
import { Secret } from "./secret.js";

// `sent` counts what was sent by hand, so that the list of deliveries knows when to look again.
export function useOperations({ team, onChanged, onCreated, onDeleted }) {
  const w = webhookWords();
  const [dialog, setDialog] = useState(/** @type {any} */ (null));
  const [sent, setSent] = useState(0);
  const close = () => setDialog(null);
  const ask = (kind, webhook) => setDialog({ kind, webhook });
  const test = async (webhook) => {
    toast(w.testing);
    try {
      toast(w.tested(outcomeOf(await post(`${pathOfWebhook(keyOf(webhook))}/test`))));
      setSent((count) => count + 1);
    } catch (problem) {
      toastFailure(problem);
    }
  };
  const remove = async () => {
    await del(pathOfWebhook(keyOf(dialog.webhook)));
    close();
    onDeleted(dialog.webhook);
    toast(w.wasDeleted);
  };
  const itemsOf = (webhook) => [
    { icon: "edit", label: w.edit, onChoose: () => ask("edit", webhook) },
    { icon: "out", label: w.test, onChoose: () => test(webhook) },
    { icon: "refresh", label: w.resend, onChoose: () => ask("resend", webhook) },
    { icon: "key", label: w.rotate, onChoose: () => ask("rotate", webhook) },
    "line",
    { icon: "trash", label: w.delete, red: true, onChoose: () => ask("delete", webhook) },
  ];
  const saved = (webhook) => {
    close();
    onChanged(webhook);
    toast(w.wasSaved);
  };
  const resent = (webhook) => {
    close();
    onChanged(webhook);
    setSent((count) => count + 1);
    toast(w.wasResent);
  };
  const shown = (reply) => setDialog({ kind: "secret", webhook: reply.webhook, secret: reply.secret });
  const created = (reply) => {
    onCreated();
    shown(reply);
  };
  const rotated = (reply) => {
    onChanged(reply.webhook);
    shown(reply);
  };
  const { kind, webhook } = dialog ?? {};
  return {
    ask,
    test,
    itemsOf,
    sent,
    dialog: html`
      ${kind === "create" && html`<${EditWebhook} team=${team} onClose=${close} onSaved=${created} />`}
      ${kind === "edit" && html`<${EditWebhook} webhook=${webhook} onClose=${close} onSaved=${saved} />`}
      ${kind === "resend" && html`<${Resend} webhook=${webhook} onClose=${close} onResent=${resent} />`}
      ${kind === "rotate" && html`<${Rotate} webhook=${webhook} onClose=${close} onRotated=${rotated} />`}
      ${kind === "secret" && html`<${Secret} secret=${dialog.secret} onClose=${close} />`}
      ${
        kind === "delete" &&
        html`
          <${ConfirmDialog} title=${w.deleteQuestion(webhook.url)} text=${w.deleteText} action=${w.deleteAction}
            onRun=${remove} onClose=${close} />`
      }`,
  };
}
