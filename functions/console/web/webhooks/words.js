// The texts of webhooks in the current language. Both languages are small and come together, so that a change of the
// language needs no further request.
import { formatsOf } from "../formats.js";
import { words as english } from "../words/webhooks/en.js";
import { words as korean } from "../words/webhooks/ko.js";
import { words } from "../words.js";

const texts = { en: english(formatsOf("en")), ko: korean(formatsOf("ko")) };

export const webhookWords = () => texts[words().name];
