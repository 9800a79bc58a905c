// A short name for a browser, from its `User-Agent`: product and operating system.
const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
];
const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["CrOS", "ChromeOS"],
  ["Linux", "Linux"],
];

export function nameOfUserAgent(agent) {
  if (!agent) return null;
  const found = (names) => names.find(([part]) => agent.includes(part))?.[1];
  return [found(BROWSERS), found(SYSTEMS)].filter(Boolean).join(" · ") || agent;
}
