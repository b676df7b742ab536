import { isIP } from "node:net";

/** Whether a destination is the machine itself: a function may run a server of its own. */
export function isLocal(host: string): boolean {
  if (host === "" || /^(.+\.)?localhost\.?$/i.test(host)) return true;
  if (isIP(host) === 0) return false;
  return host.startsWith("127.") || host === "0.0.0.0" || host === "::" || host === "::1" || /^::ffff:127\./i.test(host);
}
