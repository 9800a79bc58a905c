// The texts of the role editor.
import { wordsOfPart } from "../../part-words.js";
import { words as english } from "../../words/roles/en.js";
import { words as korean } from "../../words/roles/ko.js";

export const roleWords = wordsOfPart(english, korean);
