/** Commands on keys, whatever is under them, and on a store as a whole. */
import type { Reply } from "../../redis/commands.ts";
import type { Found } from "../entries.ts";
import { bigintOf, bytesOf, keyOf, numberOf, optionOf, optionsIn, wordOf } from "./arguments.ts";
import { fitsGlob } from "./glob.ts";
import { noSuchKey, Refusal, syntaxError } from "./refusal.ts";
import type { Space } from "./space.ts";
import { OK, type Run } from "./strings.ts";

/** Keys of a store in which KEYS looks at all of them. */
const MOST_KEYS = 100_000;
const MOST_PATTERN_BYTES = 256;
/** Bytes that are compared with a pattern: longer ones fit none but *. */
const MOST_FITTED_BYTES = 65_536;
/** The most that a scan looks at. */
const MOST_SCANNED = 10_000;
const KINDS = ["string", "hash", "list", "set"];

/** Throws if it is so long that fitting would take too long. */
export function patternOf(bytes: Uint8Array | undefined): ((text: Uint8Array) => boolean) | undefined {
  if (bytes === undefined || wordOf(bytes.subarray(0, 2)) === "*") return undefined;
  if (bytes.length > MOST_PATTERN_BYTES) throw new Refusal(`ERR a pattern must have at most ${MOST_PATTERN_BYTES} bytes`);
  return (text) => text.length <= MOST_FITTED_BYTES && fitsGlob(bytes, text);
}

