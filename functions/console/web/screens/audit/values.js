// What an audit record says: its action, the names of people and things, and recorded values as text.

import { pathOf } from "../../api.js";
import { keyWords } from "../../api-keys/words.js";
import { apps } from "../../apps.js";
import { roleName } from "../../grants.js";
import { jobWords } from "../../jobs/words.js";
import { can, isPlatform } from "../../permissions.js";
import { teamName } from "../../teams.js";
import { dateAndTime } from "../../times.js";
import { managesWebhooks } from "../../webhooks/manages.js";
import { webhookWords } from "../../webhooks/words.js";
import { words } from "../../words.js";

// The texts of the log. Those about webhooks and keys come with the other texts about them.
export function auditTexts() {
  const { kinds, fields, actions } = words().audit;
  const { audit } = webhookWords();
  return {
    kinds: { ...kinds, ...audit.kinds },
    fields: { ...fields, ...keyWords().fields, ...audit.fields },
    actions: { ...actions, ...audit.actions },
  };
}

const appName = (id) => apps.value?.find(({ app_id }) => app_id === id)?.name;

// The name of the record's target, as far as the record itself has it.
function recordedName({ target, before, after }) {
  const known = { ...before, ...after };
  if (target.kind === "account") return target.id;
  if (target.kind === "invitation") return known.code_hint && words().invitations.ending(known.code_hint);
  return known.name ?? known.login ?? known.url ?? (known.hint && keyWords().ending(known.hint));
}

// Returns a function that names an id. A record holds only what it changed, so all loaded records are searched. A
// person is called by their login, and by their username only where no record has their login.
export function nameLookup(records) {
  const names = new Map();
  const usernames = new Map();
  for (const record of records) {
    const { actor, target, before, after } = record;
    if (actor) names.set(actor.user_id, actor.login);
    for (const value of Object.values({ ...before, ...after }))
      if (value?.user_id && value.username) usernames.set(value.user_id, value.username);
    const name = recordedName(record);
    if (name && !names.has(target.id)) names.set(target.id, name);
  }
  return (id) => names.get(id) ?? usernames.get(id) ?? teamName(id) ?? appName(id) ?? words().roles[id];
}

// What is known by what it shows of a secret has no name where that is unknown.
const NAMELESS = ["invitation", "key"];

export const targetName = (record, nameOf) =>
  recordedName(record) ?? nameOf(record.target.id) ?? (NAMELESS.includes(record.target.kind) ? "" : record.target.id);

// What became of the accounts that a part of a job has changed, by their ids.
const CHANGED = ["created", "updated", "deleted"];
const changedIds = (outcomes) => Object.keys(outcomes).filter((id) => CHANGED.includes(outcomes[id]));

const fieldName = (field) => auditTexts().fields[field] ?? field;

// What a record says changed: its fields or, of a part of a job, also each account.
export function changesOf({ before, after }) {
  const outcomes = after?.outcomes ?? {};
  const isOfAccounts = (name) => after?.outcomes && (name === "outcomes" || name === "accounts");
  const names = Object.keys({ ...before, ...after }).filter((name) => !isOfAccounts(name));
  return [
    ...names.map((field) => ({
      field,
      label: fieldName(field),
      before: before?.[field],
      after: after?.[field],
      outcome: undefined,
    })),
    ...Object.entries(outcomes).map(([id, outcome]) => ({
      field: "account",
      label: id,
      before: before?.accounts?.[id],
      after: after.accounts?.[id],
      outcome: jobWords().outcomes[outcome] ?? outcome,
    })),
  ];
}

// What was done. Some actions stand for several kinds of changes, which the changed fields tell apart.
export function actionText({ action, before, after }) {
  const { edits, counted } = words().audit;
  const { actions } = auditTexts();
  const ids = (before ?? after)?.user_ids ?? (after?.outcomes && changedIds(after.outcomes));
  if (ids && counted[action]) return counted[action](ids.length);
  const [field, ...others] = Object.keys({ ...before, ...after });
  const change = others.length === 0 ? edits[action]?.[field] : undefined;
  return (typeof change === "object" ? change[after?.[field]] : change) ?? actions[action] ?? action;
}

// The address of the target, if it still can be there and the person may open it.
export function targetAddress({ action, target: { kind, id, app_id: appId }, team_id: teamId }) {
  if (/\.(delete|remove|leave)$/.test(action) && action !== "account.delete") return undefined;
  const may = (permission) => can(permission, teamId);
  const addresses = {
    app: (may("accounts.read") || may("apps.manage")) && pathOf`/apps/${id}`,
    account: appId && may("accounts.read") && pathOf`/apps/${appId}/accounts/${id}`,
    user: isPlatform() && pathOf`/users/${id}`,
    team: can("team.read", id) && pathOf`/teams/${id}/members`,
    member: teamId && may("team.read") && pathOf`/teams/${teamId}/members`,
    role: teamId && may("team.read") && pathOf`/teams/${teamId}/roles/${id}`,
    invitation: teamId && may("members.manage") && pathOf`/teams/${teamId}/invitations`,
    webhook: managesWebhooks(teamId) && (teamId ? pathOf`/teams/${teamId}/webhooks/${id}` : pathOf`/webhooks/${id}`),
    key: isPlatform() && "/users/keys",
  };
  return addresses[kind] || undefined;
}

// The text of a value of an enumeration, by its field.
function choiceText(field, value) {
  const w = words();
  const choices = {
    ...w.accounts.choices,
    type: { ...w.accounts.types, ...w.me.types },
    status: {
      ...keyWords().statuses,
      ...webhookWords().statuses,
      ...w.members.statuses,
      ...w.invitations.statuses,
    },
    scopes: keyWords().scopes,
    role_id: w.roles,
    permissions: w.permissions,
  };
  return choices[field]?.[value];
}

// A recorded value as text. `nameOf` names an id.
export function displayValue(field, value, nameOf) {
  if (value === null || value === undefined || value === "") return "—";
  if (Array.isArray(value)) return words().list.names(value.map((one) => displayValue(field, one, nameOf))) || "—";
  if (typeof value === "boolean") return value ? words().users.yes : words().users.no;
  if (typeof value === "object") return objectText(value, nameOf);
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return dateAndTime(value);
  return (
    choiceText(field, value) ??
    (field.endsWith("_id") || field === "app_ids" ? nameOf(value) : undefined) ??
    String(value)
  );
}

function objectText(value, nameOf) {
  if (value.role_id) return roleName(value);
  const name = nameOf(value.user_id) ?? value.login ?? value.username ?? value.name;
  if (name) return name;
  const inner = Object.entries(value).map(([field, one]) => `${fieldName(field)}: ${displayValue(field, one, nameOf)}`);
  return inner.join(" · ");
}
