// Copies a text and says so for a moment.
import { useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { announce } from "./toast.js";

const SAID_MS = 2000;

export function Copy({ text, label, onCopied, kind = "secondary" }) {
  const [copied, setCopied] = useState(false);
  const timer = useRef(0);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    announce(words().copy.copied);
    onCopied?.();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SAID_MS);
  };
  return html`<${Button} kind=${kind} icon=${copied ? "check" : "copy"} onClick=${copy}>${copied ? words().copy.copied : label}</${Button}>`;
}
