// The menu of the signed-in person: account, language, theme, shortcuts, photos, sign out.

import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { canSomewhere, isPlatform } from "../permissions.js";
import { go } from "../router.js";
import { signedIn, signOut } from "../session.js";
import { changeSettings, settings } from "../settings.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { LANGUAGES, setLanguage, words } from "../words.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icon.js";
import { Menu } from "./menu.js";
import { Shortcuts } from "./shortcuts.js";
import { toastFailure, undoLatest } from "./toast.js";

const THEMES = ["system", "light", "dark"];

export function AccountMenu() {
  const [shortcuts, setShortcuts] = useState(false);
  const { user } = signedIn();
  const { language, theme, photos, app } = settings.value;
  const w = words().person;
  useEffect(
    () =>
      keys({
        "?": () => setShortcuts(true),
        "Mod+z": undoLatest,
        "g a": () => go(app ? `/apps/${app}/accounts` : "/accounts"),
        "g p": () => go("/apps"),
        "g t": () => go("/teams"),
        "g u": () => isPlatform() && go("/users"),
        "g l": () => canSomewhere("audit.read") && go("/audit"),
      }),
    [app],
  );
  const other = Object.keys(LANGUAGES).find((known) => known !== language);
  const items = [
    { icon: "person", label: w.account, href: "/me/profile" },
    "line",
    {
      icon: "globe",
      label: w.language,
      end: LANGUAGES[language],
      onChoose: () => setLanguage(other).catch(toastFailure),
    },
    {
      icon: "theme",
      label: w.theme,
      end: w.themes[theme],
      onChoose: () => changeSettings({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] }),
    },
    { icon: "photo", label: w.photos, end: photos ? w.on : w.off, onChoose: () => changeSettings({ photos: !photos }) },
    { icon: "keys", label: w.shortcuts, end: html`<kbd>?</kbd>`, onChoose: () => setShortcuts(true) },
    "line",
    { icon: "out", label: w.signOut, onChoose: () => signOut().catch(toastFailure) },
  ];
  const trigger = ({ ref, ...own }) => html`
    <button type="button" ...${own} ref=${ref} class="person">
      <${Avatar} id=${user.user_id} name=${user.username} />
      <span>
        <bdi class="name cut">${user.username}</bdi>
        <span class="login cut">${user.login}</span>
        <span class="unseen">${w.settings}</span>
      </span>
      <${Icon} name="down" />
    </button>`;
  return html`<${Menu} label=${w.settings} items=${items} trigger=${trigger} side="start" broad />
    ${shortcuts && html`<${Shortcuts} onClose=${() => setShortcuts(false)} />`}`;
}
