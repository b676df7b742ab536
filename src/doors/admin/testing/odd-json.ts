/** JSON that no client of ours would send, as text, because not all of it is the text of a value of JavaScript. */
import type { Random } from "../../../base/testing/random.ts";

/** Whole values as they stand in JSON. */
const SCALARS = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "1",
  "-1",
  "7",
  "1e309",
  "-1e309",
  "1e-400",
  "1.5",
  "9007199254740993",
  "4294967296",
  "[]",
  "{}",
  "[[]]",
  '""',
  '" "',
  '"a"',
  '"1"',
  '"-1"',
  '"NaN"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u202e"',
  '"é"',
  '"e\\u0301"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"../../etc/passwd"',
  '"/etc/passwd"',
  '"a/b"',
  '"a\\\\b"',
  '"a\\nb: c"',
  '"%2f"',
  '"*"',
  '"@main/x"',
  '"live"',
  '"$LATEST"',
  '"2026-01-01"',
  '"99999999999d"',
  '"1=100"',
  '"http://127.0.0.1/"',
  '"arn:aws:lambda:us-east-1:000000000000:function:x"',
];
const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "", " ", "\\u0000", "\\ud800", "a.b", "a/b", "length", "then"];
const LONG = [64, 65, 256, 1_000, 70_000];

/** @param depth of what is within it, at most */
function oddValue(random: Random, depth = 3): string {
  const kind = random.below(depth > 0 ? 12 : 9);
  if (kind === 0) return `"${"x".repeat(random.pick(LONG))}"`;
  if (kind < 9) return random.pick(SCALARS);
  const parts = Array.from({ length: random.below(5) }, () => oddValue(random, depth - 1));
  if (kind === 9) return `[${parts.join(",")}]`;
  if (kind === 10) return `${"[".repeat(2_000)}${"]".repeat(2_000)}`;
  return `{${parts.map((part) => `"${random.pick(NAMES)}":${part}`).join(",")}}`;
}

/** An object with some of these members, and perhaps others. @param sound values that the members might have as well, as JSON */
function oddObject(random: Random, members: readonly string[], sound: readonly string[] = []): string {
  const chosen = members.filter(() => random.chance(0.6));
  const pairs = chosen.map((name) => `"${name}":${sound.length > 0 && random.chance(0.4) ? random.pick(sound) : oddValue(random)}`);
  if (random.chance(0.2)) pairs.push(`"${random.pick(NAMES)}":${oddValue(random)}`);
  // A member that is there twice.
  if (random.chance(0.1) && pairs.length > 0) pairs.push(random.pick(pairs));
  return `{${pairs.join(",")}}`;
}

/** A whole body: mostly an object with these members, otherwise anything. */
export function oddBody(random: Random, members: readonly string[], sound: readonly string[] = []): string {
  const kind = random.below(12);
  if (kind === 0) return "";
  if (kind === 1) return oddValue(random);
  if (kind === 2) return oddObject(random, members, sound).slice(0, -1 - random.below(3));
  return oddObject(random, members, sound);
}

/** Part of a path or of a query, not encoded. */
export function oddText(random: Random, sound: readonly string[]): string {
  if (random.chance(0.5)) return random.pick(sound);
  const text = random.pick(SCALARS.filter((each) => each.startsWith('"')));
  const parsed = JSON.parse(text) as string;
  return random.chance(0.1) ? "y".repeat(random.pick(LONG.slice(0, 4))) : parsed.isWellFormed() ? parsed : "%ed%a0%80";
}
