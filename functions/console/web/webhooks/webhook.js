// What several parts show of a webhook.
import { pathOf } from "../api.js";
import { html } from "../html.js";
import { teamName } from "../teams.js";
import { webhookWords } from "./words.js";

export const keyOf = (webhook) => webhook.webhook_id;

export const pathOfWebhook = (webhookId) => pathOf`/v1/webhooks/${webhookId}`;

export const typesText = ({ types }) => {
  const w = webhookWords();
  return types.length === 0 ? w.allTypes : types.length === 1 ? types[0] : w.someTypes(types.length);
};

export const ownerOf = ({ team_id: id }) => (id === null ? webhookWords().platform : (teamName(id) ?? "—"));

export const StatusTag = ({ webhook: { status } }) =>
  html`<span class=${status === "paused" ? "tag amber" : "quiet"}>${webhookWords().statuses[status]}</span>`;

// What became of a delivery.
export function outcomeOf({ status, error }) {
  const w = webhookWords();
  if (status === null) return w.errors[error] ?? error;
  return status >= 200 && status < 300 ? w.accepted(status) : w.refused(status);
}

// Types as somebody has typed them.
export const typesOf = (text) => text.split(/[\s,]+/).filter((type) => type !== "");

// The time of an event, with which its id begins.
export const timeOfEvent = (id) => new Date(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16));
