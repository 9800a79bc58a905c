// The selected items of a list. They stay selected while pages and filters change.

import { announce } from "../announce.js";
import { html } from "../html.js";
import { useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";

export function useSelection(keyOf) {
  const [chosen, setChosen] = useState(new Map());
  const last = useRef(null);
  const say = (next) => {
    setChosen(next);
    announce(words().list.selected(next.size));
  };
  return {
    chosen,
    size: chosen.size,
    has: (item) => chosen.has(keyOf(item)),
    items: () => [...chosen.values()],
    keys: () => [...chosen.keys()],
    notShown: (items) => chosen.size - items.filter((item) => chosen.has(keyOf(item))).length,
    clear: () => {
      last.current = null;
      say(new Map());
    },
    replaceWith: (items) => say(new Map(items.map((item) => [keyOf(item), item]))),
    // Replaces selected items by their current state.
    update: (items) =>
      setChosen(
        (before) =>
          new Map([...before, ...items.filter((item) => before.has(keyOf(item))).map((item) => [keyOf(item), item])]),
      ),
    remove: (names) => setChosen((before) => new Map([...before].filter(([name]) => !names.includes(name)))),
    // Toggles one item. With `range`, all items since the last toggled one get its state.
    toggle: (items, at, range = false) => {
      const next = new Map(chosen);
      const from = range && last.current !== null ? items.findIndex((item) => keyOf(item) === last.current) : -1;
      const on = from >= 0 ? chosen.has(last.current) : !chosen.has(keyOf(items[at]));
      const span = from >= 0 ? items.slice(Math.min(from, at), Math.max(from, at) + 1) : [items[at]];
      for (const item of span) {
        if (on) next.set(keyOf(item), item);
        else next.delete(keyOf(item));
      }
      last.current = keyOf(items[at]);
      say(next);
    },
    toggleAll: (items) =>
      say(
        items.every((item) => chosen.has(keyOf(item)))
          ? new Map()
          : new Map([...chosen, ...items.map((item) => [keyOf(item), item])]),
      ),
  };
}

export const SelectionCheckbox = ({ label, checked, mixed = false, onTurn, ...rest }) => html`
  <label><input type="checkbox" class="check" aria-label=${label} checked=${checked} indeterminate=${mixed} ...${rest}
    onClick=${(event) => onTurn(event.shiftKey)} /></label>`;
