// What a list does not say of its users. Each is requested once, a few at a time.

import { get, pathOf } from "../../api.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";

const AT_ONCE = 4;

// `idOf` returns the id of an item's user, or nothing if the list says enough. Returns a function that gives the
// details of a user, or null if they are not known yet.
export function useUserDetails(items, idOf) {
  const known = useRef(new Map());
  const waiting = useRef(/** @type {string[]} */ ([]));
  const running = useRef(0);
  const live = useRef(true);
  const [, draw] = useState(0);
  useEffect(() => () => (live.current = false), []);
  const next = async () => {
    const id = waiting.current.shift();
    if (!id || !live.current) return;
    running.current += 1;
    // Without the details the row is still useful.
    const user = await get(pathOf`/v1/users/${id}`).catch(() => null);
    running.current -= 1;
    known.current.set(id, user);
    if (live.current) draw((count) => count + 1);
    next();
  };
  useEffect(() => {
    for (const id of items.map(idOf)) {
      if (!id || known.current.has(id)) continue;
      known.current.set(id, null);
      waiting.current.push(id);
    }
    while (running.current < AT_ONCE && waiting.current.length > 0) next();
  }, [items]);
  return (id) => known.current.get(id) ?? null;
}
