// One user, opened beside the list.

import { get, patch, pathOf } from "../../api.js";
import { keyWords } from "../../api-keys/words.js";
import { rules } from "../../field-rules.js";
import { useForm } from "../../form.js";
import { roleName } from "../../grants.js";
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
import { Time } from "../../parts/time.js";
import { toast } from "../../parts/toast.js";
import { messageOf } from "../../problem-messages.js";
import { teamName } from "../../teams.js";
import { dateAndTime } from "../../times.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import {
  addressOfKeys,
  isOwn,
  isService,
  isSuper,
  mayAct,
  mayBeInTeams,
  mayRevokeKeys,
  operationsOn,
} from "./actions.js";
import { typesOfPeople } from "./create.js";
import { Status, TypeTag } from "./table.js";

export function UserSheet({ userId, listed, act, onSaved, onClose }) {
  const [user, setUser] = useState(null);
  const [problem, setProblem] = useState(null);
  const path = pathOf`/v1/users/${userId}`;
  useEffect(() => void get(path).then(setUser, setProblem), [path, listed?.version, listed?.status]);
  // A failed reload does not discard what is being edited.
  if (problem && !user)
    return html`
      <${Dialog} title=${problem.status === 404 ? words().users.gone : messageOf(problem)}
        onClose=${() => onClose({ unasked: true })} />`;
  return user && html`<${Details} user=${user} path=${path} act=${act} onSaved=${onSaved} onClose=${onClose} />`;
}

const line = (name, value) =>
  html`<div class="plain-line"><span class="quiet">${name}</span><span>${value}</span></div>`;

// The team that a service account belongs to.
function home({ home_team_id: id }) {
  if (!id) return keyWords().service.platform;
  return html`<a href=${`/teams/${id}/members`}><bdi>${teamName(id) ?? id}</bdi></a>`;
}

function signInLines(user) {
  const w = words().users;
  return html`
    ${user.email && line(w.emailStatus, user.email_verified ? w.confirmed : words().email.unconfirmed)}
    ${line(w.twoFactorLong, user.totp_enabled ? w.on : w.off)}
    ${line(w.lastSignIn, user.last_login_at ? html`<${Time} at=${user.last_login_at} />` : w.never)}`;
}

const formValuesOf = ({ username, type, email }) => ({ username, type, email: email ?? "" });

function Details({ user, path, act, onSaved, onClose }) {
  const w = words().users;
  const edits = mayAct(user);
  const form = useForm(formValuesOf(user), { check: { username: rules.username, email: rules.email } });
  const { base, changed, save, conflict } = useMerged(user, formValuesOf, form);
  const submit = () => {
    if (changed.length === 0 || !edits) return onClose({});
    return form.submit(async (values) => {
      const body = Object.fromEntries(changed.map((name) => [name, values[name].trim() || null]));
      const saved = await save(
        (version) => patch(path, body, { version }),
        () => get(path),
      );
      if (!saved) return;
      onSaved(saved);
      onClose({ unasked: true });
      const back = async () => onSaved(await patch(path, { username: base.username }, { version: saved.version }));
      toast(w.wasSaved(user.login), { undo: changed.join() === "username" ? back : undefined });
    });
  };
  const own = isOwn(user);
  const foot =
    edits &&
    html`
    <span class="grow" role="status">${changed.length > 0 ? words().unsaved.count(changed.length) : ""}</span>
    <${Button} onClick=${() => onClose({})}>${words().dialog.cancel}</${Button}>
    <${Button} kind="primary" type="submit" busy=${form.busy}>${words().dialog.saveChanges}</${Button}>`;
  const field = (name, rest) =>
    html`
      <${TextField} label=${w[name]} ...${form.bind(name)} readonly=${!edits} changed=${changed.includes(name)}
        autocomplete="off" ...${rest} />`;
  return html`
    <${Sheet} title=${user.username}
      tag=${
        user.type === "member"
          ? html`<span class="tag plain">${words().me.types.member}</span>`
          : html`<${TypeTag} type=${user.type} />`
      } caption=${w.fixed(user.login, dateAndTime(user.created_at))} foot=${foot} busy=${form.busy}
      onClose=${() => onClose({})} onSubmit=${submit}
      avatar=${html`<${Avatar} id=${user.user_id} name=${user.username} shape="large" />`}
      menu=${
        (own || mayRevokeKeys(user)) &&
        html`<${MoreMenu} label=${w.more(user.login)} items=${operationsOn(user, act).slice(own ? 0 : 1)} />`
      }>
      <div class="form">
        ${
          conflict &&
          html`
            <${Conflict} ...${conflict} labels=${w}
              said=${(name, value) => (name === "type" ? words().me.types[value] : undefined)} />`
        }
        ${field("username", { hint: edits ? words().register.usernameHint : undefined })}
        ${
          edits &&
          isSuper() &&
          !isService(user) &&
          html`
            <${SelectField} label=${w.type} ...${form.bind("type")} changed=${changed.includes("type")}
              options=${typesOfPeople()}
              hint=${
                form.values.type !== "member" && user.type === "member" ? w.promoteHint : w.typeHints[form.values.type]
              } />`
        }
        ${!isService(user) && field("email", { type: "email", hint: edits ? w.emailHint : undefined })}
        <hr />
        ${line(w.status, html`<${Status} user=${user} />`)}
        ${isService(user) ? line(keyWords().service.home, home(user)) : signInLines(user)}
        ${
          mayBeInTeams(user) &&
          line(
            w.teams,
            user.teams.length === 0
              ? words().me.noTeams
              : user.teams.map(
                  ({ team_id, name, role }) =>
                    html`
                      <span class="membership">
                        <a href=${`/teams/${team_id}/members`}><bdi>${name}</bdi></a> <span class="loose">
                          ${roleName(role)}
                        </span>
                      </span>`,
                ),
          )
        }
        ${line(w.keys, html`<a href=${addressOfKeys(user)}>${keyWords().service.openKeys}</a>`)}
        ${line(
          w.record,
          html`
            <a href=${`/audit?actor=${user.user_id}`}>${w.actionsBy}</a> · <a href=${`/audit?target=${user.user_id}`}>
              ${w.changesTo}
            </a>`,
        )}
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Sheet}>
    <${LeaveGuard} changes=${changed.length} />`;
}