/** Where a scan goes on. */
export function cursorOf(bytes: Uint8Array): number {
  const text = bytes.length > 20 ? "" : wordOf(bytes);
  if (!/^\d+$/.test(text)) throw new Refusal("ERR invalid cursor");
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

export function countOf(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 10;
  const count = numberOf(bytes);
  if (count < 1) throw syntaxError();
  return Math.min(count, MOST_SCANNED);
}

const scan: Run = (space, [cursor, ...rest]) => {
  const after = cursorOf(cursor!);
  const options = optionsIn(rest, { values: ["MATCH", "COUNT", "TYPE"] });
  const [fits, count, kind] = [patternOf(options.get("MATCH")), countOf(options.get("COUNT")), options.get("TYPE")];
  const rows = space.store === null ? [] : space.rows.scan(space.store, after, space.now, count);
  space.tire(2 * rows.length);
  const wanted = kind === undefined ? undefined : wordOf(kind).toLowerCase();
  const keys = rows.filter((row) => (wanted === undefined || KINDS[row.kind ?? 0] === wanted) && (fits?.(row.key) ?? true));
  for (const { key } of keys) space.give(key.length);
  const next = rows.length < count ? 0 : rows.at(-1)!.entry;
  return [bytesOf(String(next)), keys.map(({ key }) => key)];
};

const keys: Run = (space, [pattern]) => {
  if (space.store === null) return [];
  if (space.rows.keys(space.store) > MOST_KEYS)
    throw new Refusal(`ERR the store has more than ${MOST_KEYS} keys: go through them with SCAN`);
  const fits = patternOf(pattern);
  const found: Uint8Array[] = [];
  for (let after = 0, isMore = true; isMore;) {
    const rows = space.rows.scan(space.store, after, space.now, MOST_SCANNED);
    for (const { key } of rows) {
      if (fits !== undefined && !fits(key)) continue;
      space.give(key.length);
      found.push(key);
    }
    isMore = rows.length === MOST_SCANNED;
    after = rows.at(-1)?.entry ?? 0;
  }
  return found;
};

/** One near a number that lies anywhere between the lowest and the highest. */
const randomkey: Run = (space) => {
  const ends = space.store === null ? undefined : space.rows.ends(space.store);
  if (ends === undefined) return null;
  const [low, high] = ends;
  const near = low - 1 + Math.floor(Math.random() * (high - low + 1));
  const [row] = [...space.rows.scan(space.store!, near, space.now, 1), ...space.rows.scan(space.store!, 0, space.now, 1)];
  return row?.key ?? null;
};

function renaming(space: Space, [from, to]: readonly Uint8Array[], isOnlyNew: boolean): boolean {
  const found = space.find(from!);
  if (found === undefined) throw noSuchKey();
  if (isOnlyNew && space.find(to!) !== undefined) return false;
  if (Buffer.compare(keyOf(from!), keyOf(to!)) === 0) return true;
  space.remove(to!);
  space.rename(found, from!, to!);
  if (found.structure?.kind === 2) space.pushed.push(to!);
  return true;
}

/** @param unit milliseconds @param isAt whether it is a time, in place of a span */
function expiring(unit: number, isAt: boolean, command: string): Run {
  return (space, [key, time, ...rest]) => {
    const given = bigintOf(time);
    const options = optionsIn(rest, { flags: ["NX", "XX", "GT", "LT"] });
    if (options.has("NX") && options.size > 1) throw new Refusal("ERR NX and XX, GT or LT options at the same time are not compatible");
    if (options.has("GT") && options.has("LT")) throw new Refusal("ERR GT and LT options at the same time are not compatible");
    const at = given * BigInt(unit) + (isAt ? 0n : BigInt(space.now));
    if (at > BigInt(Number.MAX_SAFE_INTEGER) || at < -BigInt(Number.MAX_SAFE_INTEGER))
      throw new Refusal(`ERR invalid expire time in '${command}' command`);
    const found = space.find(key!);
    if (found === undefined || !isWanted(found, Number(at), options)) return 0;
    if (Number(at) <= space.now) space.remove(key!);
    else space.setExpiry(found, Number(at));
    return 1;
  };
}

function isWanted({ expiresAt }: Found, at: number, options: ReadonlyMap<string, unknown>): boolean {
  const old = expiresAt ?? Infinity;
  if (options.has("NX") && expiresAt !== null) return false;
  if (options.has("XX") && expiresAt === null) return false;
  return !(options.has("GT") && at <= old) && !(options.has("LT") && at >= old);
}

/** @param from what the time is counted from */
function timeLeft(space: Space, key: Uint8Array, unit: number, from: number): Reply {
  const found = space.find(key);
  if (found === undefined) return -2;
  return found.expiresAt === null ? -1 : Math.round((found.expiresAt - from) / unit);
}

function countThose(args: readonly Uint8Array[], is: (key: Uint8Array) => boolean): number {
  return args.filter(is).length;
}

const flush: Run = (space, args) => {
  if (args.length > 1 || (args.length === 1 && !["ASYNC", "SYNC"].includes(optionOf(args[0])))) throw syntaxError();
  space.flush();
  return OK;
};

const removeAll: Run = (space, args) => countThose(args, (key) => space.remove(key));
const areThere: Run = (space, args) => countThose(args, (key) => space.find(key) !== undefined);

export const keyCommands = {
  DEL: removeAll,
  UNLINK: removeAll,
  EXISTS: areThere,
  TOUCH: areThere,
  TYPE(space, [key]) {
    const found = space.find(key!);
    return { status: found === undefined ? "none" : KINDS[found.structure?.kind ?? 0]! };
  },
  RENAME(space, args) {
    renaming(space, args, false);
    return OK;
  },
  RENAMENX: (space, args) => (renaming(space, args, true) ? 1 : 0),
  KEYS: keys,
  SCAN: scan,
  RANDOMKEY: randomkey,
  DBSIZE: (space) => (space.store === null ? 0 : space.rows.keys(space.store)),
  FLUSHDB: flush,
  FLUSHALL: flush,
  EXPIRE: expiring(1_000, false, "expire"),
  PEXPIRE: expiring(1, false, "pexpire"),
  EXPIREAT: expiring(1_000, true, "expireat"),
  PEXPIREAT: expiring(1, true, "pexpireat"),
  PERSIST(space, [key]) {
    const found = space.find(key!);
    if (found === undefined || found.expiresAt === null) return 0;
    space.setExpiry(found, null);
    return 1;
  },
  TTL: (space, [key]) => timeLeft(space, key!, 1_000, space.now),
  PTTL: (space, [key]) => timeLeft(space, key!, 1, space.now),
  EXPIRETIME: (space, [key]) => timeLeft(space, key!, 1_000, 0),
  PEXPIRETIME: (space, [key]) => timeLeft(space, key!, 1, 0),
} as const satisfies Record<string, Run>;
