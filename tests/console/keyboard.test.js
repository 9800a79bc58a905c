// The whole walk without a mouse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, World } from "./world.js";

let world;
let app;
before(async () => {
  world = await World.start({ seed: 30 });
  ({
    items: [app],
  } = await world.call("GET", "/v1/apps"));
});
after(() => world.stop());

const focused = (page) =>
  page.evaluate(() => document.activeElement?.textContent.trim() || document.activeElement?.getAttribute("aria-label"));

test("signing in, finding, selecting, editing, saving and leaving take no mouse", async () => {
  const page = await world.page();
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.goto("/");
  await page.getByLabel("Login").waitFor();
  await page.keyboard.type("admin");
  await press("Tab", "Tab");
  await page.keyboard.type(PASSWORD);
  await press("Enter");
  await page.locator("tr.row").first().waitFor();

  // Whoever came from somewhere is at the beginning of the page; whoever loads it may skip to there.
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.reload();
  await page.locator("tr.row").first().waitFor();
  await press("Tab");
  assert.equal(await focused(page), "Skip to content");
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");

  await press("/");
  await page.keyboard.type("a");
  await page.waitForURL(/q=a/);
  await press("Escape", "Escape");
  await page.waitForURL((url) => !url.search.includes("q="));
  await page.locator('tr.row[data-at="20"]').waitFor();
  await press("j", "j");
  const second = await focused(page);
  assert.equal(second, await page.locator('tr.row[data-at="1"] .who a').textContent());
  await press("x");
  await page.getByText("1 selected").first().waitFor();
  await press("Space");
  await page.getByText("1 selected").first().waitFor({ state: "detached" });
  await press("Space");
  await press("Shift+ArrowDown");
  await page.getByText("2 selected").first().waitFor();
  await press("Escape");
  await page.getByText("2 selected").first().waitFor({ state: "detached" });

  await press("e");
  await page.locator("dialog.sheet").waitFor();
  await press("Tab");
  await page.getByLabel("Nickname").focus();
  await page.getByLabel("Nickname").fill("By keyboard");
  await press("Control+Enter");
  await page.getByText(/ saved\.$/).waitFor();
  await page.locator("dialog.sheet").waitFor({ state: "detached" });
  assert.match(await focused(page), /^[a-z]+\.[a-z]+\d+$/);

  await press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await press(".");
  await page.getByRole("menu").waitFor();
  await press("End", "Home", "ArrowDown");
  assert.equal(await focused(page), "Export");
  await press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });

  await press("g", "p");
  await page.waitForURL("**/apps");
  await page.getByRole("heading", { name: "Applications" }).waitFor();
  await press("g", "a");
  await page.waitForURL(`**/apps/${app.app_id}/accounts`);
  assert.deepEqual(page.complaints, []);
});

test("single keys can be switched off, and never act where something is typed", async () => {
  const page = await world.page({ signedIn: true });
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("c?");
  assert.equal(await page.locator("dialog").count(), 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByLabel("Single keys act").uncheck();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("c");
  await page.keyboard.press("?");
  assert.equal(await page.locator("dialog").count(), 0);
  // What is no letter still acts.
  await page.locator("tr.row .who a").first().focus();
  await page.keyboard.press("Space");
  await page.getByText("1 selected").first().waitFor();
});

test("what has the focus is never under what sticks to the top", async () => {
  const page = await world.page({ signedIn: true, height: 500 });
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row").first().waitFor();
  await page.locator("tr.row .who a").nth(20).focus();
  for (let at = 20; at > 2; at -= 1) {
    await page.keyboard.press("ArrowUp");
    const [top, head] = await page.evaluate(() => [
      document.activeElement.getBoundingClientRect().top,
      document.querySelector("thead th").getBoundingClientRect().bottom,
    ]);
    assert.ok(top >= head, `${top} under ${head}`);
  }
});

test("targets are large enough for fingers", async () => {
  const page = await world.page({ signedIn: true, width: 390, height: 800 });
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row").first().waitFor();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a[href], input, label:has(input)")]
      .filter((one) => one.checkVisibility() && !one.closest("td, th, .unseen, .skip"))
      .map((one) => [one.className || one.tagName, one.getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
      .map(([name, box]) => `${name} ${box.width}×${box.height}`),
  );
  assert.deepEqual(small, []);
});
