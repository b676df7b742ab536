/**
 * The ids of versions: 9 digits of the time (base 36, milliseconds), 19 random characters, and 4 that follow from the others. So it is known of an id that nobody has
 * whether it was ever made here, and where a version stood that is removed by now.
 */
import { createHash, randomBytes } from "node:crypto";

const CHECKED = 28;

export function newVersionId(now: number): string {
  const text = now.toString(36).padStart(9, "0") + plain(randomBytes(15)).slice(0, 19);
  return text + checkOf(text);
}

/** False: no version ever had it, except those of older versions of Mayfly. */
export function isVersionId(text: string): boolean {
  return text === "null" || (text.length === CHECKED + 4 && checkOf(text.slice(0, CHECKED)) === text.slice(CHECKED));
}

/** Undefined: it is none of these ids. */
export function timeOfVersion(text: string): number | undefined {
  return text !== "null" && isVersionId(text) ? Number.parseInt(text.slice(0, 9), 36) : undefined;
}

function checkOf(text: string): string {
  return plain(createHash("sha256").update(text).digest()).slice(0, 4);
}

function plain(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll(/[+/]/g, "x");
}
