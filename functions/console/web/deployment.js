// What this installation decides, as its page says it.
const said = document.documentElement.dataset;

export const deployment = {
  registers: said.registration === "open",
  minChars: Number(said.passwordMinChars),
  classes: said.passwordClasses === "required",
};
