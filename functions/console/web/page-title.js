// The title of the browser's tab: page · thing · Rollcall.
import { useEffect } from "./vendor/hooks.js";

export function useTitle(...parts) {
  const title = [...parts.filter(Boolean), "Rollcall"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
