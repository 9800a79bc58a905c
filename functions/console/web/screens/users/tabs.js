// The tabs of what only admins of the platform see: the users, and the API keys of them all.
import { html } from "../../html.js";
import { Tabs } from "../../parts/tabs.js";
import { words } from "../../words.js";

export function UserTabs({ current }) {
  const w = words().users;
  return html`<${Tabs} label=${w.title} tabs=${[["/users", w.title], ["/users/keys", w.keys]]} current=${current} />`;
}
