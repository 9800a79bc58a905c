// The accounts of an application, and the operations on one or many of them.

import { announce } from "../announce.js";
import { pathOf, put } from "../api.js";
import { apps, forgetApp, keepApp, loadApp, rememberVisit } from "../apps.js";
import { limits } from "../facts.js";
import { reportGone, useReload } from "../freshness.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { useList } from "../list.js";
import { Empty } from "../parts/empty.js";
import { lazy } from "../parts/lazy.js";
import { LoadError } from "../parts/load-error.js";
import { LockStrip } from "../parts/lock-strip.js";
import { Page } from "../parts/page.js";
import { useSelection } from "../parts/selection.js";
import { can } from "../permissions.js";
import { closeTo, go, place, setQuery } from "../router.js";
import { loadTeams } from "../teams.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { setAdmin } from "./accounts/admin.js";
import { AppPicker } from "./accounts/app-picker.js";
import { BulkButtons, BulkMenu } from "./accounts/bulk-menu.js";
import { AccountFilter } from "./accounts/filter.js";
import { AccountTable } from "./accounts/table.js";

const BulkDelete = lazy(async () => (await import("./accounts/bulk-delete.js")).BulkDelete);
const BulkEdit = lazy(async () => (await import("./accounts/bulk-edit.js")).BulkEdit);
const CreateAccount = lazy(async () => (await import("./accounts/create.js")).CreateAccount);
const DeleteAccounts = lazy(async () => (await import("./accounts/deletion.js")).DeleteAccounts);
const DeletionResults = lazy(async () => (await import("./accounts/deletion.js")).DeletionResults);
const EditAccount = lazy(async () => (await import("./accounts/edit.js")).EditAccount);
const ExportAll = lazy(async () => (await import("./accounts/export-all.js")).ExportAll);
const ExportAccounts = lazy(async () => (await import("./accounts/export.js")).ExportAccounts);
const LiftLock = lazy(async () => (await import("./accounts/lock.js")).LiftLock);

const keyOf = (account) => account.user_id;

// The key makes another application start with fresh state.
export default (parameters) => html`<${Accounts} key=${parameters.app} ...${parameters} />`;

