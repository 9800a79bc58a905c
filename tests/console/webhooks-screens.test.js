// The screens of webhooks, in all their states.
import { after, before } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { checkScreens } from "./screen-checks.js";
import { northwind, SECRET } from "./seed.js";

let fixture;
let at;
let shown;
before(async () => {
  fixture = await Fixture.start();
  at = await northwind(fixture);
  // Nothing listens there.
  const url = "http://127.0.0.1:9/hooks/of/the/directory/of/the/head/office";
  const types = ["app.create", "user.create"];
  const create = (body) => fixture.call("POST", "/v1/webhooks", { url, types, ...body });
  shown = (await create({ description: "Directory sync of the head office" })).webhook;
  await create({ team_id: at.team.team_id, types: [] });
  await fixture.call("POST", `/v1/webhooks/${shown.webhook_id}/test`);
});
after(() => fixture.stop());

const one = () => `/webhooks/${shown.webhook_id}`;
const ofTeam = () => `/teams/${at.team.team_id}/webhooks`;
const dialog = (page) => page.locator("dialog").last().waitFor();
const item = (number) => async (page) => {
  await page.locator("tr.row [aria-haspopup=menu]").last().click();
  await page.locator("[role=menu] [role^=menuitem]").nth(number).click();
  await dialog(page);
};

const ofAdmin = () => [
  ["webhooks", "/webhooks", null],
  ["webhook", one(), (page) => page.locator(".sessions li").first().waitFor()],
  ["webhook-gone", "/webhooks/01a1fb21-fb01-75d9-8551-bd613cefbc94", dialog],
  ["webhooks-menu", "/webhooks", (page) => page.locator("tr.row [aria-haspopup=menu]").last().click()],
  ["webhook-edit", "/webhooks", item(0)],
  ["webhook-resend", "/webhooks", item(2)],
  ["webhook-rotate", "/webhooks", item(3)],
  ["webhook-delete", "/webhooks", item(4)],
  [
    "webhook-secret",
    "/webhooks",
    async (page) => {
      await item(3)(page);
      await page.locator("dialog button[type=submit]").click();
      await page.locator("output.secret").waitFor();
    },
  ],
];
checkScreens(
  "webhooks",
  () => fixture,
  () => [
    [[ADMIN, PASSWORD], ofAdmin()],
    [["mina.park", SECRET], [["team-webhooks", ofTeam(), null]]],
  ],
);
