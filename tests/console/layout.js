// Faults of the layout of a page, one line each. It runs in the browser.
// `known` are names that the console itself gives.
export function layoutFaults(known) {
  const faults = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) faults.push(`the content is ${scrollWidth} px wide in a viewport of ${innerWidth} px`);

  // Names and ids may be cut, with their full text in a tooltip. The words of the console must fit in their boxes.
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const parent = text.parentElement;
    const box = parent.closest("[role^=menuitem], td, th, .cut, .button, .tag, .filter-button, .segments label");
    const isName = parent.closest("bdi, .id") && !known.includes(text.data.trim());
    if (!box || text.data.trim() === "" || isName || parent.closest(".unseen, kbd")) continue;
    range.selectNodeContents(text);
    const inner = range.getBoundingClientRect();
    const outer = box.getBoundingClientRect();
    if (inner.width > 0 && (inner.right > outer.right + 1 || inner.left < outer.left - 1))
      faults.push(`"${text.data.trim()}" is cut in ${box.tagName.toLowerCase()}.${box.className}`);
  }

  // A spelling service may get what is typed into a field that is checked. It is the property that counts.
  for (const field of document.querySelectorAll("input:not([type=checkbox], [type=radio], [type=date])"))
    if (field.spellcheck)
      faults.push(`the spelling of ${field.labels?.[0]?.textContent ?? field.className} is checked`);
  return faults;
}
