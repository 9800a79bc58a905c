// Which teams the users of a list are in. The list does not tell, so each member is asked for once, few at a time.
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { get, pathOf } from "../../api.js";

const AT_ONCE = 4;

export function useMemberships(users) {
  const known = useRef(new Map());
  const waiting = useRef([]);
  const running = useRef(0);
  const live = useRef(true);
  const [, draw] = useState(0);
  useEffect(() => () => (live.current = false), []);
  const next = async () => {
    const id = waiting.current.shift();
    if (!id || !live.current) return;
    running.current += 1;
    // A row without its teams is still a row.
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
