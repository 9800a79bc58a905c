// The texts of webhooks.
import { wordsOfPart } from "../part-words.js";
import { words as english } from "../words/webhooks/en.js";
import { words as korean } from "../words/webhooks/ko.js";

export const webhookWords = wordsOfPart(english, korean);
