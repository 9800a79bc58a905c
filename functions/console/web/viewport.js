// Whether a media query matches, for parts whose markup depends on it and not only their style.
import { useEffect, useState } from "./vendor/hooks.js";

export const WIDE = "(width >= 1280px)";
export const PHONE = "(width < 640px)";

export function useMedia(text) {
  const [holds, setHolds] = useState(() => matchMedia(text).matches);
  useEffect(() => {
    const query = matchMedia(text);
    const follow = () => setHolds(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, [text]);
  return holds;
}
