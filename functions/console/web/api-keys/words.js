// The texts of service accounts and API keys.
import { wordsOfPart } from "../part-words.js";
import { words as english } from "../words/api-keys/en.js";
import { words as korean } from "../words/api-keys/ko.js";

export const keyWords = wordsOfPart(english, korean);
