// A list that the server pages: loaded as it is scrolled, kept while it is loaded anew.
import { useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import { get, queryOf } from "./api.js";

const SKELETON_DELAY_MS = 200;
const SKELETON_MIN_MS = 300;
const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const EMPTY = { items: [], cursor: null, done: false, loading: true, stage: "quiet", problem: null };

// `keyOf` names an item. Stages: quiet, skeleton, ready, failed.
export function useList(path, parameters, keyOf) {
  const [list, setList] = useState(EMPTY);
  const running = useRef(null);
  const shownSince = useRef(0);
  const address = path + queryOf(parameters);

  const change = (changes) =>
    setList((before) => ({ ...before, ...(typeof changes === "function" ? changes(before) : changes) }));

  const load = async (cursor) => {
    running.current?.abort();
    const own = (running.current = new AbortController());
    change({ loading: true, problem: null });
    let waiting = true;
    const skeleton = () => {
      if (!waiting) return;
      shownSince.current = Date.now();
      change((before) => (before.stage === "quiet" ? { stage: "skeleton" } : {}));
    };
    // With the next frame: a reply that has come while the page was busy goes first.
    setTimeout(() => requestAnimationFrame(skeleton), SKELETON_DELAY_MS);
    try {
      const page = await get(path + queryOf({ ...parameters, limit: 50, cursor }), { signal: own.signal }).finally(
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

  // Before anything is painted, which takes a while. Under another filter the rows stay until the new ones come.
  useLayoutEffect(() => {
    load(null);
    return () => running.current?.abort();
  }, [address]);

  return {
    ...list,
    // What is listed, as the API calls it: the last part of the path.
    noun: path.split("/").at(-1),
    reload: () => load(null),
    more: () => (list.loading || list.done ? undefined : load(list.cursor)),
    // Loads until there are this many or no more, and says whether that is all; null when it failed, or when another
    // list came in between.
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
    // Puts an item where it belongs by its key, in place of what it was.
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
