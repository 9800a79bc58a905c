// The person's name, and the parts of their account that are fixed.

import { patch } from "../../api.js";
import { rules } from "../../field-rules.js";
import { useForm } from "../../form.js";
import { roleName } from "../../grants.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { FormError, TextField } from "../../parts/field.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { toast } from "../../parts/toast.js";
import { me, signedIn } from "../../session.js";
import { dateAndTime } from "../../times.js";
import { words } from "../../words.js";

export function Profile() {
  const w = words().me;
  const { user, teams } = signedIn();
  const form = useForm(
    { username: user.username },
    { check: { username: rules.username }, codes: { version_conflict: "username" } },
  );
  const changed = form.values.username !== user.username;
  const submit = (event) => {
    event.preventDefault();
    if (!changed) return toast(w.saved);
    return form.submit(async (values) => {
      me.value = await patch("/v1/me", { username: values.username.trim() }, { version: user.version });
      toast(w.saved);
    });
  };
  return html`
    <section>
      <form class="form" onSubmit=${submit} novalidate>
        <${TextField} label=${w.username} ...${form.bind("username")} changed=${changed}
          hint=${words().register.usernameHint} autocomplete="name" />
        <${FormError}>${form.problem}</${FormError}>
        <div class="form-actions"><${Button} kind="primary" type="submit" busy=${form.busy}>${w.save}</${Button}></div>
      </form>
    </section>
    <section>
      <dl class="plain">
        <dt>${w.login}</dt><dd class="id">${user.login}</dd><dt>${w.type}</dt><dd>${w.types[user.type]}</dd>
        <dt>${w.since}</dt><dd>${dateAndTime(user.created_at)}</dd>
        ${
          user.type === "member" &&
          html`
            <dt>${w.teams}</dt>
            <dd>
              ${
                teams.length === 0
                  ? w.noTeams
                  : teams.map(
                      ({ name, role }) =>
                        html`<div><bdi>${name}</bdi> <span class="quiet">${roleName(role)}</span></div>`,
                    )
              }
            </dd>`
        }
      </dl>
    </section>
    <${LeaveGuard} changes=${changed ? 1 : 0} />`;
}
