// The main story, told with an API key, by a client that openapi-typescript and openapi-fetch make of the API document.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

const baseUrl = process.env.ROLLCALL_URL;
const password = process.env.ADMIN_PASSWORD;
assert(baseUrl && password, "ROLLCALL_URL and ADMIN_PASSWORD must name the server and the admin's password");
const clientWith = (token: string) => createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// Sign in, and create an API key.
const signedIn = await createClient<paths>({ baseUrl }).POST("/v1/login", { body: { login: "admin", password } });
assert(signedIn.data && "token" in signedIn.data && signedIn.data.token, "the admin has no second factor");
const session = clientWith(signedIn.data.token);
const scopes: components["schemas"]["Scope"][] = [
  "read",
  "teams.manage",
  "apps.manage",
  "accounts.write",
  "accounts.delete",
  "accounts.export",
];
const newKey = { name: "Story", scopes, expires_in_days: 1, current_password: password };
const key = await session.POST("/v1/me/keys", { body: newKey });
assert(key.data);
const client = clientWith(key.data.secret);

// Create a team, an application of the team, and accounts.
const team = await client.POST("/v1/teams", { body: { name: "Northwind TypeScript" } });
assert(team.data);
const app = await client.POST("/v1/apps", { body: { name: "Harbor Chat", team_id: team.data.team_id } });
assert(app.data);
const ofApp = { app_id: app.data.app_id };
for (const user_id of ["ada", "mina", "zoe"]) {
  const body = { user_id, type: "general", nickname: user_id.toUpperCase(), level: 4_294_967_295 } as const;
  const created = await client.POST("/v1/apps/{app_id}/accounts", { params: { path: ofApp }, body });
  assert.equal(created.data?.nickname, body.nickname);
  assert.equal(created.response.headers.get("etag"), '"1"');
}

// Change one field: the others stay.
const mina = { params: { path: { ...ofApp, user_id: "mina" } } };
const patched = await client.PATCH("/v1/apps/{app_id}/accounts/{user_id}", { ...mina, body: { nickname: "Mina" } });
assert.equal(patched.data?.nickname, "Mina");
assert.equal(patched.data?.level, 4_294_967_295);
assert.equal(patched.data?.version, 2);
const cleared = await client.PATCH("/v1/apps/{app_id}/accounts/{user_id}", { ...mina, body: { nickname: null } });
assert.equal(cleared.data?.nickname, null);
assert.equal(cleared.data?.version, 3);

// List in pages.
const ids: string[] = [];
let cursor: string | undefined;
let last: string | null;
do {
  const params = { path: ofApp, query: { limit: 2, ...(cursor && { cursor }) } };
  const page = await client.GET("/v1/apps/{app_id}/accounts", { params });
  assert(page.data);
  ids.push(...page.data.items.map((account) => account.user_id));
  last = page.data.next_cursor;
  cursor = last ?? undefined;
} while (cursor);
assert.equal(last, null);
assert.deepEqual(ids, ["ada", "mina", "zoe"]);

// Export an account and a selection.
const csv = await client.GET("/v1/apps/{app_id}/accounts/{user_id}/export", {
  params: { ...mina.params, query: { format: "csv" } },
  parseAs: "text",
});
assert.match(csv.data ?? "", /mina/);
const lines = await client.POST("/v1/apps/{app_id}/export-selection", {
  params: { path: ofApp },
  body: { user_ids: ["ada", "zoe"], format: "ndjson" },
  parseAs: "text",
});
assert.equal(lines.data?.trim().split("\n").length, 2);

// Deleting is locked until the lock is lifted.
const deletion = { params: { path: ofApp }, body: { user_ids: ["ada", "mina", "nobody"] } };
const locked = await client.POST("/v1/apps/{app_id}/account-deletions", deletion);
assert.equal(locked.error?.code, "account_deletion_locked");
const lifting = { locked: false, risks_acknowledged: true } as const;
await client.PUT("/v1/apps/{app_id}/deletion-lock", { params: { path: ofApp }, body: lifting });
const deleted = await client.POST("/v1/apps/{app_id}/account-deletions", deletion);
const outcomes = deleted.data?.results.map((result) => result.outcome);
assert.deepEqual(outcomes, ["deleted", "deleted", "not_found"]);

// Revoke the key, and sign out.
const revoked = await session.DELETE("/v1/me/keys/{key_id}", { params: { path: { key_id: key.data.key.key_id } } });
assert.equal(revoked.response.status, 204);
const refused = await client.GET("/v1/me");
assert.equal(refused.error?.code, "unauthenticated");
const signedOut = await session.POST("/v1/logout");
assert.equal(signedOut.response.status, 204);
