// The invitations of a team: a newly issued one with its code, the live ones, and the history.

import { announce } from "../../announce.js";
import { del, pathOf, post } from "../../api.js";
import { reportGone, useReload } from "../../freshness.js";
import { mayGrantRole, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { useList } from "../../list.js";
import { getAllPages } from "../../pages.js";
import { CodeDisplay } from "../../parts/code-display.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { LoadError } from "../../parts/load-error.js";
import { toast } from "../../parts/toast.js";
import { place, setQuery } from "../../router.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { InvitationTable } from "./invitation-table.js";
import { Invite } from "./invite.js";

const keyOf = (invitation) => invitation.invitation_id;

export function Invitations({ team, path, roles, creating, onCreating, onRecount }) {
  const w = words().invitations;
  const status = place.value.query.get("status") ?? "";
  const [live, setLive] = useState(null);
  const [problem, setProblem] = useState(null);
  const [issued, setIssued] = useState(null);
  const [dialog, setDialog] = useState(null);
  const reissuing = useRef(false);
  const history = useList(`${path}/invitations`, { status }, keyOf);
  const reloadLive = (report = setProblem) =>
    getAllPages(`${path}/invitations`, { status: "live" }).then(setLive, report);
  useEffect(() => void reloadLive(), [path]);
  useReload(() => reloadLive(reportGone(setProblem)));

  const open = issued && !issued.copied;
  // Ask before a new code replaces one that nobody has copied.
  const unlessOpen = (act) => (open ? setDialog({ kind: "uncopied", act }) : act());
  const reload = () => {
    reloadLive();
    history.reload();
    onRecount();
  };
  const show = ({ invitation, code }) => {
    setIssued({ invitation, code, copied: false });
    announce(w.announced);
    reload();
    document.querySelector(".content")?.scrollIntoView({ block: "start" });
  };
  const reissue = async (invitation) => {
    if (reissuing.current) return;
    reissuing.current = true;
    setProblem(null);
    try {
      show(await post(pathOf`/v1/teams/${team.team_id}/invitations/${keyOf(invitation)}/reissue`));
    } catch (refused) {
      setProblem(refused);
    } finally {
      reissuing.current = false;
    }
  };
  const revoke = async () => {
    await del(pathOf`/v1/teams/${team.team_id}/invitations/${keyOf(dialog.invitation)}`);
    if (issued && keyOf(issued.invitation) === keyOf(dialog.invitation)) setIssued(null);
    setDialog(null);
    reload();
    toast(w.wasRevoked(dialog.invitation.code_hint));
  };
  const act = {
    reissue: (invitation) => unlessOpen(() => reissue(invitation)),
    revoke: (invitation) => setDialog({ kind: "revoke", invitation }),
    may: (invitation) => mayGrantRole(invitation.role, team.team_id),
  };
  const close = () => setDialog(null);
  const issuedByDialog = (reply) => {
    onCreating(false);
    show(reply);
  };
  const replaceUncopied = () => {
    close();
    return dialog.act();
  };
  const leave = { title: w.uncopied, text: w.uncopiedText, discard: w.leave, keep: w.stay };
  const retry = () => {
    setProblem(null);
    reload();
  };
  const failed = problem ?? history.problem;
  return html`
    ${
      issued &&
      html`
        <${CodeDisplay} key=${keyOf(issued.invitation)} title=${w.title} note=${w.send} code=${issued.code}
          expiresAt=${issued.invitation.expires_at} facts=${factsOf(issued.invitation)}
          onCopied=${() => setIssued({ ...issued, copied: true })} onReissue=${() => reissue(issued.invitation)}
          onClose=${() => setIssued(null)} />`
    }
    <${InvitationTable} team=${team} live=${live} history=${history} status=${status}
      onStatus=${(value) => setQuery({ status: value })} shown=${issued && keyOf(issued.invitation)} act=${act}
      onInvite=${() => onCreating(true)} />
    ${
      creating &&
      html`
        <${Invite} team=${team} path=${path} roles=${roles} replaces=${open}
          onIssued=${issuedByDialog} onClose=${() => onCreating(false)} />`
    }
    ${
      dialog?.kind === "revoke" &&
      html`
        <${ConfirmDialog} title=${w.revokeQuestion(dialog.invitation.code_hint)} text=${w.revokeText}
          action=${w.revokeAction} onRun=${revoke} onClose=${close} />`
    }
    ${
      dialog?.kind === "uncopied" &&
      html`
        <${ConfirmDialog} title=${w.uncopied} text=${w.uncopiedText} action=${w.continueUncopied}
          onRun=${replaceUncopied} onClose=${close} />`
    }
    <${LeaveGuard} changes=${open ? 1 : 0} question=${leave} />
    <${LoadError} problem=${failed} onAgain=${retry} />`;
}

function factsOf({ role, login, issued_by: issuer, note }) {
  const w = words().invitations;
  return [
    [w.role, roleName(role)],
    [w.for, login ?? w.anyone],
    [w.issuedBy, issuer.username],
    ...(note ? [[w.note, note]] : []),
  ];
}
