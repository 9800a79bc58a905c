// Screens in both themes and languages, wide and on a phone: no fault that axe finds, nothing that the policy stopped,
// nothing that scrolls sideways. Each leaves a picture.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faults } from "./axe.js";
import { settled, shot } from "./world.js";

const LOOKS = [
  { language: "en", theme: "light", width: 1280 },
  { language: "ko", theme: "dark", width: 1280 },
  // By what the system prefers.
  { language: "en", theme: "dark", width: 800, settings: { theme: "system" } },
  { language: "ko", theme: "light", width: 360 },
  { language: "en", theme: "dark", width: 360 },
];

// `visits` says, once the world stands, who looks at what: [login and password, or nothing for a stranger], and a list of
// screens: [name, address, what is done there].
export function everyLook(kind, world, visits) {
  for (const look of LOOKS) {
    const named = `${look.language}-${look.theme}-${look.width}`;
    test(`every screen of ${kind} is sound: ${named}`, async (t) => {
      for (const [who, screens] of visits()) {
        const page = await world().page({ ...look, height: look.width < 640 ? 780 : 800 });
        if (who) await world().signIn(page, ...who);
        for (const [name, address, act] of screens) {
          await t.test(name, async () => {
            await page.goto(address);
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
}
