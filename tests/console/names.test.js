// Names of people and things: long ones, right-to-left ones, and those without letters.
import assert from "node:assert/strict";
import { test } from "node:test";
import { liftLock } from "./seed.js";
import { fixture, open, page, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");
const LONG_ID = "account.with.a.very.long.user.id";
const HEBREW = "אבגדהוזחטיכלמנסעפצקרשת ".repeat(6).trim();

let app;
useFixture({}, async () => {
  app = await fixture.call("POST", "/v1/apps", { name: "🦀", team_id: null });
  const create = (body) => fixture.call("POST", `/v1/apps/${app.app_id}/accounts`, { type: "general", ...body });
  await create({ user_id: LONG_ID, nickname: "Nickname ".repeat(20).trim() });
  await create({ user_id: "right.to.left", nickname: HEBREW });
  await create({ user_id: "emoji", nickname: "🦀🌊" });
  await create({ user_id: "_.-", nickname: "🦀" });
  await liftLock(fixture, app);
});

const openList = (look) => open(`/apps/${app.app_id}/accounts`, look);

for (const width of [1280, 360]) {
  test(`the question before deleting shows the whole user id: ${width} px wide`, async () => {
    await openList({ width });
    await row(LONG_ID)
      .getByRole("button", { name: w.accounts.more(LONG_ID) })
      .click();
    await page.getByRole("menuitem", { name: new RegExp(w.accounts.delete) }).click();
    const fits = await page.locator(".facts .id").evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      const [text, item] = [range, element.closest("li")].map((one) => one.getBoundingClientRect());
      return element.scrollWidth <= element.clientWidth + 1 && text.left >= item.left && text.right <= item.right;
    });
    assert.ok(fits);
    assert.equal(await page.locator(".facts .id").textContent(), LONG_ID);
  });

  test(`a right-to-left name is cut at its end: ${width} px wide`, async () => {
    await openList({ width });
    const name = row("right.to.left").locator("bdi", { hasText: HEBREW }).filter({ visible: true });
    const [first, box, all] = await name.evaluate((element) => {
      const range = document.createRange();
      range.setStart(element.firstChild, 0);
      range.setEnd(element.firstChild, 1);
      const place = ({ left, right }) => ({ left, right });
      return [range.getBoundingClientRect(), element.closest("td, .under").getBoundingClientRect(), element].map(
        (one) => (one instanceof Element ? one.scrollWidth - one.clientWidth : place(one)),
      );
    });
    assert.ok(all > 0, "the name is not cut at all");
    assert.ok(first.right <= box.right + 1 && first.left >= box.left, JSON.stringify([first, box]));
  });
}

test("an avatar is never empty", async () => {
  await openList();
  const texts = await page.locator(".avatar").evaluateAll((avatars) => avatars.map((one) => one.textContent.trim()));
  assert.ok(texts.length > 3);
  assert.deepEqual(
    texts.filter((text) => text === ""),
    [],
  );
});
