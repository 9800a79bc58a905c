// The API keys of another user: as an admin of the platform sees them, or as those of a team's service account.

import { get, Problem, pathOf } from "../api.js";
import { KeyList } from "../api-keys/list.js";
import { keyWords } from "../api-keys/words.js";
import { html } from "../html.js";
import { getAllPages } from "../pages.js";
import { Empty } from "../parts/empty.js";
import { LoadError } from "../parts/load-error.js";
import { Page } from "../parts/page.js";
import { go } from "../router.js";
import { teamName } from "../teams.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { isOwn, isService, mayManageKeys, mayRevokeKeys } from "./users/actions.js";

// The key makes another user start with fresh state.
export default ({ user, team }) =>
  html`<${UserKeys} key=${`${team} ${user}`} source=${team ? ofTeam(team, user) : ofPlatform(user)} />`;

// Where the keys are, who owns them, and what the person may do to them.
function ofPlatform(userId) {
  const teamsOf = (user) => user.teams.map(({ team_id: id }) => id);
  return {
    path: pathOf`/v1/users/${userId}/keys`,
    load: () => get(pathOf`/v1/users/${userId}`),
    may: (user) => ({ manage: mayManageKeys(user), revoke: mayRevokeKeys(user) }),
    isPlatform: (user) => user.type === "platform_service",
    isOwnersApp: (user, app) => user.type === "platform_service" || teamsOf(user).includes(app.team_id),
    parent: { href: "/users", label: words().users.title },
  };
}

function ofTeam(teamId, userId) {
  const path = pathOf`/v1/teams/${teamId}/members`;
  // A member has no address of their own.
  const load = async () => {
    const member = (await getAllPages(path)).find(({ user_id: id }) => id === userId);
    if (member?.home_team_id !== teamId) throw new Problem(404, { code: "not_found" });
    return { ...member, type: "service" };
  };
  return {
    path: path + pathOf`/${userId}/keys`,
    load,
    may: () => ({ manage: true, revoke: true }),
    isPlatform: () => false,
    isOwnersApp: (_, app) => app.team_id === teamId,
    parent: { href: pathOf`/teams/${teamId}/members`, label: teamName(teamId) ?? words().team.tabs.members },
  };
}

function UserKeys({ source }) {
  const w = keyWords();
  const [user, setUser] = useState(null);
  const [problem, setProblem] = useState(null);
  const [creating, setCreating] = useState(false);
  const load = () => {
    setProblem(null);
    source.load().then(setUser, setProblem);
  };
  useEffect(load, []);
  useEffect(() => void (user && isOwn(user) && go("/me/keys", { replace: true })), [user]);
  if (problem?.status === 404) {
    return html`
      <${Page} title=${w.title} parent=${source.parent}>
        <${Empty} text=${w.gone}>
          <a class="button secondary" href=${source.parent.href}>${source.parent.label}</a>
        </${Empty}>
      </${Page}>`;
  }
  const may = user ? source.may(user) : { manage: false, revoke: false };
  const primary = may.manage && { icon: "plus", label: w.create, act: () => setCreating(true) };
  return html`
    <${Page} title=${user ? w.of(user.login) : w.title} parent=${source.parent} primary=${primary}>
      ${
        user &&
        html`
          <div class="page-body">
            <${KeyList} path=${source.path} text=${textFor(user, may)} may=${may} isPlatform=${source.isPlatform(user)}
              isOwnersApp=${(app) => source.isOwnersApp(user, app)} creating=${creating} onCreating=${setCreating} />
          </div>`
      }
      <${LoadError} problem=${problem} onAgain=${load} />
    </${Page}>`;
}

function textFor(user, may) {
  const w = keyWords().texts;
  if (may.manage) return w.service;
  if (isService(user)) return w.platformService;
  return may.revoke ? w.person : w.admin;
}
