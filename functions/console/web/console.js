// The console: renders the screen that belongs to the current path.

import { html } from "./html.js";
import { lazy } from "./parts/lazy.js";
import { LoadError } from "./parts/load-error.js";
import { Screen } from "./parts/screen.js";
import { canSomewhere } from "./permissions.js";
import { go, match, place } from "./router.js";
import { loadScreen, SIGNED_IN, SIGNED_OUT } from "./routes.js";
import { me, sessionEnded, signedIn } from "./session.js";
import { settings } from "./settings.js";
import { useEffect } from "./vendor/hooks.js";
import { words } from "./words.js";

function screenAt(path) {
  for (const [pattern, name] of SIGNED_IN) {
    const parameters = match(pattern, path);
    if (parameters) return { name, ...parameters };
  }
  return null;
}

// Requests a screen's modules before it is known who is signed in. A failure shows when the screen is rendered.
export function prefetchScreen(path) {
  const screen = screenAt(path);
  if (screen) loadScreen(screen.name).catch(() => {});
}

const SignInAgain = lazy(async () => (await import("./parts/sign-in-again.js")).SignInAgain);

function homeAddress() {
  if (canSomewhere("accounts.read")) return settings.value.app ? `/apps/${settings.value.app}/accounts` : "/accounts";
  if (canSomewhere("apps.manage")) return "/apps";
  return signedIn().teams.length > 0 ? "/teams" : "/join";
}

export function Console({ failed }) {
  const { path } = place.value;
  return html`
    ${
      failed && !me.value
        ? html`<${LoadError} problem=${failed} onAgain=${() => location.reload()} />`
        : html`<${CurrentScreen} path=${path} />`
    }
    ${sessionEnded.value && html`<${SignInAgain} />`}`;
}

function CurrentScreen({ path }) {
  if (!me.value) {
    if (path in SIGNED_OUT) return html`<${Screen} name=${SIGNED_OUT[path]} />`;
    const next = path === "/" ? "" : `?next=${encodeURIComponent(path + location.search)}`;
    return html`<${Redirect} to=${`/sign-in${next}`} />`;
  }
  if (signedIn().user.password_change_required) {
    if (path !== "/first-password") return html`<${Redirect} to="/first-password" />`;
    return html`<${Screen} name="first-password" />`;
  }
  const screen = screenAt(path);
  if (screen) return html`<${Screen} ...${screen} />`;
  if (path === "/" || path in SIGNED_OUT || path === "/first-password")
    return html`
    <${Redirect} to=${homeAddress()} />`;
  return html`<${Screen} name="not-found" />`;
}

function Redirect({ to }) {
  useEffect(() => {
    go(to, { replace: true });
  }, [to]);
  return html`<p class="unseen">${words().loading}</p>`;
}
