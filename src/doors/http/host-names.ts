/** Names of hosts, in one form: lower case, punycode, without port and final dot. */
import { isIP } from "node:net";

/** Of a Host header that target.ts took. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}

/**
 * Of a host that somebody wrote: "Bücher.example:80" is "xn--bcher-kva.example". Undefined where it is no name: an address, in
 * whatever spelling clients take for one (2130706433, 0x7f.1, [::1]), a pattern, or a part of a URL.
 */
export function writtenHostName(text: string): string | undefined {
  const [, name] = /^([^\s/?#@%\\:*[\]]+)(?::\d{0,5})?$/u.exec(text) ?? [];
  const url = name === undefined ? null : URL.parse(`http://${name}/`);
  const host = url?.hostname.replace(/\.$/, "") ?? "";
  return isIP(host) === 0 && host.length <= 253 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? host : undefined;
}

/** Whether `host` is `domain` or below it. */
export function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
