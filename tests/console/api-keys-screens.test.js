// The screens of API keys and of service accounts, in all their states.
import { after, before } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { checkScreens } from "./screen-checks.js";
import { as, northwind, SECRET } from "./seed.js";

let fixture;
let at;
before(async () => {
  fixture = await Fixture.start();
  at = { ...(await northwind(fixture)), ...(await machines()) };
});
after(() => fixture.stop());

const key = (name, days, rest) => ({ name, scopes: ["read"], expires_in_days: days, ...rest });

// Keys in every state, of a person and of both types of service accounts.
async function machines() {
  const asMina = await as(fixture, "mina.park");
  const own = async (body) => (await asMina("POST", "/v1/me/keys", { ...body, current_password: SECRET })).key;
  const [app] = (await asMina("GET", "/v1/apps")).items;
  await own(key("Nightly export", 90, { scopes: ["read", "accounts.export"], app_ids: [app.app_id] }));
  const { key_id: rotated } = await own(key("<b>Short</b>", 5, { cidrs: ["203.0.113.0/24", "2001:db8::/32"] }));
  await asMina("POST", `/v1/me/keys/${rotated}/rotate`, { overlap_hours: 24, current_password: SECRET });
  const { key_id: revoked } = await own(key("Old laptop", 30));
  await asMina("DELETE", `/v1/me/keys/${revoked}`);
  const { items } = await fixture.call("GET", "/v1/teams");
  const teamId = items[0].team_id;
  const { member: bot } = await asMina("POST", `/v1/teams/${teamId}/members`, {
    new_user: { username: "Team.Bot", login: "team.bot", type: "service" },
    role_id: "developer",
  });
  const { user: deploy } = await fixture.call("POST", "/v1/users", {
    username: "Deploy.Bot",
    login: "deploy.bot",
    type: "platform_service",
  });
  const path = `/v1/users/${deploy.user_id}/keys`;
  const body = { ...key("Deploys", 365, { scopes: ["read", "users.manage"] }), current_password: PASSWORD };
  const { secret } = await fixture.call("POST", path, body);
  const made = { username: "Made.By.Key", login: "made.by.key", type: "service" };
  await fixture.send("POST", "/v1/users", made, { Authorization: `Bearer ${secret}` });
  return { bot, deploy };
}

const submit = (page) => page.locator("dialog button[type=submit]").click();
const create = async (page) => {
  await page.keyboard.press("c");
  await page.locator("dialog").waitFor();
};
const ask = (item) => async (page) => {
  await page.locator(".api-keys li button").first().click();
  await page.locator("[role=menu] [role=menuitem]").nth(item).click();
  await page.locator("dialog").waitFor();
};
const OWN = "/me/keys";

const member = () => [
  ["keys-own", OWN, null],
  ["key-menu", OWN, (page) => page.locator(".api-keys li button").first().click()],
  [
    "key-create",
    OWN,
    async (page) => {
      await create(page);
      await page.locator("dialog select").first().selectOption("other");
      await page.locator("dialog .checked-line").first().click();
      await page.locator("dialog select").last().selectOption({ index: 1 });
      await submit(page);
      await page.locator("dialog .field-error").first().waitFor();
    },
  ],
  ["key-rename", OWN, ask(0)],
  ["key-rotate", OWN, ask(1)],
  ["key-revoke", OWN, ask(2)],
  ["keys-of-member", `/teams/${at.team.team_id}/members/${at.bot.user_id}/keys`, null],
  ["keys-of-nobody", `/teams/${at.team.team_id}/members/${at.mina.user_id}/keys`, null],
  ["members-service", `/teams/${at.team.team_id}/members`, null],
  [
    "member-new-service",
    `/teams/${at.team.team_id}/members`,
    async (page) => {
      await create(page);
      await page.locator("dialog .segments label").last().click();
      await submit(page);
      await page.locator("dialog .field-error").first().waitFor();
    },
  ],
  [
    "key-secret",
    OWN,
    async (page) => {
      await create(page);
      await page.locator("dialog .input").first().fill("A rather long name of a key that exports");
      await page.locator("dialog .checked-line").first().click();
      await page.locator("dialog input[type=password]").fill(SECRET);
      await submit(page);
      await page.locator(".code-panel").waitFor();
    },
  ],
];
const superAdmin = () => [
  ["keys-none", OWN, null],
  ["keys-of-service", `/users/${at.deploy.user_id}/keys`, null],
  ["keys-of-person", `/users/${at.mina.user_id}/keys`, null],
  ["keys-all", "/users/keys", null],
  ["keys-all-menu", "/users/keys", (page) => page.locator("tr.row [aria-haspopup=menu]").first().click()],
  ["keys-all-filtered", `/users/keys?owner=${at.mina.user_id}&status=active`, null],
  ["keys-all-no-match", "/users/keys?unused=90", null],
  [
    "user-new-service",
    "/users",
    async (page) => {
      await create(page);
      await page.locator("dialog select").first().selectOption("platform_service");
    },
  ],
  ["user-service", `/users/${at.deploy.user_id}`, null],
  ["audit-keys", "/audit?action=key.rotate", (page) => page.locator(".audit .name-button").first().click()],
  ["audit-by-key", "/audit?action=user.create", (page) => page.locator(".audit .name-button").first().click()],
];

checkScreens(
  "API keys",
  () => fixture,
  () => [
    [["mina.park", SECRET], member()],
    [[ADMIN, PASSWORD], superAdmin()],
  ],
);
