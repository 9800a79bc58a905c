// The sidebar: navigation and the account menu.
import { html } from "../html.js";
import { canSomewhere, isPlatform } from "../permissions.js";
import { place } from "../router.js";
import { signedIn } from "../session.js";
import { settings } from "../settings.js";
import { words } from "../words.js";
import { AccountMenu } from "./account-menu.js";
import { Icon } from "./icon.js";
import { JobSlot } from "./job-slot.js";
import { Logo } from "./logo.js";

function entries() {
  const { app } = settings.value;
  const { path } = place.value;
  const teams = signedIn().teams.length;
  const accounts = path === "/accounts" || /^\/apps\/[^/]+\/(accounts|jobs)/.test(path);
  return [
    canSomewhere("accounts.read") && {
      name: "accounts",
      href: app ? `/apps/${app}/accounts` : "/accounts",
      icon: "accounts",
      here: accounts,
    },
    (canSomewhere("accounts.read") || canSomewhere("apps.manage")) && {
      name: "apps",
      href: "/apps",
      icon: "apps",
      here: path.startsWith("/apps") && !accounts,
    },
    (isPlatform() || teams > 0) && { name: "teams", href: "/teams", icon: "teams", here: path.startsWith("/teams") },
    isPlatform() && { name: "users", href: "/users", icon: "person", here: path.startsWith("/users") },
    canSomewhere("audit.read") && { name: "audit", href: "/audit", icon: "record", here: path === "/audit" },
    !isPlatform() && teams === 0 && { name: "join", href: "/join", icon: "teams", here: path === "/join" },
  ].filter((entry) => entry !== false);
}

export const Sidebar = () => html`
  <aside class="side" aria-label="Rollcall">
    <${Logo} />
    <nav aria-label=${words().navigation}>
      ${entries().map(
        ({ name, href, icon, here }) =>
          html`
            <a href=${href} aria-current=${here ? "page" : undefined} title=${words().entries[name]}>
              <${Icon} name=${icon} />
              <span>${words().entries[name]}</span>
            </a>`,
      )}
    </nav>
    <${JobSlot} />
    <${AccountMenu} />
  </aside>`;
