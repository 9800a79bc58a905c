// Every screen and state, in both themes and languages, wide and on a phone: no fault that axe finds, nothing that the
// policy stopped, nothing that scrolls sideways. Each leaves a picture.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults } from "./axe.js";
import { PASSWORD, shot, World } from "./world.js";

let world;
let app;
let empty;
before(async () => {
  world = await World.start({ seed: 60 });
  ({ items: [app] } = await world.call("GET", "/v1/apps"));
  empty = await world.call("POST", "/v1/apps", { name: "Empty Harbour", team_id: null });
  await world.call("PATCH", `/v1/apps/${app.app_id}/accounts/aditi.chen21`, { nickname: "<img src=x onerror=alert(1)>", photo_url: "http://localhost/x.png" });
});
after(() => world.stop());

const accounts = () => `/apps/${app.app_id}/accounts`;
const choose = async (page) => {
  for (const at of [0, 2, 4]) await page.locator("tbody .pick label").nth(at).click();
};
const button = (page, index, selector) => page.locator(selector).nth(index).click();

// name, address, what is done there, whether somebody is signed in
const OUTSIDE = [
  ["sign-in", "/sign-in", null],
  ["sign-in-refused", "/sign-in", (page) => page.locator("button[type=submit]").click()],
  ["register", "/register", null],
  ["register-rest", "/register", async (page) => {
    await page.locator("input[type=email]").fill(`${Math.random().toString(36).slice(2)}@example.com`);
    await page.locator("button[type=submit]").click();
    await page.locator(".slots").first().waitFor();
    await page.locator("button[type=submit]").click();
  }],
  ["reset", "/reset", null],
];
const INSIDE = [
  ["accounts", accounts, null],
  ["accounts-selected", accounts, choose],
  ["accounts-filtered", () => `${accounts()}?type=admin`, null],
  ["accounts-no-match", () => `${accounts()}?q=zzz`, null],
  ["accounts-none", () => `/apps/${empty.app_id}/accounts`, null],
  ["accounts-picker", accounts, (page) => page.locator(".picker").click()],
  ["accounts-row-menu", accounts, (page) => button(page, 3, "tr.row [aria-haspopup=menu]")],
  ["account-create", accounts, async (page) => {
    await page.keyboard.press("c");
    await page.locator("dialog button[type=submit]").click();
  }],
  ["account-edit", () => `${accounts()}/ava.kim33`, async (page) => {
    await page.locator("dialog .input").nth(2).fill("harbor.example/p/eunji.jpg");
    await page.locator("dialog button[type=submit]").click();
  }],
  ["account-leave", () => `${accounts()}/ava.kim33`, async (page) => {
    await page.locator("dialog .input").first().fill("Other");
    await page.keyboard.press("Escape");
    await page.locator("dialog.dialog").waitFor();
  }],
  ["account-gone", () => `${accounts()}/nobody`, null],
  ["account-export", accounts, async (page) => {
    await choose(page);
    await page.locator(".selection .button, .docked .button:not(.bare)").and(page.locator(":visible")).first().click();
  }],
  ["lock-lift", () => `/apps/${app.app_id}`, (page) => page.locator(".plain-line .button").click()],
  ["apps", () => "/apps", null],
  ["app-create", () => "/apps?new=1", null],
  ["app", () => `/apps/${app.app_id}`, null],
  ["me-profile", () => "/me/profile", null],
  ["me-password", () => "/me/password", (page) => page.locator("button[type=submit]").click()],
  ["me-email", () => "/me/email", null],
  ["me-two-factor", () => "/me/two-factor", null],
  ["me-two-factor-begun", () => "/me/two-factor", async (page) => {
    await page.locator("input[type=password]").fill(PASSWORD);
    await page.locator("button[type=submit]").click();
    await page.locator(".qr").waitFor();
  }],
  ["me-sessions", () => "/me/sessions", null],
  ["shortcuts", () => "/me/profile", (page) => page.keyboard.press("?")],
  ["nowhere", () => "/no/such/place", null],
];

const LOOKS = [
  { language: "en", theme: "light", width: 1280 },
  { language: "ko", theme: "dark", width: 1280 },
  { language: "en", theme: "dark", width: 800, settings: { theme: "system" } },
  { language: "ko", theme: "light", width: 360 },
  { language: "en", theme: "dark", width: 360 },
];

async function settled(page) {
  await page.locator("h1, h2").first().waitFor({ state: "attached" });
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished)));
}

for (const look of LOOKS) {
  const named = `${look.language}-${look.theme}-${look.width}`;
  test(`every screen is sound: ${named}`, async (t) => {
    for (const [signedIn, screens] of [[false, OUTSIDE], [true, INSIDE]]) {
      const page = await world.page({ ...look, height: look.width < 640 ? 780 : 800, signedIn });
      for (const [name, address, act] of screens) {
        await t.test(name, async () => {
          await page.goto(typeof address === "function" ? address() : address);
          await settled(page);
          await act?.(page);
          await settled(page);
          await shot(page, `${name}-${named}`);
          assert.deepEqual(await faults(page), []);
          const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
          assert.ok(inner <= outer, `${inner} px wide in ${outer}`);
          assert.deepEqual(page.complaints.splice(0), []);
          assert.equal(await page.evaluate(() => document.documentElement.lang), look.language);
          // Leaves without being asked.
          await page.goto("about:blank").catch(() => {});
        });
      }
      await page.context().close();
    }
  });
}
