// Warns before a session ends because nobody used it.

import { html } from "../html.js";
import { idleTimeLeft, load, refreshNowAndThen } from "../session.js";
import { duration } from "../times.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Banner } from "./banner.js";
import { Button } from "./button.js";

const WARN_BEFORE_MS = 120_000;
const CHECK_EVERY_MS = 10_000;

export function SessionExpiry() {
  const [left, setLeft] = useState(idleTimeLeft);
  useEffect(() => {
    const timer = setInterval(() => {
      refreshNowAndThen();
      setLeft(idleTimeLeft());
    }, CHECK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  if (left > WARN_BEFORE_MS || left <= 0) return null;
  const stay = () =>
    load().then(
      () => setLeft(idleTimeLeft()),
      () => {},
    );
  return html`
    <${Banner} tone="amber">
      <span aria-live="off">${words().expiry.soon(duration(left / 1000))}</span>
      <${Button} kind="link" onClick=${stay}>${words().expiry.stay}</${Button}>
    </${Banner}>`;
}
