// A paged list. More is loaded as it scrolls, and old items stay visible while it is reloaded.

import { get, queryOf } from "./api.js";
import { useReload } from "./freshness.js";
import { getPages } from "./pages.js";
import { useLayoutEffect, useRef, useState } from "./vendor/hooks.js";

const PAGE = { limit: 50 };
const SKELETON_DELAY_MS = 200;
const SKELETON_MIN_MS = 300;
const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @typedef {object} List
 * @property {any[]} items
 * @property {string | null} cursor
 * @property {boolean} done
 * @property {boolean} loading
 * @property {"quiet" | "skeleton" | "ready" | "failed"} stage
 * @property {import("./api.js").Problem | null} problem
 */

/** @type {List} */
const EMPTY = { items: [], cursor: null, done: false, loading: true, stage: "quiet", problem: null };

// `keyOf` returns the key of an item. `stage` is "quiet", "skeleton", "ready" or "failed".
export function useList(path, parameters, keyOf) {
  const [list, setList] = useState(EMPTY);
  const running = useRef(null);
  const shownSince = useRef(0);
  const address = path + queryOf(parameters);

  const change = (changes) =>
    setList((before) => ({ ...before, ...(typeof changes === "function" ? changes(before) : changes) }));

  const load = async (cursor) => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    change({ loading: true, problem: null });
    let waiting = true;
    const skeleton = () => {
      if (!waiting) return;
      shownSince.current = Date.now();
      change((before) => (before.stage === "quiet" ? { stage: "skeleton" } : {}));
    };
    // With the next frame, so that a reply which arrived while the page was busy comes first.
    setTimeout(() => requestAnimationFrame(skeleton), SKELETON_DELAY_MS);
    try {
      const page = await get(path + queryOf({ ...parameters, ...PAGE, cursor }), { signal: own.signal }).finally(
        () => (waiting = false),
      );
      const shown = Date.now() - shownSince.current;
      if (shown < SKELETON_MIN_MS) await delay(SKELETON_MIN_MS - shown);
      if (own.signal.aborted) return null;
      change((before) => ({
        items: cursor ? [...before.items, ...page.items] : page.items,
        cursor: page.next_cursor,
        done: page.next_cursor === null,
        loading: false,
        stage: "ready",
      }));
      return page;
    } catch (problem) {
      if (problem.name === "AbortError") return null;
      if (problem.code === "invalid_cursor" && cursor) return load(null);
      change((before) => ({ loading: false, problem, stage: before.stage === "ready" ? "ready" : "failed" }));
      return null;
    }
  };

  // Loads at least as many items again as are shown. They stay until then, and if it fails.
  const refresh = async () => {
    if (list.stage !== "ready") return;
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    change({ loading: true });
    try {
      const { items, cursor } = await getPages(path, parameters, { count: list.items.length, signal: own.signal });
      change({ items, cursor, done: cursor === null, loading: false, problem: null });
    } catch (problem) {
      if (problem.name !== "AbortError") change({ loading: false });
    }
  };
  useReload(refresh);

  // A layout effect sends the request before the first paint. Under another filter, the old rows stay until the new
  // ones arrive.
  useLayoutEffect(() => {
    load(null);
    return () => running.current?.abort();
  }, [address]);

  return {
    ...list,
    // The name of the listed resource: the last part of the path.
    noun: path.split("/").at(-1),
    reload: () => load(null),
    more: () => (list.loading || list.done ? undefined : load(list.cursor)),
    // Loads until there are `most` items or no more. `all` says whether that is everything. Returns null if a request
    // failed or the list changed in between.
    loadUpTo: async (most) => {
      let { items, cursor } = list;
      while (cursor !== null && items.length < most) {
        const page = await load(cursor);
        if (!page) return null;
        items = [...items, ...page.items];
        cursor = page.next_cursor;
      }
      return { items: items.slice(0, most), all: cursor === null && items.length <= most };
    },
    // Inserts an item in the order of the keys, or replaces it.
    upsert: (item) =>
      change(({ items, done }) => {
        const at = items.findIndex((other) => keyOf(other) >= keyOf(item));
        if (at === -1) return { items: done ? [...items, item] : items };
        return { items: items.toSpliced(at, keyOf(items[at]) === keyOf(item) ? 1 : 0, item) };
      }),
    replace: (item) =>
      change(({ items }) => ({ items: items.map((other) => (keyOf(other) === keyOf(item) ? item : other)) })),
    remove: (names) => change(({ items }) => ({ items: items.filter((item) => !names.includes(keyOf(item))) })),
  };
}
