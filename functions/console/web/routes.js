// Which screen belongs to which path. The list of preloaded modules is generated from this table.

export const SIGNED_OUT = {
  "/sign-in": "sign-in",
  "/register": "register",
  "/reset": "reset",
};

// The first pattern that matches counts.
export const SIGNED_IN = [
  ["/apps/:app/accounts/:user", "accounts"],
  ["/apps/:app/accounts", "accounts"],
  ["/apps/:app/jobs", "jobs"],
  ["/apps/:app/jobs/:job", "jobs"],
  ["/accounts", "accounts-home"],
  ["/apps/:app", "apps"],
  ["/apps", "apps"],
  ["/teams", "teams"],
  ["/teams/:team", "team"],
  ["/teams/:team/:tab", "team"],
  ["/teams/:team/:tab/:item", "team"],
  ["/teams/:team/members/:user/keys", "user-keys"],
  ["/join", "join"],
  ["/users", "users"],
  ["/users/keys", "all-keys"],
  ["/users/:user", "users"],
  ["/users/:user/keys", "user-keys"],
  ["/audit", "audit"],
  ["/webhooks", "webhooks"],
  ["/webhooks/:webhook", "webhooks"],
  ["/me/:tab", "me"],
];

// The component of a screen.
export const loadScreen = async (name) => (await import(`./screens/${name}.js`)).default;
