// People of a deployment, past the console: users with a password and an address of their own, and their teams.
import { ADMIN } from "./world.js";

export const SECRET = "seven quiet harbours 41";

// As somebody who is signed in; `login` is null for the super admin.
export async function as(world, login) {
  if (login === ADMIN) return (method, path, body) => world.call(method, path, body);
  const { token } = await world.send("POST", "/v1/login", { login, password: SECRET });
  return (method, path, body) => world.send(method, path, body, { Authorization: `Bearer ${token}` });
}

export async function user(world, login, { username = login, type = "member", confirmed = true } = {}) {
  const first = "a first phrase of harbours 7";
  const { user: made } = await world.call("POST", "/v1/users", { username, login, type, password: first });
  const { token } = await world.send("POST", "/v1/login", { login, password: first });
  const own = (method, path, body) => world.send(method, path, body, { Authorization: `Bearer ${token}` });
  await own("POST", "/v1/me/password", { current_password: first, password: SECRET, password_confirmation: SECRET });
  if (confirmed) {
    const address = `${login.replaceAll(/[^a-z0-9.]/gi, "")}@northwind.example`;
    await own("POST", "/v1/me/email", { email: address, current_password: SECRET });
    await own("POST", "/v1/me/email/confirm", { code: await world.code(address) });
  }
  return made;
}

export const team = (world, name, admin) =>
  world.call("POST", "/v1/teams", { name, admin_user_id: admin?.user_id ?? null });

export const role = (world, team, name, permissions) =>
  world.call("POST", `/v1/teams/${team.team_id}/roles`, { name, permissions });

export const member = (world, team, login, roleId) =>
  world.call("POST", `/v1/teams/${team.team_id}/members`, { login, role_id: roleId });

// The deployment of the pictures, as far as names go: a team with its people, roles and invitations.
export async function northwind(world) {
  const [mina, tomas] = [
    await user(world, "mina.park", { username: "Mina.Park" }),
    await user(world, "t.berg", { username: "Tomas.Berg" }),
  ];
  await user(world, "jisoo.han");
  await user(world, "li.xiaolong", { username: "李小龙" });
  const made = await team(world, "Northwind Mobile", mina);
  const lead = await role(world, made, "Support lead", ["team.read", "accounts.read"]);
  await member(world, made, tomas.login, "member_manager");
  await member(world, made, "li.xiaolong", lead.role_id);
  await world.call("POST", "/v1/apps", { name: "Harbor Chat", team_id: made.team_id });
  const path = `/v1/teams/${made.team_id}/invitations`;
  const issue = async (body) => (await world.call("POST", path, body)).invitation;
  const revoked = await issue({ role_id: "senior_developer" });
  await world.call("DELETE", `${path}/${revoked.invitation_id}`);
  await issue({ role_id: "operator", note: "For the night shift" });
  await issue({ role_id: lead.role_id, login: "h.sato" });
  return { team: made, lead, mina, tomas };
}
