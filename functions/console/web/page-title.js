// The page's title in the browser: page · thing · Rollcall.
import { useEffect } from "./vendor/hooks.js";

export function useTitle(...parts) {
  const title = [...parts.filter(Boolean), "Rollcall"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
