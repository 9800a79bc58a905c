// The settings of this installation, which the server writes into the page.
const settings = document.documentElement.dataset;

export const deployment = {
  isRegistrationOpen: settings.registration === "open",
  minChars: Number(settings.passwordMinChars),
  requiresClasses: settings.passwordClasses === "required",
};
