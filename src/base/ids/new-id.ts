/**
 * Ids of what has a name that users choose: short random texts that begin with their kind. They stay what they are, and nobody outside of Mayfly sees
 * most of them. The `_` keeps them apart from every name that an older Mayfly allowed.
 */
import { randomBytes } from "node:crypto";

const prefixes = { tenant: "ten", app: "app", revision: "rev", appliance: "apl", principal: "pri", token: "tok" } as const;

export type IdKind = keyof typeof prefixes;

/** 32 letters and digits, without those that look alike. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** 80 random bits: a million ids collide with a probability of 1 in 10^12. */
const LENGTH = 16;

/** For example "app_7d3kq0v9m2x4y6zb". */
export function newId(kind: IdKind): string {
  const random = Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]);
  return `${prefixes[kind]}_${random.join("")}`;
}

export function isId(kind: IdKind, text: string): boolean {
  return text.startsWith(`${prefixes[kind]}_`) && /^[0-9a-z]{16}$/.test(text.slice(prefixes[kind].length + 1));
}

/** The built-in tenant has the same id on every host. */
export const mainTenant = "ten_main";
