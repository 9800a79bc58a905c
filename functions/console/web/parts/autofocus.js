// The attribute `autofocus` acts only when a page loads. This hook focuses what appears later.
import { useEffect } from "../vendor/hooks.js";

export function useAutofocus(ref, wanted) {
  useEffect(() => {
    if (wanted) ref.current?.focus();
  }, []);
}
