// The texts of jobs in the current language. Both languages are small and come together, so that a change of the
// language needs no further request.
import { formatsOf } from "../formats.js";
import { words as english } from "../words/jobs/en.js";
import { words as korean } from "../words/jobs/ko.js";
import { words } from "../words.js";

const texts = { en: english(formatsOf("en")), ko: korean(formatsOf("ko")) };

export const jobWords = () => texts[words().name];
