// A page: sidebar, top bar on phones, header with one primary action, content.

import { html } from "../html.js";
import { useTitle } from "../page-title.js";
import { navigation, place } from "../router.js";
import { signedIn } from "../session.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Avatar } from "./avatar.js";
import { Button } from "./button.js";
import { JobSlot } from "./job-slot.js";
import { Logo } from "./logo.js";
import { useModal } from "./modal.js";
import { useSessionExpiry } from "./session-expiry.js";
import { Sidebar } from "./sidebar.js";

// `primary`: { icon, label, short, act, kind }. `actions` come before it. `parent` { href, label } comes before the
// title, and `part` then names what is shown of the thing. A `plain` page has its title in its content.
export function Page({ title, thing, parent, part, picker, actions, primary, plain = false, children }) {
  const [drawer, setDrawer] = useState(false);
  const w = words();
  useTitle(part ?? title, part ? title : thing);
  useEffect(() => setDrawer(false), [place.value.path]);
  useEffect(scrollToStart, []);
  useSessionExpiry();
  const main = (label) =>
    primary &&
    html`<${Button} kind=${primary.kind ?? "primary"} icon=${primary.icon} onClick=${primary.act}>${label}</${Button}>`;
  return html`
    <a class="skip" href="#content" onClick=${skip}>${w.skip}</a>
    <div class="shell">
      <${Sidebar} />
      <header class="top">
        <${Button} kind="ghost bare" icon="menu" label=${w.menu} aria-haspopup="dialog"
          onClick=${() => setDrawer(true)} />
        ${
          plain
            ? html`
              <${Logo} />
              <a class="own-account" href="/me/profile">
                <${Avatar} id=${signedIn().user.user_id} name=${signedIn().user.username} />
                <span class="unseen">${w.person.account}</span>
              </a>`
            : html`
              <h1 class="cut"><bdi>${title}</bdi></h1>
              <${JobSlot} />
              <div class="actions">${main(primary?.short ?? primary?.label)}</div>`
        }
      </header>
      <main class="content" id="content" tabindex="-1">
        ${
          !plain &&
          html`
            <div class="page-head">
              <h1>
                ${
                  parent &&
                  html`
                    <a class="parent" href=${parent.href}>${parent.label}</a>
                    <span class="slash" aria-hidden="true">/</span>`
                }
                <bdi class="cut">${title}</bdi>
              </h1>
              ${picker && html`<span class="slash" aria-hidden="true">/</span>${picker}`}
              <div class="actions wide-column">${actions}${main(primary?.label)}</div>
            </div>`
        }
        ${children}
      </main>
      ${drawer && html`<${Drawer} onClose=${() => setDrawer(false)} />`}
    </div>`;
}

// After following a link, the page is at its top and has the focus, unless something on it has taken the focus.
function scrollToStart() {
  if (navigation.by === "gone") scrollTo(0, 0);
  if (navigation.by && document.activeElement === document.body)
    document.getElementById("content")?.focus({ preventScroll: true });
}

function skip(event) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Drawer({ onClose }) {
  const modal = useModal(onClose);
  return html`<dialog ...${modal} class="drawer" aria-label=${words().menu}><${Sidebar} /></dialog>`;
}
