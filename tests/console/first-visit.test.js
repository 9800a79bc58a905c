// What a first visit costs, and what the page is allowed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { World } from "./world.js";

const BUDGET = 100_000;

let world;
before(async () => (world = await World.start({ seed: 5 })));
after(() => world.stop());

// What comes over the wire for a page's requests: each body as it was compressed, without the headers, which HTTP/2
// compresses among each other and HTTP/1.1 does not.
async function watched(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const seen = new Map();
  session.on("Network.responseReceived", ({ requestId, response }) => {
    seen.set(requestId, {
      url: new URL(response.url),
      head: response.encodedDataLength,
      cached: response.fromDiskCache,
      bytes: 0,
    });
  });
  session.on("Network.requestServedFromCache", ({ requestId }) => seen.set(`memory ${requestId}`, null));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const one = seen.get(requestId);
    one.bytes = encodedDataLength - one.head;
    one.cached ||= seen.has(`memory ${requestId}`);
  });
  return () => [...seen.values()].filter(Boolean);
}

test("a first visit transfers at most 100 KB, all of it from here", async () => {
  const page = await world.page();
  const replies = await watched(page);
  await page.goto("/");
  await page.getByLabel("Login").waitFor();
  await page.waitForLoadState("networkidle");
  const bytes = replies().reduce((sum, reply) => sum + reply.bytes, 0);
  assert.ok(bytes > 50_000 && bytes <= BUDGET, `${bytes} bytes`);
  assert.deepEqual([...new Set(replies().map(({ url }) => url.origin))], [world.origin]);
});

test("a second visit takes every file from the cache", async () => {
  const page = await world.page();
  await page.goto("/sign-in");
  await page.waitForLoadState("networkidle");
  const replies = await watched(page);
  await page.goto("/register");
  await page.waitForLoadState("networkidle");
  const files = replies().filter(({ url }) => url.pathname.startsWith("/assets/"));
  assert.ok(files.length > 30);
  const fetched = files.filter(({ cached }) => !cached).map(({ url }) => url.pathname);
  // What only this screen needs is new.
  const named = async (place) =>
    (await (await page.request.get(place, { headers: { Accept: "text/html" } })).text()).match(/\/assets\/[^">\s]+/g);
  const known = await named("/sign-in");
  const own = (await named("/register")).filter((name) => !known.includes(name));
  assert.ok(own.length > 0 && own.length < 10, String(own));
  assert.deepEqual(fetched.sort(), own.sort());
});

test("no text becomes markup or code, whoever asks for it", async () => {
  const page = await world.page();
  await page.goto("/sign-in");
  await page.getByLabel("Login").waitFor();
  const done = await page.evaluate(() => {
    const attempts = {
      markup: () => (document.body.innerHTML = "<b>written</b>"),
      script: () => (document.createElement("script").textContent = "globalThis.ran = true"),
      handler: () => document.body.setAttribute("onclick", "globalThis.ran = true"),
    };
    return Object.entries(attempts).filter(([, attempt]) => {
      try {
        return attempt() || true;
      } catch {
        return false;
      }
    });
  });
  assert.deepEqual(done, []);
  assert.equal(page.complaints.filter((text) => text.includes("Trusted")).length, 3, String(page.complaints));
});
