// Parts that no screen of this console uses alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults } from "./axe.js";
import { shot, World } from "./world.js";

let world;
before(async () => (world = await World.start({ seed: 5 })));
after(() => world.stop());

// A page with an issued code on it that ends in so many seconds.
async function issued(seconds, look) {
  const page = await world.page({ signedIn: true, ...look });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/me/profile");
  await page.locator("h1").first().waitFor({ state: "attached" });
  await page.evaluate(async (expiresAt) => {
    const base = document.querySelector("script[type=module]").src.replace("main.js", "");
    const [{ render }, { html }, { CodeDisplay }] = await Promise.all(
      ["vendor/preact.js", "html.js", "parts/code-display.js"].map((name) => import(base + name)),
    );
    const place = document.querySelector(".page-body");
    place.replaceChildren();
    const facts = [
      ["Role", "Developer"],
      ["For", "jisoo.han"],
      ["Issued by", "Mina Park"],
    ];
    const draw = (shown) =>
      render(
        shown &&
          html`<${CodeDisplay} title="Invitation code" code="04829157" note="Send it now." expiresAt=${expiresAt}
            facts=${facts} onClose=${() => draw(null)} />`,
        place,
      );
    draw(true);
  }, new Date(Date.now() + seconds * 1000).toISOString());
  await page.locator(".issued").waitFor();
  return page;
}

test("an issued code is copied as its bare digits, and then closes without a question", async () => {
  const page = await issued(86_000);
  await page.getByRole("button", { name: "Copy code" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "04829157");
  assert.equal(await page.locator(".issued .tally i.on").count(), 24);
  assert.deepEqual(await faults(page), []);
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator(".issued").waitFor({ state: "detached" });
});

test("a code that was never copied asks before it is gone", async () => {
  const page = await issued(5000, { theme: "dark", width: 390 });
  assert.equal(await page.locator(".issued .tally.amber i.on").count(), 2);
  await shot(page, "issued-dark-390");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("heading", { name: "Close without copying the code?" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.locator(".issued").count(), 1);
});

test("an expired code gives way to the word", async () => {
  const page = await issued(-1);
  await page.getByText("expired").waitFor();
  assert.equal(await page.getByText("0482").count(), 0);
  await page.getByRole("button", { name: "Reissue" }).waitFor();
});
