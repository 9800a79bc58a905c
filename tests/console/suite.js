// What most test files begin with: a server with its data, and for each test a page that ends without errors.
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { SECRET } from "./seed.js";

/** @type {Fixture} */
export let fixture;
/** @type {any} */
export let page;

// `prepare` creates the data that all tests of the file share.
export function useFixture(options, prepare) {
  before(async () => {
    fixture = await Fixture.start(options);
    await prepare?.();
  });
  after(() => fixture?.stop());
  afterEach(closePage);
}

async function closePage() {
  if (!page) return;
  const { errors } = page;
  await page.context().close();
  page = undefined;
  assert.deepEqual(errors, []);
}

// Replaces the page. `of` is a fixture that the test has started itself.
export async function newPage(look, of = fixture) {
  await closePage();
  page = await of.page(look);
}

// Opens an address as a user, null for nobody, and waits for `ready`.
export async function open(address, { as = ADMIN, ready = "tr.row", ...look } = {}) {
  await newPage(look);
  if (as) await fixture.signIn(page, as, as === ADMIN ? PASSWORD : SECRET);
  await page.goto(address);
  await page.locator(ready).first().waitFor();
}

export const dialog = () => page.getByRole("dialog");
export const row = (text) => page.locator("tr.row", { hasText: text });
export const button = (name) => page.getByRole("button", { name, exact: true });
// Presses a button of the dialog.
export const press = (name) => dialog().getByRole("button", { name, exact: true }).click();
// Chooses an item of the menu that the button `more` opens.
export const choose = async (more, item) => {
  await button(more).click();
  await page.getByRole("menuitem", { name: item }).click();
};

// The browser drops the cookie of the next sign-in.
export const dropCookie = () =>
  page.route(
    "**/v1/login",
    async (route) => {
      const reply = await route.fetch();
      await page.context().clearCookies();
      await route.fulfill({ status: reply.status(), json: await reply.json() });
    },
    { times: 1 },
  );
