// The attribute acts when a page loads; a step that comes later has to be told.
import { useEffect } from "../vendor/hooks.js";

export function useAutofocus(ref, wanted) {
  useEffect(() => {
    if (wanted) ref.current?.focus();
  }, []);
}
