// The present, for what is told by it.
import { useEffect, useState } from "./vendor/hooks.js";

export function useNow(everyMs = 60_000) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
