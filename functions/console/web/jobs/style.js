// The style sheet of jobs.
import { loadStyleSheet } from "../style-sheet.js";

loadStyleSheet("jobs");
