/** Parsers of option values; their errors say what is allowed. */
import { InvalidArgumentError } from "commander";

export function parseCount(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= minimum && count <= maximum) return count;
    throw new InvalidArgumentError(`It must be a whole number of ${minimum} to ${maximum}.`);
  };
}

/** Collects `--header 'name: value'`, which may be repeated. */
export function parseHeader(text: string, earlier: [string, string][] = []): [string, string][] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text);
  if (!match) throw new InvalidArgumentError("It must be 'name: value'.");
  return [...earlier, [match[1]!, match[2]!]];
}

/** In upper case, as HTTP methods are written. */
export function parseMethod(text: string): string {
  if (!/^[a-z-]+$/i.test(text)) throw new InvalidArgumentError("It must be a word of letters.");
  return text.toUpperCase();
}

/**
 * Collects `--env NAME=value`, which may be repeated. A name alone takes the value from this process's environment, because arguments are
 * visible to all users of the host.
 */
export function parseVariable(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const [, name, , given] = /^([A-Za-z_][A-Za-z0-9_]*)(=([^]*))?$/.exec(text) ?? [];
  const value = given ?? process.env[name ?? ""];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError("It must be NAME=value, or the NAME of a variable that is set here.");
  return { ...earlier, [name]: value };
}

/** "64M", "2G", or a number of bytes. */
export function parseBytes(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12})([KMGT]?)$/i.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError("It must be a number of bytes, or one with K, M, G or T behind it.");
  return Number(digits) * 1024 ** " KMGT".indexOf(unit.toUpperCase() || " ");
}
