// The webhooks of a team.
import { html } from "../../html.js";
import { Webhooks } from "../webhooks/list.js";

export const TeamWebhooks = ({ team, itemId, creating, onCreating }) => html`
  <div class="after-tabs">
    <${Webhooks} team=${team} base=${`/teams/${team.team_id}/webhooks`} webhookId=${itemId} creating=${creating}
      onCreating=${onCreating} />
  </div>`;
