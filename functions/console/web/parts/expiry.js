// A session that is about to end by resting says so while there is time.
import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { load, readAgain, restLeft } from "../session.js";
import { wait } from "../times.js";
import { words } from "../words.js";
import { Banner } from "./banner.js";
import { Button } from "./button.js";

const WARNED_MS = 120_000;
const LOOKED_MS = 10_000;

export function Expiry() {
  const [left, setLeft] = useState(restLeft);
  useEffect(() => {
    const timer = setInterval(() => {
      readAgain();
      setLeft(restLeft());
    }, LOOKED_MS);
    return () => clearInterval(timer);
  }, []);
  if (left > WARNED_MS || left <= 0) return null;
  const stay = () =>
    load().then(
      () => setLeft(restLeft()),
      () => {},
    );
  return html`<${Banner} tone="amber"><span aria-live="off">${words().expiry.soon(wait(left / 1000))}</span><${Button} kind="link" onClick=${stay}>${words().expiry.stay}</${Button}></${Banner}>`;
}
