// Joining a team with an invitation code.

import { post } from "../api.js";
import { codeOfLength, useForm } from "../form.js";
import { roleName } from "../grants.js";
import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { CodeEntry } from "../parts/code-entry.js";
import { FormError } from "../parts/field.js";
import { Page } from "../parts/page.js";
import { toast } from "../parts/toast.js";
import { isPlatform } from "../permissions.js";
import { go } from "../router.js";
import { load, signedIn } from "../session.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import NotFound from "./not-found.js";

export default function Join() {
  if (isPlatform()) return html`<${NotFound} />`;
  return html`<${JoinForm} />`;
}

function JoinForm() {
  const w = words().join;
  const { user, teams } = signedIn();
  const [unproved, setUnproved] = useState(!user.email_verified);
  const form = useForm(
    { code: "" },
    {
      check: { code: codeOfLength() },
      codes: { invitation_invalid: "code", already_member: "code", too_many_attempts: "code" },
    },
  );
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ code }) => {
      try {
        const { team, role } = await post("/v1/invitations/redeem", { code });
        await load();
        await go(`/teams/${team.team_id}/members`);
        toast(w.joined(team.name, roleName(role)));
      } catch (problem) {
        setUnproved(problem.code === "email_not_verified");
        throw problem;
      }
    });
  };
  return html`
    <${Page} title=${w.title} plain>
      <div class="join">
        <h1>${w.title}</h1><p>${w.text}</p>
        ${unproved && html`<p class="form-note">${w.confirmFirst} <a href="/me/email">${w.confirmEmail}</a></p>`}
        <form onSubmit=${submit} novalidate>
          <${CodeEntry} label=${w.code} ...${form.bind("code")} hint=${w.hint} autofocus />
          <${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.action}</${Button}>
          <${FormError}>${form.problem}</${FormError}>
        </form>
        <section><h2>${teams.length === 0 ? w.none : w.more}</h2><p>${w.ask}</p></section>
      </div>
    </${Page}>`;
}
