// The texts of jobs.
import { wordsOfPart } from "../part-words.js";
import { words as english } from "../words/jobs/en.js";
import { words as korean } from "../words/jobs/ko.js";

export const jobWords = wordsOfPart(english, korean);
