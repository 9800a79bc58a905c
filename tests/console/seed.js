// Test data, created through the API: users with a password and a confirmed address, teams, roles and members.
import { ADMIN } from "./fixture.js";

export const SECRET = "seven quiet harbours 41";

// Returns a function that calls the API as this user.
export async function as(fixture, login) {
  if (login === ADMIN) return (method, path, body) => fixture.call(method, path, body);
  const { token } = await fixture.send("POST", "/v1/login", { login, password: SECRET });
  return (method, path, body) => fixture.send(method, path, body, { Authorization: `Bearer ${token}` });
}

// A user who has set their own password. Without `confirmed`, an `email` stays as an admin entered it.
export async function user(fixture, login, { username = login, type = "member", email, confirmed = true } = {}) {
  const first = "a first phrase of harbours 7";
  const { user: created } = await fixture.call("POST", "/v1/users", { username, login, type, email, password: first });
  const { token } = await fixture.send("POST", "/v1/login", { login, password: first });
  const asUser = (method, path, body) => fixture.send(method, path, body, { Authorization: `Bearer ${token}` });
  await asUser("POST", "/v1/me/password", { current_password: first, password: SECRET, password_confirmation: SECRET });
  if (confirmed) {
    const address = email ?? `${login.replaceAll(/[^a-z0-9.]/gi, "")}@northwind.example`;
    await asUser("POST", "/v1/me/email", { email: address, current_password: SECRET });
    await asUser("POST", "/v1/me/email/confirm", { code: await fixture.code(address) });
  }
  return created;
}

export const team = (fixture, name, admin) =>
  fixture.call("POST", "/v1/teams", { name, admin_user_id: admin?.user_id ?? null });

export const role = (fixture, team, name, permissions) =>
  fixture.call("POST", `/v1/teams/${team.team_id}/roles`, { name, permissions });

export const member = (fixture, team, login, roleId) =>
  fixture.call("POST", `/v1/teams/${team.team_id}/members`, { login, role_id: roleId });

// A team with members, a custom role, an application, and live and revoked invitations.
export async function northwind(fixture) {
  const [mina, tomas] = [
    await user(fixture, "mina.park", { username: "Mina.Park" }),
    await user(fixture, "t.berg", { username: "Tomas.Berg" }),
  ];
  await user(fixture, "jisoo.han");
  await user(fixture, "li.xiaolong", { username: "李小龙" });
  const made = await team(fixture, "Northwind Mobile", mina);
  const lead = await role(fixture, made, "Support lead", ["team.read", "accounts.read"]);
  await member(fixture, made, tomas.login, "member_manager");
  await member(fixture, made, "li.xiaolong", lead.role_id);
  await fixture.call("POST", "/v1/apps", { name: "Harbor Chat", team_id: made.team_id });
  const path = `/v1/teams/${made.team_id}/invitations`;
  const issue = async (body) => (await fixture.call("POST", path, body)).invitation;
  const revoked = await issue({ role_id: "senior_developer" });
  await fixture.call("DELETE", `${path}/${revoked.invitation_id}`);
  await issue({ role_id: "operator", note: "For the night shift" });
  await issue({ role_id: lead.role_id, login: "h.sato" });
  return { team: made, lead, mina, tomas };
}

export const firstApp = async (fixture) => (await fixture.call("GET", "/v1/apps")).items[0];

export const liftLock = (fixture, app) =>
  fixture.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: false, risks_acknowledged: true });

// The seeded application, and another one with two accounts: one id is in both, the other only in the second.
export async function twoApps(fixture) {
  const app = await firstApp(fixture);
  const other = await fixture.call("POST", "/v1/apps", { name: "Quiet Harbour", team_id: null });
  for (const id of ["ava.kim33", "only.here"])
    await fixture.call("POST", `/v1/apps/${other.app_id}/accounts`, { user_id: id, type: "general" });
  return { app, other };
}
