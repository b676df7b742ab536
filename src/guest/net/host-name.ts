/**
 * Converts the host that a function gave into a form that the host may be asked for. A name that Node would not even look up fails here as
 * it does in Node.
 */
import { domainToASCII } from "node:url";
import { getSystemErrorMap } from "node:util";

/** The longest name, in bytes, that libuv accepts. */
const LONGEST = 255;
/** The numbers of errors. getaddrinfo's results have no numbers of their own; these are libuv's for them. */
const errors = new Map([...getSystemErrorMap()].map(([errno, [name]]) => [name, errno]));

export function errnoOf(code: string): number | undefined {
  return errors.get(code);
}

/** Whether we look the value up. For everything else, Node itself knows what is wrong with it. */
export function isHost(host: unknown): host is string {
  return typeof host === "string" && host !== "" && !host.includes("\0");
}

/**
 * The name in ASCII.
 * @throws Error like getaddrinfo's
 */
export function onTheWire(host: string, syscall = "getaddrinfo"): string {
  if (!host.isWellFormed()) throw lookupFailure("EINVAL", host, syscall);
  // oxlint-disable-next-line no-control-regex -- that is what ASCII is
  const name = /^[\x00-\x7f]*$/.test(host) ? host : punycode(host);
  if (name.length > LONGEST) throw lookupFailure("EINVAL", host, syscall);
  if (name === "") throw lookupFailure("ENOTFOUND", host, syscall);
  return name;
}

/** Empty if the host is not a name that could be looked up. */
export function wireName(host: string): { name?: string } {
  try {
    return { name: onTheWire(host) };
  } catch {
    return {}; // a function's own look-up found an address for it all the same
  }
}

/** Empty if it is not a valid name. domainToASCII reads a URL's host, which ends at some characters, so those are excluded first. */
function punycode(host: string): string {
  return /^[\w.\-\u0080-\u{10ffff}]*$/u.test(host) ? domainToASCII(host) : "";
}

/** An error like Node's: "getaddrinfo ENOTFOUND example.invalid". */
export function lookupFailure(code: string, hostname: string, syscall = "getaddrinfo"): Error {
  // libuv's name for this result of getaddrinfo is EAI_NONAME; Node's own name for it is ENOTFOUND.
  const errno = errors.get(code === "ENOTFOUND" ? "EAI_NONAME" : code);
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno, code, syscall, hostname });
}
