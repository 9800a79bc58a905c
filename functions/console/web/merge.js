// A form for something that others may save at the same time. Their changes appear in the fields that the person did
// not touch. Where both changed the same field, the person chooses.
import { useEffect, useRef, useState } from "./vendor/hooks.js";

// `formValuesOf` returns the values of a thing as the form holds them.
export function useMerged(thing, typedOf, form) {
  const [base, setBase] = useState(thing);
  const [theirs, setTheirs] = useState(null);
  const original = typedOf(base);
  const changedIn = (values) => Object.keys(original).filter((name) => values[name] !== original[name]);
  // A reference, because the person may go on typing while a request is under way.
  const typed = useRef(null);
  typed.current = form.values;

  const adopt = (now) => {
    const after = typedOf(now);
    const mine = changedIn(typed.current);
    form.setValues({ ...after, ...Object.fromEntries(mine.map((name) => [name, typed.current[name]])) });
    setBase(now);
    return {
      values: after,
      names: mine.filter((name) => after[name] !== original[name] && after[name] !== typed.current[name]),
    };
  };
  useEffect(() => {
    if (thing.version <= base.version) return;
    const found = adopt(thing);
    if (found.names.length > 0) setTheirs(found);
  }, [thing.version]);

  return {
    base,
    changed: changedIn(form.values),
    // Saves with `send`, which receives the version that the form began with. Returns null if the person has to look at
    // something first: at what others saved (`look` loads it), or at a conflict that is still open.
    save: async (send, look) => {
      if (theirs?.names.length > 0) {
        /** @type {HTMLElement | null} */ (document.querySelector(".conflict button"))?.focus();
        return null;
      }
      try {
        return await send(base.version);
      } catch (refused) {
        if (refused.code !== "version_conflict") throw refused;
        setTheirs(adopt(await look()));
        return null;
      }
    },
    // The properties of the conflict to settle, if there is one.
    conflict: theirs && {
      names: theirs.names,
      mine: form.values,
      theirs: theirs.values,
      onSettle: (name, takesTheirs) => {
        if (takesTheirs) form.set(name, theirs.values[name]);
        const left = theirs.names.filter((other) => other !== name);
        setTheirs(left.length > 0 ? { ...theirs, names: left } : null);
      },
    },
  };
}
