// A native modal dialog that is open for as long as it is rendered.
import { onKey } from "../composition.js";
import { useLayoutEffect, useRef } from "../vendor/hooks.js";
import { openAbove } from "./overlay-host.js";

// Returns the properties of the <dialog> element. Escape always calls `onClose`; a click on the backdrop calls it only
// if `mayClose` allows that. The browser keeps the focus inside; the element that had it before gets it back.
export function useModal(onClose, mayClose = () => true) {
  const ref = useRef(null);
  // A layout effect, so that no key press reaches the page in between.
  useLayoutEffect(() => {
    const previousFocus = /** @type {HTMLElement | null} */ (document.activeElement);
    const dialog = ref.current;
    dialog.showModal();
    const detach = openAbove(dialog);
    return () => {
      detach();
      dialog.close();
      previousFocus?.focus({ preventScroll: true });
    };
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    if (event.target === ref.current) onClose();
  };
  const onMouseDown = (event) => {
    if (event.target === ref.current && mayClose()) onClose();
  };
  const onKeyDown = onKey((event) => {
    if (event.key === "Escape" && event.target.closest("dialog") === ref.current) {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  });
  return { ref, onCancel, onMouseDown, onKeyDown };
}
