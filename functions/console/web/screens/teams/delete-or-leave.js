// The dialogs that delete a team and that leave it.

import { del, pathOf } from "../../api.js";
import { html } from "../../html.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { toast } from "../../parts/toast.js";
import { go } from "../../router.js";
import { load, signedIn } from "../../session.js";
import { forgetTeam } from "../../teams.js";
import { words } from "../../words.js";

export function DeleteTeam({ team, onDeleted, onClose }) {
  const w = words().teams;
  const run = async () => {
    await del(pathOf`/v1/teams/${team.team_id}`);
    forgetTeam(team.team_id);
    onDeleted();
    toast(w.wasDeleted(team.name));
  };
  return html`
    <${ConfirmDialog} title=${w.deleteQuestion(team.name)} text=${w.deleteText} action=${w.deleteAction} onRun=${run}
      onClose=${onClose} />`;
}

export function LeaveTeam({ team, onLeft, onClose }) {
  const w = words().teams;
  const run = async () => {
    await del(pathOf`/v1/teams/${team.team_id}/members/${signedIn().user.user_id}`);
    onLeft();
    await load();
    toast(w.youLeft(team.name));
    go(signedIn().teams.length > 0 ? "/teams" : "/join", { unasked: true });
  };
  return html`
    <${ConfirmDialog} title=${w.leaveQuestion(team.name)} text=${w.leaveText} action=${w.leaveAction} onRun=${run}
      onClose=${onClose} />`;
}
