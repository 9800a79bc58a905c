// The state of a form: values, errors, and sending it.

import { announce } from "./announce.js";
import { messageOf, messagesByField } from "./problem-messages.js";
import { useEffect, useRef, useState } from "./vendor/hooks.js";
import { words } from "./words.js";

// `check` maps a field to a function that returns an error message or nothing. `codes` maps an error code to the field
// that shows its message. `violations` are messages of this form alone, by field and code.
export function useForm(initial, { check = {}, codes = {}, violations = {} } = {}) {
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState({});
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const failures = useRef(0);
  const [failed, setFailed] = useState(0);
  const running = useRef(false);
  const live = useRef(true);
  useEffect(() => () => (live.current = false), []);
  useEffect(() => {
    if (!failed) return;
    const inDialog = document.querySelector("dialog[open]:last-of-type [aria-invalid=true]");
    const invalid = inDialog ?? document.querySelector("[aria-invalid=true]");
    /** @type {HTMLElement | null} */ (invalid)?.focus();
  }, [failed]);

  const set = (name, value) => {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors((before) => ({ ...before, [name]: undefined }));
    setProblem(null);
  };
  const judged = (name, value) => check[name]?.(value, values);
  const bind = (name) => ({
    value: values[name],
    error: errors[name],
    onInput: (value) => set(name, value),
    onBlur: () => {
      const error = values[name] !== "" && judged(name, values[name]);
      if (error) setErrors((before) => ({ ...before, [name]: error }));
    },
  });
  /**
   * @param {Record<string, string>} found
   * @param {string | null} whole
   */
  const refuse = (found, whole = null) => {
    setErrors(found);
    setProblem(whole);
    failures.current += 1;
    setFailed(failures.current);
    if (Object.keys(found).length > 1) announce(words().form.wrong(Object.keys(found).length));
  };
  const submit = async (act) => {
    if (running.current) return;
    const wrong = Object.fromEntries(
      Object.keys(check)
        .map((name) => [name, judged(name, values[name])])
        .filter(([, error]) => error),
    );
    if (Object.keys(wrong).length > 0) return refuse(wrong);
    running.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await act(values);
    } catch (problem) {
      if (!live.current) return;
      const { fields, rest } = messagesByField(problem, Object.keys(values), violations);
      const own = codes[problem.code];
      if (own) fields[own] = messageOf(problem);
      refuse(
        fields,
        Object.keys(fields).length > 0 && rest.length === 0 ? null : [messageOf(problem), ...rest].join(" "),
      );
    } finally {
      running.current = false;
      if (live.current) setBusy(false);
    }
  };
  return { values, problem, busy, set, setValues, refuse, bind, submit };
}

export const required = (value) => (value.trim() === "" ? words().violations.any.required : undefined);

// East Asian keyboards type digits and letters in full width.
export const halfWidth = (text) => text.normalize("NFKC");

// A password may consist of spaces.
export const nonEmpty = (value) => (value ? undefined : words().violations.any.required);

// The confirmation of a new password.
export const sameAsPassword = (value, { password }) =>
  value === password ? undefined : words().violations.password_confirmation.mismatch;

export const codeOfLength =
  (length = 8) =>
  (value) =>
    value.length === length ? undefined : words().violations.code(length);
