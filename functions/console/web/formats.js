// Numbers, counted things and lists, as a language writes them.
export function formatsOf(language) {
  const numbers = new Intl.NumberFormat(language);
  const rules = new Intl.PluralRules(language);
  const lists = new Intl.ListFormat(language);
  return {
    number: (value) => numbers.format(value),
    // Picks the whole sentence that fits the count; "other" is there in every language.
    plural: (count, sentences) => (sentences[rules.select(count)] ?? sentences.other)(numbers.format(count)),
    list: (names) => lists.format(names),
  };
}
