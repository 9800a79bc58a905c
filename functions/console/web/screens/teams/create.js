// The dialog that creates a team, with its first admin if one is named.

import { get, Problem, pathOf, post, queryOf } from "../../api.js";
import { limits } from "../../facts.js";
import { required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { toast } from "../../parts/toast.js";
import { keepTeam } from "../../teams.js";
import { words } from "../../words.js";

// Finds a member by login, because the API takes only ids.
async function findMember(login) {
  for (let cursor; cursor !== null; ) {
    const page = await get(`/v1/users${queryOf({ type: "member", q: login, limit: limits.itemsPerPage, cursor })}`);
    const found = page.items.find((user) => user.login.toLowerCase() === login.toLowerCase());
    if (found) return found;
    cursor = page.next_cursor;
  }
  return null;
}

const UNKNOWN_ADMIN = new Problem(422, {
  code: "validation_failed",
  errors: [{ pointer: "/admin_user_id", code: "unknown_reference" }],
});

export function CreateTeam({ onCreated, onClose }) {
  const w = words().teams;
  const form = useForm(
    { name: "", admin_user_id: "" },
    { check: { name: required }, codes: { team_name_taken: "name", too_many_teams: "admin_user_id" } },
  );
  const create = () =>
    form.submit(async ({ name, admin_user_id: login }) => {
      const admin = login.trim() === "" ? null : await findMember(login.trim());
      if (login.trim() !== "" && !admin) throw UNKNOWN_ADMIN;
      const team = await post("/v1/teams", { name: name.trim(), admin_user_id: admin?.user_id ?? null });
      onCreated(keepTeam(team));
      toast(w.wasCreated(team.name), { open: pathOf`/teams/${team.team_id}/members` });
    });
  const typed = form.values.name !== "" || form.values.admin_user_id !== "";
  return html`
    <${FormDialog} title=${w.create} action=${w.createAction} busy=${form.busy} typed=${typed} onClose=${onClose}
      onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.name} ...${form.bind("name")} hint=${w.nameHint} autocomplete="off" autofocus />
        <${TextField} label=${w.firstAdmin} ...${form.bind("admin_user_id")} hint=${w.firstAdminHint} class="id"
          autocomplete="off" autocapitalize="off" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
