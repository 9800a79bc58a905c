// The password that somebody gets from somebody else: made by the server, or typed here.
import { html } from "../html.js";
import { nonEmpty } from "../form.js";
import { words } from "../words.js";
import { NewPasswordField } from "./password-field.js";
import { SegmentsField } from "./segments.js";

export const NO_PASSWORD_CHOICE = { made: "yes", password: "" };

export const checkPassword = { password: (value, { made }) => (made === "yes" ? undefined : nonEmpty(value)) };

// As the API takes it.
export const passwordBody = ({ made, password }) => (made === "yes" ? { generate_password: true } : { password });

export function PasswordChoice({ form, names = [], label = words().initialPassword.label }) {
  const w = words().initialPassword;
  const { value, onInput } = form.bind("made");
  return html`
    <${SegmentsField} label=${label} value=${value} options=${[["yes", w.generate], ["no", w.type]]} onChoose=${onInput} hint=${w.due} />
    ${value === "no" && html`<${NewPasswordField} label=${w.password} ...${form.bind("password")} names=${names} />`}`;
}
