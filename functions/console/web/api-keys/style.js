// The style sheet of API keys.
import { loadStyleSheet } from "../style-sheet.js";

loadStyleSheet("api-keys");
