// One application: name, team, deletion lock, admins.

import { patch, pathOf, put } from "../../api.js";
import { keepApp, loadApp } from "../../apps.js";
import { limits } from "../../facts.js";
import { required, useForm } from "../../form.js";
import { useReload } from "../../freshness.js";
import { html } from "../../html.js";
import { useMerged } from "../../merge.js";
import { Avatar } from "../../parts/avatar.js";
import { Button } from "../../parts/button.js";
import { Conflict } from "../../parts/conflict.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { Sheet } from "../../parts/sheet.js";
import { Tally } from "../../parts/tally.js";
import { toast, toastFailure } from "../../parts/toast.js";
import { can, isPlatform } from "../../permissions.js";
import { messageOf } from "../../problem-messages.js";
import { teamName, teams } from "../../teams.js";
import { dateAndTime, timeAgoInSentence } from "../../times.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { LiftLock } from "../accounts/lock.js";
import { teamOptions } from "./create.js";

export function AppSheet({ appId, onChanged, onDelete, onClose }) {
  const [app, setApp] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    loadApp(appId).then(setApp, setProblem);
  }, [appId]);
  // A failed reload does not discard what is being edited.
  useReload(() => loadApp(appId).then(setApp, () => {}));
  const w = words().apps;
  if (problem)
    return html`
      <${Dialog} title=${problem.status === 404 ? w.gone : messageOf(problem)}
        onClose=${() => onClose({ unasked: true })} />`;
  const changed = (now) => {
    setApp(now);
    onChanged(now);
  };
  return app && html`<${Details} app=${app} onChanged=${changed} onDelete=${onDelete} onClose=${onClose} />`;
}

const formValuesOf = ({ name, team_id }) => ({ name, team_id: team_id ?? "" });

function Details({ app, onChanged, onDelete, onClose }) {
  const w = words().apps;
  const [lifting, setLifting] = useState(false);
  const manages = can("apps.manage", app.team_id);
  const moves = isPlatform() && teams().length > 0;
  const form = useForm(formValuesOf(app), { check: { name: required } });
  const { base, changed, save, conflict } = useMerged(app, formValuesOf, form);
  const path = pathOf`/v1/apps/${app.app_id}`;
  const submit = () => {
    if (changed.length === 0) return onClose({});
    return form.submit(async (values) => {
      const body = Object.fromEntries(changed.map((name) => [name, values[name].trim() || null]));
      const saved = await save(
        (version) => patch(path, body, { version }),
        () => loadApp(app.app_id),
      );
      if (!saved) return;
      onChanged(keepApp(saved));
      onClose({ unasked: true });
      const back = async () => onChanged(keepApp(await patch(path, { name: base.name }, { version: saved.version })));
      toast(w.wasSaved(saved.name), { undo: changed.join() === "name" ? back : undefined });
    });
  };
  const { deletion_lock: lock } = app;
  const restore = () =>
    put(`${path}/deletion-lock`, { locked: true }).then((now) => onChanged(keepApp(now)), toastFailure);
  const lifted = () => {
    setLifting(false);
    loadApp(app.app_id).then(onChanged, toastFailure);
  };
  const foot =
    manages &&
    html`
    <span class="grow" role="status">${changed.length > 0 ? words().unsaved.count(changed.length) : ""}</span>
    <${Button} onClick=${() => onClose({})}>${words().dialog.cancel}</${Button}>
    <${Button} kind="primary" type="submit" busy=${form.busy}>${words().dialog.saveChanges}</${Button}>`;
  return html`
    <${Sheet} title=${app.name} caption=${w.createdAt(dateAndTime(app.created_at))} foot=${foot} busy=${form.busy}
      onClose=${() => onClose({})} onSubmit=${submit}
      avatar=${html`<${Avatar} id=${app.app_id} name=${app.name} shape="square large" />`}
      menu=${
        manages &&
        html`
          <${MoreMenu} label=${w.more(app.name)}
            items=${[{ icon: "trash", label: w.delete, name: app.name, red: true, onChoose: () => onDelete(app) }]} />`
      }>
      <div class="form">
        ${
          conflict &&
          html`
            <${Conflict} ...${conflict} labels=${{ name: w.name, team_id: w.team }}
              said=${(name, value) =>
                name === "team_id" ? (teamName(value) ?? words().picker.platform) : undefined} />`
        }
        <${TextField} label=${w.name} ...${form.bind("name")} readonly=${!manages} changed=${changed.includes("name")}
          autocomplete="off" />
        ${
          moves
            ? html`
              <${SelectField} label=${w.team} ...${form.bind("team_id")} changed=${changed.includes("team_id")}
                options=${teamOptions()} hint=${w.moveHint} />`
            : teamName(app.team_id) &&
              html`
                <div class="plain-line"><span class="quiet">${w.team}</span><bdi>${teamName(app.team_id)}</bdi></div>`
        }
        <hr />
        <div class="plain-line">
          <span class="quiet">${w.deletion}</span>
          <span>
            ${lock.locked ? w.locked : w.lifted}
            ${
              lock.changed_by &&
              html`
                <span class="quiet"> · ${words().lock.changedBy(
                  lock.changed_by.username,
                  timeAgoInSentence(lock.changed_at),
                )}</span>`
            }
          </span>
          ${
            manages &&
            html`
              <${Button} kind="link" onClick=${lock.locked ? () => setLifting(true) : restore}>
                ${lock.locked ? words().lock.liftAction : words().lock.restore}
              </${Button}>`
          }
        </div>
        <div class="plain-line">
          <span class="quiet">${w.admins}</span>
          <span class="counted">
            ${words().accounts.admins(app.admin_count, limits.adminsPerApp)}
            <${Tally} count=${app.admin_count} of=${limits.adminsPerApp}
              tone=${app.admin_count >= limits.adminsPerApp ? "amber" : ""} />
          </span>
        </div>
        ${
          can("accounts.read", app.team_id) &&
          html`<p><a class="button secondary" href=${`/apps/${app.app_id}/accounts`}>${w.toAccounts}</a></p>`
        }
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Sheet}>
    ${lifting && html`<${LiftLock} app=${app} onClose=${lifted} />`}
    <${LeaveGuard} changes=${changed.length} />`;
}
