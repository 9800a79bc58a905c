// The roles of a team: one at a time to view or edit.

import { patch, pathOf } from "../../api.js";
import { permissions } from "../../facts.js";
import { useReload } from "../../freshness.js";
import { mayCopyRole, mayEditRole, ownRole, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { keys } from "../../keyboard.js";
import { getAllPages } from "../../pages.js";
import { Banner } from "../../parts/banner.js";
import { Button } from "../../parts/button.js";
import { Emphasis } from "../../parts/emphasis.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { MoreMenu } from "../../parts/more-menu.js";
import { Picker } from "../../parts/picker.js";
import { toast } from "../../parts/toast.js";
import { can } from "../../permissions.js";
import { messageOf } from "../../problem-messages.js";
import { go } from "../../router.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { PermissionGrid } from "./permission-grid.js";
import { DeleteRole, NewRole, RenameRole } from "./role-dialogs.js";
import { roleWords } from "./role-words.js";

// How many members and live invitations a role has, that is, whom a change affects.
function useRoleHolders(path, teamId) {
  const [people, setPeople] = useState({ members: null, invitations: null });
  const load = () => {
    const set = (name) => (found) => setPeople((before) => ({ ...before, [name]: found }));
    getAllPages(`${path}/members`).then(set("members"), () => {});
    if (can("members.manage", teamId))
      getAllPages(`${path}/invitations`, { status: "live" }).then(set("invitations"), () => {});
  };
  useEffect(load, [path]);
  useReload(load);
  return (roleId) => {
    const of = (list) => list?.filter(({ role }) => role.role_id === roleId).length;
    return { members: of(people.members), invitations: of(people.invitations) };
  };
}

export function Roles({ team, path, roles, itemId: roleId, creating, onCreating, onRoles }) {
  const role = roleId
    ? roles.find(({ role_id }) => role_id === roleId)
    : (roles.find(({ preset }) => !preset) ?? roles[0]);
  const holders = useRoleHolders(path, team.team_id);
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const here = (id) => `/teams/${team.team_id}/roles/${id}`;
  const created = async (made) => {
    onCreating(false);
    close();
    await onRoles();
    go(here(made.role_id));
  };
  const gone = async () => {
    close();
    await go(`/teams/${team.team_id}/roles`, { replace: true, unasked: true });
    onRoles();
  };
  const w = roleWords();
  if (roles.length > 0 && !role) return html`<${Banner} tone="amber"><span>${w.gone}</span></${Banner}>`;
  return html`
    ${
      role &&
      html`
        <${RoleEditor} key=${role.role_id} team=${team} roles=${roles} role=${role}
          held=${holders(role.role_id)} onAsk=${(kind) => setDialog({ kind, role })} onChoose=${(id) => go(here(id))}
          onRoles=${onRoles} />`
    }
    ${
      creating &&
      roles.length > 0 &&
      html`
        <${NewRole} team=${team} path=${path} roles=${roles}
          source=${roles.find(({ role_id }) => role_id === "reviewer")} onCreated=${created}
          onClose=${() => onCreating(false)} />`
    }
    ${
      dialog?.kind === "copy" &&
      html`
        <${NewRole} team=${team} path=${path} roles=${roles} source=${dialog.role} onCreated=${created}
          onClose=${close} />`
    }
    ${
      dialog?.kind === "rename" &&
      html`<${RenameRole} path=${path} role=${dialog.role} onRenamed=${onRoles} onClose=${close} />`
    }
    ${
      dialog?.kind === "delete" &&
      html`<${DeleteRole} path=${path} role=${dialog.role} onDeleted=${gone} onClose=${close} />`
    }`;
}

function RoleEditor({ team, roles, role, held, onAsk, onChoose, onRoles }) {
  const w = roleWords();
  const [ticked, setTicked] = useState(role.permissions);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const shapes = mayEditRole(role, team.team_id);
  const changed = permissions.filter(
    (permission) => ticked.includes(permission) !== role.permissions.includes(permission),
  );
  const turn = (permission) => {
    setProblem(null);
    setTicked(permissions.filter((other) => (other === permission) !== ticked.includes(other)));
  };
  const save = async () => {
    if (changed.length === 0 || busy) return;
    if (ticked.length === 0) return setProblem(w.noneTicked);
    setBusy(true);
    try {
      await patch(
        pathOf`/v1/teams/${team.team_id}/roles/${role.role_id}`,
        { permissions: ticked },
        { version: role.version },
      );
      toast(w.wasSaved(role.name));
      await onRoles();
    } catch (refused) {
      setProblem(messageOf(refused));
    } finally {
      setBusy(false);
    }
  };
  // After another version was saved, the permissions that the person did not touch take its values.
  const [base, setBase] = useState(role);
  useEffect(() => {
    if (role.version === base.version) return;
    const mine = (permission) => ticked.includes(permission) !== base.permissions.includes(permission);
    setTicked(permissions.filter((permission) => (mine(permission) ? ticked : role.permissions).includes(permission)));
    setBase(role);
  }, [role.version]);
  useEffect(() => keys({ "Mod+Enter": save }), [ticked, busy]);

  const option = (one) => ({ id: one.role_id, name: roleName(one), note: one.preset ? w.preset : w.custom });
  const groups = [
    [w.customs, false],
    [w.presets, true],
  ].map(([name, preset]) => ({ name, options: roles.filter((one) => one.preset === preset).map(option) }));
  const items = [
    mayCopyRole(role, team.team_id) && { icon: "copy", label: w.copy, onChoose: () => onAsk("copy") },
    shapes && { icon: "edit", label: w.rename, onChoose: () => onAsk("rename") },
    shapes && "line",
    shapes && { icon: "trash", label: w.delete, name: role.name, red: true, onChoose: () => onAsk("delete") },
  ].filter(Boolean);
  const why =
    shapes || !can("roles.manage", team.team_id)
      ? undefined
      : role.preset
        ? w.presetFixed
        : ownRole(team.team_id)?.role_id === role.role_id
          ? w.ownFixed
          : w.beyond;
  const effect = w.effect(changed.length, role.name);
  const people = [
    held.members !== undefined && w.members(held.members),
    held.invitations > 0 && w.invitations(held.invitations),
  ]
    .filter(Boolean)
    .join(" · ");
  return html`
    <div class="role-bar">
      <span class="plain-picker">
        <${Picker} label=${w.role} current=${option(role)} groups=${groups} onChoose=${({ id }) => onChoose(id)} />
      </span>
      <span class="grow">${people}</span>
      ${
        !shapes && mayCopyRole(role, team.team_id)
          ? html`<${Button} onClick=${() => onAsk("copy")}>${w.copy}</${Button}>`
          : items.length > 0 && html`<${MoreMenu} label=${w.more(roleName(role))} items=${items} />`
      }
    </div>
    ${why && html`<p class="role-why quiet">${why}</p>`}
    <${PermissionGrid} team=${team} role=${role} ticked=${ticked} changed=${changed} shapes=${shapes} onTurn=${turn} />
    ${
      changed.length > 0 &&
      html`
        <div class="save-bar" role="region" aria-label=${w.saveBar}>
          <p class="grow" role="status">
            <${Emphasis} text=${held.members === undefined ? effect : w.effectFor(effect, held.members)} />
          </p>
          <${Button} kind="ghost" onClick=${() => setTicked(role.permissions)}>${w.discard}</${Button}>
          <${Button} kind="primary" busy=${busy} onClick=${save}>${w.save}</${Button}>
        </div>`
    }
    ${problem && html`<${Banner} tone="red"><span>${problem}</span></${Banner}>`}
    <${LeaveGuard} changes=${changed.length} />`;
}
