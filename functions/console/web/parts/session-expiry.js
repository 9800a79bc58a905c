// Warns before a session ends because nobody used it. The warning is among the toasts, which lie above sheets and
// dialogs.

import { announce } from "../announce.js";
import { html } from "../html.js";
import { idleTimeLeft, load, refreshNowAndThen } from "../session.js";
import { duration } from "../times.js";
import { useEffect } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";
import { pinned } from "./toast.js";

const WARN_BEFORE_MS = 120_000;
const CHECK_EVERY_MS = 10_000;

function check() {
  const left = idleTimeLeft();
  const soon = left <= WARN_BEFORE_MS && left > 0;
  if (soon || pinned.value) pinned.value = soon ? html`<${Warning} left=${left} />` : null;
}

export function useSessionExpiry() {
  useEffect(() => {
    check();
    const timer = setInterval(() => {
      refreshNowAndThen();
      check();
    }, CHECK_EVERY_MS);
    return () => {
      clearInterval(timer);
      pinned.value = null;
    };
  }, []);
}

function Warning({ left }) {
  const stay = () => load().then(check, () => {});
  const text = words().expiry.soon(duration(left / 1000));
  useEffect(() => announce(text), []);
  // It is announced once: to read the time out whenever it changes would interrupt the person again and again.
  return html`
    <div class="toast amber" aria-live="off">
      <${Icon} name="alert" /><span>${text}</span>
      <${Button} kind="link" onClick=${stay}>${words().expiry.stay}</${Button}>
    </div>`;
}
