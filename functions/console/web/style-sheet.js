// Loads a style sheet that a first visit does not need.
export function loadStyleSheet(name) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`style/${name}.css`, import.meta.url).href;
  document.head.append(link);
}