function Accounts({ app: appId, user: userId }) {
  const w = words().accounts;
  const app = apps.value?.find(({ app_id }) => app_id === appId);
  const { query } = place.value;
  const type = query.get("type") ?? "";
  const q = query.get("q") ?? "";
  const filter = { type: type || undefined, q: q || undefined };
  const list = useList(pathOf`/v1/apps/${appId}/accounts`, filter, keyOf);
  const selection = useSelection(keyOf);
  const [problem, setProblem] = useState(null);
  const [dialog, setDialog] = useState(null);
  const [results, setResults] = useState(null);
  const strip = useRef(null);

  useEffect(() => selection.update(list.items), [list.items]);
  const refresh = (report = setProblem) => loadApp(appId).catch(report);
  useEffect(() => {
    let here = true;
    loadTeams();
    loadApp(appId).then(
      () => here && rememberVisit(appId),
      (refused) => {
        if (refused.status === 404) forgetApp(appId);
        setProblem(refused);
      },
    );
    return () => (here = false);
  }, []);

  useReload(() => refresh(reportGone(setProblem)));

  const may = permissionsFor(app?.team_id);
  const close = () => setDialog(null);
  const here = pathOf`/apps/${appId}/accounts`;
  const open = (account) => go(here + pathOf`/${account.user_id}` + location.search);
  const ask = (kind, accounts) => setDialog({ kind, accounts });
  const askMany = (kind, which) => setDialog({ kind, which });
  const idsOf = (accounts) => ({ user_ids: accounts.map(keyOf) });
  // Calls `act` if accounts may be deleted, and otherwise says why not.
  const unlessLocked = (act) => {
    if (!app) return undefined;
    if (!app.deletion_lock.locked) return act();
    if (may.lock) return ask("lift");
    announce(words().lock.locked);
    return strip.current?.scrollIntoView({ block: "center" });
  };
  const act = {
    open,
    export: (accounts) => ask("export", accounts),
    create: () => ask("create"),
    delete: (accounts) =>
      unlessLocked(() =>
        accounts.length > limits.accountsPerDeletion ? askMany("bulkDelete", idsOf(accounts)) : ask("delete", accounts),
      ),
    edit: (accounts) => askMany("bulkEdit", idsOf(accounts)),
    exportAll: () => ask("exportAll"),
    bulkEdit: () => askMany("bulkEdit", filter),
    bulkDelete: () => unlessLocked(() => askMany("bulkDelete", filter)),
    turnAdmin: (account, on) => setAdmin(app, account, on, changed).catch(setProblem),
  };
  const changed = (account) => {
    list.replace(account);
    selection.update([account]);
    refresh();
  };
  const restore = () => put(pathOf`/v1/apps/${appId}/deletion-lock`, { locked: true }).then(keepApp, setProblem);
  const again = () => {
    setProblem(null);
    refresh();
    list.reload();
  };

  useEffect(() => keys({ c: () => may.write && app && act.create() }), [may.write, app]);

  const deleted = (outcomes) => {
    close();
    const gone = outcomes.filter(({ outcome }) => outcome !== "failed").map(({ user_id }) => user_id);
    selection.remove(gone);
    list.remove(gone);
    setResults(outcomes);
    refresh();
    if (gone.includes(userId)) go(here + location.search, { replace: true, unasked: true });
  };
  const created = (account) => {
    close();
    // Only the server knows what a search finds.
    if (q) list.reload();
    else if (!type || type === account.type) list.upsert(account);
    refresh();
  };

  if (problem?.status === 404) {
    return html`
      <${Page} title=${w.title}>
        <${Empty} text=${w.gone}><a class="button secondary" href="/apps">${words().entries.apps}</a></${Empty}>
      </${Page}>`;
  }
  const picker = html`<${AppPicker} app=${app} onFailed=${setProblem} />`;
  const primary = app && may.write && { icon: "plus", label: w.create, short: w.createShort, act: act.create };
  const filtered = type !== "" || q !== "";
  const bulk = { app, may, act, filtered };
  const empty = html`<${NoAccounts} filtered=${filtered} onCreate=${primary && act.create} />`;
  const failed = problem ?? list.problem;
  return html`
    <${Page} title=${w.title} thing=${userId ?? app?.name} picker=${picker} primary=${primary}
      actions=${app && html`<${BulkButtons} ...${bulk} />`}>
      <div ref=${strip} class="wide-column">
        ${
          app &&
          html`
            <${LockStrip} lock=${app.deletion_lock} mayTurn=${may.lock} onLift=${() => ask("lift")}
              onRestore=${restore} />`
        }
      </div>
      <${AccountFilter} app=${app} type=${type} q=${q} mayLock=${may.lock} onLift=${() => ask("lift")}
        onRestore=${restore} more=${app && html`<${BulkMenu} ...${bulk} />`} />
      <${AccountTable} app=${app} list=${list} selection=${selection} may=${may} act=${act} current=${userId}
        empty=${empty} keyOf=${keyOf} />
      ${
        userId &&
        app &&
        html`
          <${EditAccount} key=${userId} app=${app} userId=${userId}
            listed=${list.items.find((item) => item.user_id === userId)} may=${may} act=${act} onSaved=${changed}
            onClose=${(options) => closeTo(here + location.search, options)} />`
      }
      ${
        dialog?.kind === "create" &&
        html`<${CreateAccount} app=${app} may=${may} onCreated=${created} onClose=${close} />`
      }
      ${dialog?.kind === "lift" && html`<${LiftLock} app=${app} onClose=${close} />`}
      ${
        dialog?.kind === "export" && html`<${ExportAccounts} app=${app} accounts=${dialog.accounts} onClose=${close} />`
      }
      ${dialog?.kind === "exportAll" && html`<${ExportAll} app=${app} filter=${filter} onClose=${close} />`}
      ${dialog?.kind === "bulkEdit" && html`<${BulkEdit} app=${app} which=${dialog.which} onClose=${close} />`}
      ${
        dialog?.kind === "bulkDelete" &&
        html`<${BulkDelete} app=${app} which=${dialog.which} onStarted=${selection.clear} onClose=${close} />`
      }
      ${
        dialog?.kind === "delete" &&
        html`<${DeleteAccounts} app=${app} accounts=${dialog.accounts} onDeleted=${deleted} onClose=${close} />`
      }
      ${results && html`<${DeletionResults} results=${results} onClose=${() => setResults(null)} />`}
      <${LoadError} problem=${failed} onAgain=${again} />
    </${Page}>`;
}

const permissionsFor = (teamId) => ({
  write: can("accounts.write", teamId),
  admin: can("accounts.admin", teamId),
  delete: can("accounts.delete", teamId),
  export: can("accounts.export", teamId),
  lock: can("apps.manage", teamId),
});

function NoAccounts({ filtered, onCreate }) {
  const w = words().accounts;
  if (filtered) {
    return html`
      <${Empty} text=${w.noMatch}>
        <button type="button" class="button secondary" onClick=${() => setQuery({ type: "", q: "" })}>
          ${words().list.clearFilters}
        </button>
      </${Empty}>`;
  }
  return html`
    <${Empty} text=${w.none}>
      ${onCreate && html`<button type="button" class="button secondary" onClick=${onCreate}>${w.create}</button>`}
    </${Empty}>`;
}
