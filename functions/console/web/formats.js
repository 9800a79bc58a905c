// Numbers, plurals and lists in a language.
export function formatsOf(language) {
  const numbers = new Intl.NumberFormat(language);
  const rules = new Intl.PluralRules(language);
  const lists = new Intl.ListFormat(language);
  return {
    number: (value) => numbers.format(value),
    // Picks the sentence for a count. Every language has "other".
    plural: (count, sentences) => (sentences[rules.select(count)] ?? sentences.other)(numbers.format(count)),
    list: (names) => lists.format(names),
  };
}
