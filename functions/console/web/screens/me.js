// The person's own account, with a tab for each part.
import { html } from "../html.js";
import { ChangePassword } from "../parts/change-password.js";
import { Page } from "../parts/page.js";
import { Tabs } from "../parts/tabs.js";
import { toast, toastFailure } from "../parts/toast.js";
import { load } from "../session.js";
import { words } from "../words.js";
import { Email } from "./me/email.js";
import { OwnKeys } from "./me/keys.js";
import { Profile } from "./me/profile.js";
import { Sessions } from "./me/sessions.js";
import { TwoFactor } from "./me/two-factor.js";
import NotFound from "./not-found.js";

function Password() {
  const w = words().changePassword;
  const changed = () => {
    load().catch(toastFailure);
    toast(w.changed);
  };
  return html`
    <section>
      <p class="prose">${w.text}</p>
      <${ChangePassword} action=${w.action} onChanged=${changed} />
    </section>`;
}

const TABS = {
  profile: Profile,
  password: Password,
  email: Email,
  "two-factor": TwoFactor,
  sessions: Sessions,
  keys: OwnKeys,
};

export default function Me({ tab }) {
  const w = words().me;
  const Part = TABS[tab];
  if (!Part) return html`<${NotFound} />`;
  return html`
    <${Page} title=${w.title} thing=${w.tabs[tab]}>
      <${Tabs} label=${w.title} tabs=${Object.keys(TABS).map((name) => [`/me/${name}`, w.tabs[name]])}
        current=${`/me/${tab}`} />
      <div class="page-body"><div class="own"><h2 class="unseen">${w.tabs[tab]}</h2><${Part} /></div></div>
    </${Page}>`;
}
