// One team, with a tab for each part.

import { get, pathOf, queryOf } from "../api.js";
import { limits } from "../facts.js";
import { reportGone, useReload } from "../freshness.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { getAllPages } from "../pages.js";
import { Empty } from "../parts/empty.js";
import { lazy } from "../parts/lazy.js";
import { LoadError } from "../parts/load-error.js";
import { Page } from "../parts/page.js";
import { Tabs } from "../parts/tabs.js";
import { can } from "../permissions.js";
import { go } from "../router.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { managesWebhooks } from "../webhooks/manages.js";
import { words } from "../words.js";
import { AuditLog } from "./audit/log.js";
import NotFound from "./not-found.js";
import { TeamApps } from "./team/apps.js";
import { Invitations } from "./team/invitations.js";
import { Members } from "./team/members.js";
import { Roles } from "./team/roles.js";

const TeamAudit = ({ team }) => html`<${AuditLog} teamId=${team.team_id} />`;

const TeamWebhooks = lazy(async () => (await import("./team/webhooks.js")).TeamWebhooks);

// `create` is the permission for the primary action. `counted` is the list whose length the tab shows if it fits one
// page.
// A tab that is opened by a role instead of a permission has `seenBy`: who sees it may also create there.
const TABS = {
  members: { Part: Members, sees: ["team.read"], create: "members.manage", counted: (path) => [`${path}/members`, {}] },
  invitations: {
    Part: Invitations,
    sees: ["members.manage"],
    create: "members.manage",
    counted: (path) => [`${path}/invitations`, { status: "live" }],
  },
  roles: { Part: Roles, sees: ["team.read"], create: "roles.manage", quiet: true },
  apps: {
    Part: TeamApps,
    sees: ["accounts.read", "apps.manage"],
    create: "apps.manage",
    counted: (_, team_id) => ["/v1/apps", { team_id }],
  },
  audit: { Part: TeamAudit, sees: ["audit.read"] },
  webhooks: { Part: TeamWebhooks, seenBy: managesWebhooks },
};

const isSeen = ({ sees = [], seenBy }, teamId) =>
  seenBy?.(teamId) || sees.some((permission) => can(permission, teamId));

// The key makes another team start with fresh state.
export default (parameters) => html`<${Team} key=${parameters.team} ...${parameters} />`;

function Team({ team: teamId, tab, item }) {
  const [team, setTeam] = useState(null);
  const [roles, setRoles] = useState(/** @type {any[]} */ ([]));
  const [counts, setCounts] = useState({});
  const [problem, setProblem] = useState(null);
  const [creating, setCreating] = useState(false);
  const w = words().team;
  const path = pathOf`/v1/teams/${teamId}`;
  const seen = Object.keys(TABS).filter((name) => isSeen(TABS[name], teamId));

  const count = async (name) => {
    const [list, parameters] = TABS[name].counted(path, teamId);
    const page = await get(list + queryOf({ ...parameters, limit: limits.itemsPerPage }));
    setCounts((before) => ({ ...before, [name]: page.next_cursor === null ? page.items.length : undefined }));
  };
  // The count is optional: without it the tab still has its name.
  const recount = (name) => count(name).catch(() => {});
  const reloadRoles = (report = setProblem) => getAllPages(`${path}/roles`).then(setRoles, report);
  const load = (report) => {
    get(path).then(setTeam, report);
    reloadRoles(report);
    for (const name of seen) if (TABS[name].counted) recount(name);
  };
  const begin = () => {
    setProblem(null);
    load(setProblem);
  };
  useEffect(begin, []);
  useReload(() => load(reportGone(setProblem)));
  useEffect(() => setCreating(false), [tab]);

  const current = TABS[tab];
  const mayCreate = team && (current?.seenBy?.(teamId) || (current?.create && can(current.create, teamId)));
  useEffect(() => (mayCreate ? keys({ c: () => setCreating(true) }) : undefined), [mayCreate]);
  useEffect(() => void (tab === undefined && go(`/teams/${teamId}/members`, { replace: true })), [tab]);

  if (problem?.status === 404) {
    return html`
      <${Page} title=${words().teams.title}>
        <${Empty} text=${words().teams.gone}>
          <a class="button secondary" href="/teams">${words().teams.title}</a>
        </${Empty}>
      </${Page}>`;
  }
  if (tab !== undefined && !seen.includes(tab)) return html`<${NotFound} />`;
  const primary = mayCreate && {
    icon: "plus",
    label: w.create[tab],
    short: w.createShort[tab] ?? w.create[tab],
    act: () => setCreating(true),
    kind: current.quiet ? "secondary" : "primary",
  };
  const known = { ...counts, roles: roles.length || undefined };
  const Part = current?.Part;
  return html`
    <${Page} title=${team?.name ?? ""} parent=${{ href: "/teams", label: words().teams.title }}
      part=${tab && w.tabs[tab]} primary=${primary}>
      <${Tabs} label=${team?.name ?? w.tabs.members}
        tabs=${seen.map((name) => [`/teams/${teamId}/${name}`, w.tabs[name], known[name]])}
        current=${`/teams/${teamId}/${tab}`} />
      ${
        team &&
        tab &&
        html`
          <${Part} key=${tab} team=${team} path=${path} roles=${roles} itemId=${item} creating=${creating}
            onCreating=${setCreating} onRecount=${() => recount(tab)} onRoles=${() => reloadRoles()} />`
      }
      <${LoadError} problem=${problem} onAgain=${begin} />
    </${Page}>`;
}
