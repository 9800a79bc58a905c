// The end of a team, or of one's own part in it.
import { html } from "../../html.js";
import { del, pathOf } from "../../api.js";
import { go } from "../../router.js";
import { load, me } from "../../session.js";
import { forgetTeam } from "../../teams.js";
import { words } from "../../words.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { toast } from "../../parts/toast.js";

export function DeleteTeam({ team, onDeleted, onClose }) {
  const w = words().teams;
  const run = async () => {
    await del(pathOf`/v1/teams/${team.team_id}`);
    forgetTeam(team.team_id);
    onDeleted();
    toast(w.wasDeleted(team.name));
  };
  return html`<${ConfirmDialog} title=${w.deleteQuestion(team.name)} text=${w.deleteText} action=${w.deleteAction} onRun=${run} onClose=${onClose} />`;
}

export function LeaveTeam({ team, onLeft, onClose }) {
  const w = words().teams;
  const run = async () => {
    await del(pathOf`/v1/teams/${team.team_id}/members/${me.value.user.user_id}`);
    onLeft();
    await load();
    toast(w.youLeft(team.name));
    go(me.value.teams.length > 0 ? "/teams" : "/join", { unasked: true });
  };
  return html`<${ConfirmDialog} title=${w.leaveQuestion(team.name)} text=${w.leaveText} action=${w.leaveAction} onRun=${run} onClose=${onClose} />`;
}
