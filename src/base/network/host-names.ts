/** Host names in one normal form: lower case, punycode, without a port or a trailing dot. */
import { isIP } from "node:net";

/** The name in a Host header that target.ts has accepted. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}

/**
 * The normal form of a host written by a person: "Bücher.example:80" becomes "xn--bcher-kva.example". Returns undefined for anything but a
 * name: an address in any spelling that clients accept (2130706433, 0x7f.1, [::1]), a pattern, or a part of a URL.
 */
export function writtenHostName(text: string): string | undefined {
  const [, name] = /^([^\s/?#@%\\:*[\]]+)(?::\d{0,5})?$/u.exec(text) ?? [];
  const url = name === undefined ? null : URL.parse(`http://${name}/`);
  const host = url?.hostname.replace(/\.$/, "") ?? "";
  return isIP(host) === 0 && host.length <= 253 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? host : undefined;
}

/** Whether `host` is `domain` or a name below it. */
export function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
