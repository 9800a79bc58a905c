// The size of a first visit, caching, and the content security policy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Fixture } from "./fixture.js";

const BUDGET = 100_000;

let fixture;
before(async () => (fixture = await Fixture.start({ seed: 5 })));
after(() => fixture.stop());

// Records the transferred size of each reply: the compressed body without its headers, since HTTP/2 compresses headers
// and HTTP/1.1 does not.
async function recordReplies(page) {
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

test("a first visit transfers at most 100 KB, all from the server itself", async () => {
  const page = await fixture.page();
  const replies = await recordReplies(page);
  await page.goto("/");
  await page.getByLabel("Login").waitFor();
  await page.waitForLoadState("networkidle");
  const bytes = replies().reduce((sum, reply) => sum + reply.bytes, 0);
  assert.ok(bytes > 50_000 && bytes <= BUDGET, `${bytes} bytes`);
  assert.deepEqual([...new Set(replies().map(({ url }) => url.origin))], [fixture.origin]);
});

test("a second visit loads only new files", async () => {
  const page = await fixture.page();
  await page.goto("/sign-in");
  await page.waitForLoadState("networkidle");
  const replies = await recordReplies(page);
  await page.goto("/register");
  await page.waitForLoadState("networkidle");
  const files = replies().filter(({ url }) => url.pathname.startsWith("/assets/"));
  const fetched = files.filter(({ cached }) => !cached).map(({ url }) => url.pathname);
  // Only the modules of this screen are new.
  const named = async (place) =>
    (await (await page.request.get(place, { headers: { Accept: "text/html" } })).text()).match(/\/assets\/[^">\s]+/g);
  const known = await named("/sign-in");
  const own = (await named("/register")).filter((name) => !known.includes(name));
  assert.ok(own.length > 0);
  assert.deepEqual(fetched.sort(), own.sort());
});

test("the page refuses to turn text into markup or code", async () => {
  const page = await fixture.page();
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
  assert.equal(page.errors.filter((text) => text.includes("Trusted")).length, 3, String(page.errors));
});
