// The whole console: which screen is where.
import { useEffect } from "./vendor/hooks.js";
import { html } from "./html.js";
import { go, match, place } from "./router.js";
import { canSomewhere } from "./permissions.js";
import { sessionEnded, me } from "./session.js";
import { settings } from "./settings.js";
import { words } from "./words.js";
import { LoadError } from "./parts/load-error.js";
import { lazy } from "./parts/lazy.js";
import { Screen } from "./parts/screen.js";

const SIGNED_OUT = {
  "/sign-in": () => import("./screens/sign-in.js"),
  "/register": () => import("./screens/register.js"),
  "/reset": () => import("./screens/reset.js"),
};

const SIGNED_IN = [
  ["/apps/:app/accounts/:user", () => import("./screens/accounts.js"), "accounts"],
  ["/apps/:app/accounts", () => import("./screens/accounts.js"), "accounts"],
  ["/accounts", () => import("./screens/accounts-home.js"), "any-accounts"],
  ["/apps/:app", () => import("./screens/apps.js"), "apps"],
  ["/apps", () => import("./screens/apps.js"), "apps"],
  ["/teams", () => import("./screens/teams.js"), "teams"],
  ["/teams/:team", () => import("./screens/team.js"), "team"],
  ["/teams/:team/:tab", () => import("./screens/team.js"), "team"],
  ["/teams/:team/:tab/:role", () => import("./screens/team.js"), "team"],
  ["/join", () => import("./screens/join.js"), "join"],
  ["/users", () => import("./screens/users.js"), "users"],
  ["/users/:user", () => import("./screens/users.js"), "users"],
  ["/audit", () => import("./screens/audit.js"), "audit"],
  ["/me/:tab", () => import("./screens/me.js"), "me"],
];

function screenAt(path) {
  for (const [pattern, load, name] of SIGNED_IN) {
    const found = match(pattern, path);
    if (found) return { name, load, ...found };
  }
  return null;
}

// Has the files of a screen on their way before it is known who looks. If they do not come, the screen says so.
export const prefetchScreen = (path) =>
  void screenAt(path)
    ?.load()
    .catch(() => {});

const ComeBack = lazy(async () => (await import("./parts/sign-in-again.js")).SignInAgain);

function homeAddress() {
  if (canSomewhere("accounts.read")) return settings.value.app ? `/apps/${settings.value.app}/accounts` : "/accounts";
  if (canSomewhere("apps.manage")) return "/apps";
  return me.value.teams.length > 0 ? "/teams" : "/join";
}

export function Console({ failed }) {
  const { path } = place.value;
  return html`
    ${failed && !me.value ? html`<${LoadError} problem=${failed} onAgain=${() => location.reload()} />` : html`<${CurrentScreen} path=${path} />`}
    ${sessionEnded.value && html`<${ComeBack} />`}`;
}

function CurrentScreen({ path }) {
  if (!me.value) {
    const outside = SIGNED_OUT[path];
    if (outside) return html`<${Screen} name=${path} load=${outside} />`;
    const next = path === "/" ? "" : `?next=${encodeURIComponent(path + location.search)}`;
    return html`<${Redirect} to=${`/sign-in${next}`} />`;
  }
  if (me.value.user.password_change_required) {
    if (path !== "/first-password") return html`<${Redirect} to="/first-password" />`;
    return html`<${Screen} name=${path} load=${() => import("./screens/first-password.js")} />`;
  }
  const screen = screenAt(path);
  if (screen) return html`<${Screen} ...${screen} />`;
  if (path === "/" || path in SIGNED_OUT || path === "/first-password") return html`<${Redirect} to=${homeAddress()} />`;
  return html`<${Screen} name="nowhere" load=${() => import("./screens/not-found.js")} />`;
}

function Redirect({ to }) {
  useEffect(() => {
    go(to, { replace: true });
  }, [to]);
  return html`<p class="unseen">${words().loading}</p>`;
}
