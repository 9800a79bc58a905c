// Loads the style sheet of jobs, which a first visit does not need.
const link = document.createElement("link");
link.rel = "stylesheet";
link.href = new URL("../style/jobs.css", import.meta.url).href;
document.head.append(link);
