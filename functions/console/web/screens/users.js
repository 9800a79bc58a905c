// The users of the platform, and the operations on them.

import { patch, pathOf } from "../api.js";
import { userTypes } from "../facts.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { useList } from "../list.js";
import { Empty } from "../parts/empty.js";
import { FilterMenu } from "../parts/filter-menu.js";
import { InitialPassword } from "../parts/initial-password.js";
import { LoadError } from "../parts/load-error.js";
import { Page } from "../parts/page.js";
import { Search } from "../parts/search.js";
import { toast } from "../parts/toast.js";
import { isPlatform } from "../permissions.js";
import { closeTo, go, place, setQuery } from "../router.js";
import { loadTeams, teams } from "../teams.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import NotFound from "./not-found.js";
import { isService, mayBeInTeams } from "./users/actions.js";
import { CreateUser } from "./users/create.js";
import { useUserDetails } from "./users/details.js";
import { UserDialog } from "./users/dialogs.js";
import { UserSheet } from "./users/sheet.js";
import { UserTable } from "./users/table.js";
import { UserTabs } from "./users/tabs.js";

const keyOf = (user) => user.user_id;
const STATUSES = ["enabled", "disabled"];

export default function Users(parameters) {
  return isPlatform() ? html`<${List} ...${parameters} />` : html`<${NotFound} />`;
}

function List({ user: userId }) {
  const w = words().users;
  const { query } = place.value;
  const [type, team, status, q] = ["type", "team", "status", "q"].map((name) => query.get(name) ?? "");
  const list = useList("/v1/users", { type, team_id: team, status, q }, keyOf);
  const detailsOf = useUserDetails(list.items, (user) => (mayBeInTeams(user) ? keyOf(user) : undefined));
  const teamsOf = (user) => detailsOf(keyOf(user))?.teams ?? [];
  const [dialog, setDialog] = useState(null);
  const [problem, setProblem] = useState(null);
  const close = () => setDialog(null);
  useEffect(() => {
    loadTeams();
    return keys({ c: () => setDialog({ kind: "create" }) });
  }, []);

  const turn = async (user, to) => {
    try {
      const changed = await patch(pathOf`/v1/users/${user.user_id}`, { status: to });
      list.replace(changed);
      toast((to === "disabled" ? w.wasDisabled : w.wasEnabled)(user.login), { undo: () => turn(changed, user.status) });
    } catch (refused) {
      setProblem(refused);
    }
  };
  const act = {
    open: (user) => go(pathOf`/users/${user.user_id}` + location.search),
    turn,
    disable: (user) => (isService(user) ? act.ask("disable", user) : turn(user, "disabled")),
    ask: (kind, user) => setDialog({ kind, user }),
  };
  const changed = (user) => list.replace({ ...list.items.find((other) => keyOf(other) === keyOf(user)), ...user });
  const done = (user, gone) => {
    close();
    if (!gone) return changed(user);
    list.remove([keyOf(user)]);
    if (userId === keyOf(user)) go(`/users${location.search}`, { replace: true, unasked: true });
    return undefined;
  };
  const shown = (login, password) => setDialog({ kind: "password", login, password });
  const passwordReset = (user, password) => {
    changed(user);
    shown(user.login, password);
  };
  const created = (user, password) => {
    if (!type && !team && !status && !q) list.upsert(user);
    else list.reload();
    toast(w.wasCreated(user.login), { open: pathOf`/users/${user.user_id}` + (isService(user) ? "/keys" : "") });
    if (password) shown(user.login, password);
    else close();
  };

  const primary = { icon: "plus", label: w.create, short: w.createShort, act: () => setDialog({ kind: "create" }) };
  const filtered = [type, team, status, q].some((value) => value !== "");
  const clear = html`
    <button type="button" class="button secondary" onClick=${() => setQuery({ type: "", team: "", status: "", q: "" })}>
      ${words().list.clearFilters}
    </button>`;
  const retry = () => {
    setProblem(null);
    list.reload();
  };
  const failed = problem ?? list.problem;
  const filter = (name, value, options) =>
    html`
      <${FilterMenu} label=${w.filters[name]} value=${value} options=${options}
        onChoose=${(chosen) => setQuery({ [name]: chosen })} />`;
  return html`
    <${Page} title=${w.title} thing=${userId && list.items.find((user) => keyOf(user) === userId)?.login}
      primary=${primary}>
      <${UserTabs} current="/users" />
      <div class="filter-bar">
        <${Search} label=${w.search} value=${q} onSearch=${(typed) => setQuery({ q: typed })} />
        ${filter(
          "type",
          type,
          userTypes.map((one) => [one, words().me.types[one]]),
        )}
        ${filter(
          "team",
          team,
          teams().map(({ team_id, name }) => [team_id, name]),
        )}
        ${filter(
          "status",
          status,
          STATUSES.map((one) => [one, words().members.statuses[one]]),
        )}
      </div>
      <${UserTable} list=${list} keyOf=${keyOf} teamsOf=${teamsOf} act=${act} current=${userId}
        empty=${html`<${Empty} text=${w.noMatch}>${filtered && clear}</${Empty}>`} />
      ${
        userId &&
        html`
          <${UserSheet} key=${userId} userId=${userId} listed=${list.items.find((user) => keyOf(user) === userId)}
            act=${act} onSaved=${changed} onClose=${(options) => closeTo(`/users${location.search}`, options)} />`
      }
      ${dialog?.kind === "create" && html`<${CreateUser} onCreated=${created} onClose=${close} />`}
      ${
        dialog?.kind === "password" &&
        html`<${InitialPassword} login=${dialog.login} password=${dialog.password} onClose=${close} />`
      }
      ${
        dialog?.user &&
        html`
          <${UserDialog} kind=${dialog.kind} user=${dialog.user} onDone=${done}
            onPassword=${passwordReset} onClose=${close} />`
      }
      <${LoadError} problem=${failed} onAgain=${retry} />
    </${Page}>`;
}
