// The screens of signing in, accounts, applications and the own account, in all their states.
import { after, before } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { checkScreens } from "./screen-checks.js";
import { firstApp } from "./seed.js";

let fixture;
let app;
let empty;
let ids;
before(async () => {
  // Few rows: axe looks at each of them again and again.
  fixture = await Fixture.start({ seed: 12 });
  app = await firstApp(fixture);
  empty = await fixture.call("POST", "/v1/apps", { name: "Empty Harbour", team_id: null });
  const { items: accounts } = await fixture.call("GET", `/v1/apps/${app.app_id}/accounts`);
  ids = accounts.map(({ user_id: id }) => id);
  await fixture.call("PATCH", `/v1/apps/${app.app_id}/accounts/${ids[0]}`, {
    nickname: "<img src=x onerror=alert(1)>",
    photo_url: "http://localhost/x.png",
  });
});
after(() => fixture.stop());

const choose = async (page) => {
  for (const at of [0, 2, 4]) await page.locator("tbody .pick label").nth(at).click();
};
const button = (page, index, selector) => page.locator(selector).nth(index).click();

const outside = [
  ["sign-in", "/sign-in", null],
  ["sign-in-refused", "/sign-in", (page) => page.locator("button[type=submit]").click()],
  ["register", "/register", null],
  [
    "register-rest",
    "/register",
    async (page) => {
      await page.locator("input[type=email]").fill(`${Math.random().toString(36).slice(2)}@example.com`);
      await page.locator("button[type=submit]").click();
      await page.locator(".slots").first().waitFor();
      await page.locator("button[type=submit]").click();
    },
  ],
  ["reset", "/reset", null],
];
const inside = (accounts) => [
  ["accounts", accounts, null],
  ["accounts-selected", accounts, choose],
  ["accounts-filtered", `${accounts}?type=admin`, null],
  ["accounts-no-match", `${accounts}?q=zzz`, null],
  ["accounts-none", `/apps/${empty.app_id}/accounts`, null],
  ["accounts-picker", accounts, (page) => page.locator(".picker").click()],
  ["accounts-row-menu", accounts, (page) => button(page, 3, "tr.row [aria-haspopup=menu]")],
  [
    "account-create",
    accounts,
    async (page) => {
      await page.keyboard.press("c");
      await page.locator("dialog button[type=submit]").click();
    },
  ],
  [
    "account-edit",
    `${accounts}/${ids[1]}`,
    async (page) => {
      await page.locator("dialog .input").nth(2).fill("harbor.example/p/eunji.jpg");
      await page.locator("dialog button[type=submit]").click();
    },
  ],
  [
    "account-leave",
    `${accounts}/${ids[1]}`,
    async (page) => {
      await page.locator("dialog .input").first().fill("Other");
      await page.keyboard.press("Escape");
      await page.locator("dialog.dialog").waitFor();
    },
  ],
  ["account-gone", `${accounts}/nobody`, null],
  [
    "account-export",
    accounts,
    async (page) => {
      await choose(page);
      await page
        .locator(".selection .button, .docked .button:not(.bare)")
        .and(page.locator(":visible"))
        .first()
        .click();
    },
  ],
  ["lock-lift", `/apps/${app.app_id}`, (page) => page.locator(".plain-line .button").click()],
  ["apps", "/apps", null],
  ["app-create", "/apps?new=1", null],
  ["app", `/apps/${app.app_id}`, null],
  ["me-profile", "/me/profile", null],
  ["me-password", "/me/password", (page) => page.locator("button[type=submit]").click()],
  ["me-email", "/me/email", null],
  ["me-two-factor", "/me/two-factor", null],
  [
    "me-two-factor-begun",
    "/me/two-factor",
    async (page) => {
      await page.locator("input[type=password]").fill(PASSWORD);
      await page.locator("button[type=submit]").click();
      await page.locator(".qr").waitFor();
    },
  ],
  ["me-sessions", "/me/sessions", null],
  ["shortcuts", "/me/profile", (page) => page.keyboard.press("?")],
  ["nowhere", "/no/such/place", null],
];

checkScreens(
  "accounts and identity",
  () => fixture,
  () => [
    [null, outside],
    [[ADMIN, PASSWORD], inside(`/apps/${app.app_id}/accounts`)],
  ],
);
