// What this installation decides, as its page says it.
const settings = document.documentElement.dataset;

export const deployment = {
  isRegistrationOpen: settings.registration === "open",
  minChars: Number(settings.passwordMinChars),
  requiresClasses: settings.passwordClasses === "required",
};
