// Webhooks: a secret that is shown once, deliveries, tests, resending and a new secret; for the platform and for teams.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { ADMIN, until } from "./fixture.js";
import { northwind } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { webhookWordsOf, wordsOf } from "./words.js";

const w = await webhookWordsOf("en");
const shell = await wordsOf("en");

let at;
let server;
let url;
let status = 204;
const received = [];

async function startReceiver() {
  server = createServer(async (request, reply) => {
    let body = "";
    for await (const part of request) body += part;
    received.push({ id: request.headers["webhook-id"], headers: request.headers, body });
    reply.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  url = `http://127.0.0.1:${server.address().port}/hook`;
}
useFixture({}, async () => {
  await startReceiver();
  at = await northwind(fixture);
});
after(() => server.close());

const openAs = async (login, address, look) => {
  await open(address, { as: login, ready: "h1:visible", ...look });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
};
const ofTeam = () => `/teams/${at.team.team_id}/webhooks`;
const create = async (body) => (await fixture.call("POST", "/v1/webhooks", { url, ...body })).webhook;
const remove = (webhook) => fixture.call("DELETE", `/v1/webhooks/${webhook.webhook_id}`);

test("a webhook is created with the keyboard, and its secret is shown once and copied", async () => {
  await openAs(ADMIN, "/audit");
  await page.getByRole("link", { name: shell.team.tabs.webhooks }).click();
  await page.getByText(w.none).waitFor();
  await page.keyboard.press("c");
  await dialog().getByLabel(w.url).fill("http://example.com/");
  await page.keyboard.press("Enter");
  await page.getByText(w.violations.url.bad_format).waitFor();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(url);
  await page.keyboard.press("Tab");
  await page.keyboard.type("app.create, user.create");
  await page.keyboard.press("Enter");
  const secret = await page.locator("output.secret").textContent();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  // Closing asks once.
  await press(shell.dialog.close);
  await page.getByText(w.secret.uncopied).waitFor();
  await button(w.secret.copy).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  await press(shell.dialog.close);
  await row(url).getByText(w.someTypes(2)).waitFor();
  await page.reload();
  await row(url).waitFor();
  assert.equal(await page.getByText("whsec_").count(), 0);
});

test("a test is sent at once, and its delivery is shown with status and duration", async () => {
  const webhook = await create({ description: "Tested" });
  await openAs(ADMIN, `/webhooks/${webhook.webhook_id}`);
  await dialog().getByText(w.noDeliveries).waitFor();
  await dialog().getByRole("button", { name: w.test, exact: true }).click();
  await page.getByText(w.tested(w.accepted(204))).waitFor();
  const delivery = dialog().locator(".sessions li").first();
  await delivery.getByText(w.accepted(204)).waitFor();
  await delivery.getByText(/\d ms/).waitFor();
  await delivery.getByText(received.at(-1).id).waitFor();
  status = 500;
  await dialog().getByRole("button", { name: w.test, exact: true }).click();
  await dialog().locator(".sessions li").first().getByText(w.refused(500)).waitFor();
  status = 204;
  await remove(webhook);
});

test("a paused webhook says so, and goes on with the event that was not accepted", async () => {
  status = 410;
  const webhook = await create({ types: ["app.create"], description: "Gone" });
  await fixture.call("POST", "/v1/apps", { name: "Lost" });
  await fixture.advance(11);
  const read = () => fixture.call("GET", `/v1/webhooks/${webhook.webhook_id}`);
  await until("pause", async () => (await read()).status === "paused");
  status = 204;
  received.length = 0;
  await openAs(ADMIN, "/webhooks");
  await row("Gone").locator(".tag:visible", { hasText: w.statuses.paused }).waitFor();
  await row("Gone").getByRole("link").click();
  await dialog().getByText(w.paused).waitFor();
  const [lost] = (await fixture.call("GET", `/v1/webhooks/${webhook.webhook_id}/deliveries`)).items;
  await dialog().getByRole("button", { name: w.resend, exact: true }).click();
  const form = page.locator("dialog", { hasText: w.resendTitle });
  // In the person's time zone.
  const from = form.getByLabel(w.from);
  const seconds = Math.floor(Number.parseInt(lost.event_id.replaceAll("-", "").slice(0, 12), 16) / 1000);
  const proposed = async () => Date.parse(`${await from.inputValue()}+09:00`) / 1000;
  await until("proposal of the lost event's time", async () => (await proposed()) === seconds);
  await form.getByRole("button", { name: w.resendAction, exact: true }).click();
  await page.getByText(w.wasResent).waitFor();
  await dialog().getByText(w.statuses.active).waitFor();
  await until("repetition of the lost event", () => received.some(({ id }) => id === lost.event_id));
  await remove(webhook);
});

test("the admin of a team edits, gives a new secret and deletes; other members see no webhooks", async () => {
  const webhook = await create({ team_id: at.team.team_id, description: "Sync" });
  await openAs("mina.park", ofTeam());
  await choose(w.more(url), w.edit);
  await dialog().getByLabel(w.description).fill("Sync of the directory");
  await press(w.save);
  await row("Sync of the directory").waitFor();
  await choose(w.more(url), w.rotate);
  await press(w.rotateAction);
  const secret = await page.locator("output.secret").textContent();
  await button(w.secret.copy).click();
  await press(shell.dialog.close);
  // The library that receivers use accepts what is signed with it.
  await choose(w.more(url), w.test);
  await page.getByText(w.tested(w.accepted(204))).waitFor();
  const { headers, body } = received.at(-1);
  assert.equal(new Webhook(secret).verify(body, headers).type, "webhook.test");
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
  await choose(w.more(url), w.delete);
  await press(w.deleteAction);
  await page.getByText(w.none).waitFor();
  await assert.rejects(fixture.call("GET", `/v1/webhooks/${webhook.webhook_id}`));
  await openAs("t.berg", `/teams/${at.team.team_id}/members`);
  await page.getByText("Mina.Park").first().waitFor();
  assert.equal(await page.getByRole("link", { name: shell.team.tabs.webhooks }).count(), 0);
});
