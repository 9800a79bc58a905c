// The teams of the listed users. The list does not include them, so each member is requested once, a few at a time.

import { get, pathOf } from "../../api.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";

const AT_ONCE = 4;

export function useMemberships(users) {
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
    // Without its teams the row is still useful.
    const teams = await get(pathOf`/v1/users/${id}`).then(
      (user) => user.teams,
      () => null,
    );
    running.current -= 1;
    known.current.set(id, teams);
    if (live.current) draw((count) => count + 1);
    next();
  };
  useEffect(() => {
    for (const { user_id: id, type } of users) {
      if (type !== "member" || known.current.has(id)) continue;
      known.current.set(id, null);
      waiting.current.push(id);
    }
    while (running.current < AT_ONCE && waiting.current.length > 0) next();
  }, [users]);
  return (user) => known.current.get(user.user_id) ?? null;
}
