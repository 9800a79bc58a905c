// A button that copies a text and confirms it for a moment.

import { announce } from "../announce.js";
import { html } from "../html.js";
import { useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";

const CONFIRMATION_MS = 2000;

export function Copy({ text, label, onCopied, kind = "secondary" }) {
  const [said, setSaid] = useState(null);
  const timer = useRef(0);
  const say = (name) => {
    setSaid(name);
    announce(words().copy[name]);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(null), CONFIRMATION_MS);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return say("refused");
    }
    say("copied");
    onCopied?.();
  };
  return html`
    <${Button} kind=${kind} icon=${said === "copied" ? "check" : "copy"} onClick=${copy}>
      ${said ? words().copy[said] : label}
    </${Button}>`;
}
