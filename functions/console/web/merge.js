// A form over a thing that others may save meanwhile: what they saved shows where nothing was typed over it, and where both
// changed the same, the person chooses.
import { useEffect, useRef, useState } from "./vendor/hooks.js";

// `typedOf` gives a thing's values as they are typed.
export function useMerged(thing, typedOf, form) {
  const [base, setBase] = useState(thing);
  const [theirs, setTheirs] = useState(null);
  const original = typedOf(base);
  const changedIn = (values) => Object.keys(original).filter((name) => values[name] !== original[name]);
  // A request takes a while, in which one may go on typing.
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
    // Saves by `send`, which gets the version that was looked at. Gives null where something is to be looked at first: what
    // others saved meanwhile, or a question about it that is still open.
    save: async (send, look) => {
      if (theirs?.names.length > 0) {
        document.querySelector(".conflict button")?.focus();
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
    // What the question needs, if there is one.
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
