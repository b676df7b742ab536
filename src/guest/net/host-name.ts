/** What a function gave as a host, as the host may be asked for it. What Node would not even look up fails here, and as it does in Node. */
import { domainToASCII } from "node:url";
import { getSystemErrorMap } from "node:util";

/** libuv refuses longer ones. */
const LONGEST = 255;
/** getaddrinfo's results have no numbers of their own; these are libuv's for them. */
const errors = new Map([...getSystemErrorMap()].map(([errno, [name]]) => [name, errno]));

export function errnoOf(code: string): number | undefined {
  return errors.get(code);
}

/** Whether it is for us: of everything else Node itself knows what is wrong with it. */
export function isHost(host: unknown): host is string {
  return typeof host === "string" && host !== "" && !host.includes("\0");
}

/**
 * In ASCII.
 * @throws Error as getaddrinfo's
 */
export function onTheWire(host: string, syscall = "getaddrinfo"): string {
  if (!host.isWellFormed()) throw lookupFailure("EINVAL", host, syscall);
  // oxlint-disable-next-line no-control-regex -- that is what ASCII is
  const name = /^[\x00-\x7f]*$/.test(host) ? host : punycode(host);
  if (name.length > LONGEST) throw lookupFailure("EINVAL", host, syscall);
  if (name === "") throw lookupFailure("ENOTFOUND", host, syscall);
  return name;
}

/** Nothing for what no host could be asked for. */
export function wireName(host: string): { name?: string } {
  try {
    return { name: onTheWire(host) };
  } catch {
    return {}; // A function's own look-up found an address for it all the same.
  }
}

/** "" where it is none. domainToASCII reads a URL's host, which ends at some characters. */
function punycode(host: string): string {
  return /^[\w.\-\u0080-\u{10ffff}]*$/u.test(host) ? domainToASCII(host) : "";
}

/** As Node has it: "getaddrinfo ENOTFOUND example.invalid". */
export function lookupFailure(code: string, hostname: string, syscall = "getaddrinfo"): Error {
  // libuv calls getaddrinfo's EAI_NONAME so; Node's own name for it is ENOTFOUND.
  const errno = errors.get(code === "ENOTFOUND" ? "EAI_NONAME" : code);
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno, code, syscall, hostname });
}
