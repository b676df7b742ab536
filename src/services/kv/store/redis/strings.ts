/** Commands on texts. */
import { MOST_VALUE_BYTES } from "../../kv.ts";
import type { Reply } from "../../redis/commands.ts";
import { bigintOf, bytesOf, expiryOf, floatOf, isWhole64, keyOf, numberOf, optionsIn, shownFloat } from "./arguments.ts";
import { Refusal, syntaxError } from "./refusal.ts";
import { type Space, tooLong } from "./space.ts";

type Args = readonly Uint8Array[];
export type Run = (space: Space, args: Args) => Reply;
export const OK: Reply = { status: "OK" };

function read(space: Space, key: Uint8Array): Uint8Array | null {
  const found = space.findText(key);
  if (found === undefined) return null;
  space.give(found.bytes);
  return space.textOf(found);
}

const EXPIRIES = ["EX", "PX", "EXAT", "PXAT"];

/** The expiry that SET or GETEX names; undefined: none. Throws if there are several. */
function expiryIn(options: ReadonlyMap<string, Uint8Array>, now: number, command: string): number | undefined {
  const [unit, more] = EXPIRIES.filter((name) => options.has(name));
  if (more !== undefined) throw syntaxError();
  return unit === undefined ? undefined : expiryOf(unit, options.get(unit), now, command);
}

const set: Run = (space, [key, value, ...rest]) => {
  const options = optionsIn(rest, { flags: ["NX", "XX", "GET", "KEEPTTL"], values: EXPIRIES });
  const expiresAt = expiryIn(options, space.now, "SET");
  const keeps = options.has("KEEPTTL");
  if ((options.has("NX") && options.has("XX")) || (keeps && expiresAt !== undefined)) throw syntaxError();
  const found = options.has("GET") ? space.findText(key!) : space.find(key!);
  const old = options.has("GET") ? read(space, key!) : null;
  const isMade = !(options.has("NX") && found !== undefined) && !(options.has("XX") && found === undefined);
  if (isMade) put(space, key!, value!, keeps ? (found?.expiresAt ?? null) : (expiresAt ?? null));
  if (options.has("GET")) return old;
  return isMade ? OK : null;
};

/** What has expired already is removed. */
function put(space: Space, key: Uint8Array, value: Uint8Array, expiresAt: number | null): void {
  if (expiresAt === null || expiresAt > space.now) space.put(key, value, { expiresAt });
  else space.remove(key);
}

function setFor(unit: "EX" | "PX", command: string): Run {
  return (space, [key, time, value]) => {
    space.find(key!);
    put(space, key!, value!, expiryOf(unit, time, space.now, command));
    return OK;
  };
}

const getex: Run = (space, [key, ...rest]) => {
  const options = optionsIn(rest, { flags: ["PERSIST"], values: EXPIRIES });
  if (options.size > 1) throw syntaxError();
  const expiresAt = options.has("PERSIST") ? null : expiryIn(options, space.now, "GETEX");
  const found = space.findText(key!);
  const value = read(space, key!);
  if (found === undefined || expiresAt === undefined || expiresAt === found.expiresAt) return value;
  if (expiresAt === null || expiresAt > space.now) space.setExpiry(found, expiresAt);
  else space.remove(key!);
  return value;
};

function pairsOf(args: Args, command: string): [Uint8Array, Uint8Array][] {
  if (args.length % 2 !== 0) throw new Refusal(`ERR wrong number of arguments for '${command}' command`);
  return Array.from({ length: args.length / 2 }, (_, at) => [keyOf(args[2 * at]!), args[2 * at + 1]!]);
}

function add(space: Space, key: Uint8Array, by: bigint): bigint {
  const found = space.findText(key);
  const sum = (found === undefined ? 0n : bigintOf(found.bytes > 20 ? undefined : space.textOf(found))) + by;
  if (!isWhole64(sum)) throw new Refusal("ERR increment or decrement would overflow");
  space.change(key, found, bytesOf(String(sum)));
  return sum;
}

const incrbyfloat: Run = (space, [key, by]) => {
  const found = space.findText(key!);
  const old = found === undefined ? 0 : floatOf(found.bytes > 64 ? bytesOf("x") : space.textOf(found));
  const sum = old + floatOf(by!);
  if (!Number.isFinite(sum)) throw new Refusal("ERR increment would produce NaN or Infinity");
  const shown = bytesOf(shownFloat(sum));
  space.change(key!, found, shown);
  return shown;
};

const append: Run = (space, [key, more]) => {
  const found = space.findText(key!);
  const length = (found?.bytes ?? 0) + more!.length;
  if (length > MOST_VALUE_BYTES) throw tooLong();
  space.change(key!, found, found === undefined ? more! : Buffer.concat([space.textOf(found), more!]));
  return length;
};

const getrange: Run = (space, [key, from, to]) => {
  const [first, last] = [numberOf(from), numberOf(to)];
  const found = space.findText(key!);
  const length = found?.bytes ?? 0;
  const [start, end] = [
    Math.max(0, first < 0 ? length + first : first),
    Math.min(length - 1, last < 0 ? Math.max(0, length + last) : last),
  ];
  if (found === undefined || start > end || (first < 0 && last < 0 && first > last)) return EMPTY;
  space.give(end - start + 1);
  space.tire(found.bytes >> 10);
  return space.textOf(found).slice(start, end + 1);
};

const setrange: Run = (space, [key, at, more]) => {
  const offset = numberOf(at);
  if (offset < 0) throw new Refusal("ERR offset is out of range");
  const found = space.findText(key!);
  if (more!.length === 0) return found?.bytes ?? 0;
  const length = Math.max(found?.bytes ?? 0, offset + more!.length);
  if (length > MOST_VALUE_BYTES) throw tooLong();
  const value = Buffer.alloc(length);
  if (found !== undefined) value.set(space.textOf(found));
  value.set(more!, offset);
  space.change(key!, found, value);
  return length;
};

const EMPTY = Buffer.alloc(0);

export const strings = {
  GET: (space, [key]) => read(space, key!),
  MGET: (space, keys) =>
    keys.map((key) => {
      const found = space.find(key);
      return found === undefined || found.structure !== undefined ? null : read(space, key);
    }),
  STRLEN: (space, [key]) => space.findText(key!)?.bytes ?? 0,
  GETRANGE: getrange,
  SUBSTR: getrange,
  SET: set,
  SETEX: setFor("EX", "SETEX"),
  PSETEX: setFor("PX", "PSETEX"),
  SETNX(space, [key, value]) {
    if (space.find(key!) !== undefined) return 0;
    space.put(key!, value!);
    return 1;
  },
  MSET(space, args) {
    for (const [key, value] of pairsOf(args, "mset")) space.put(key, value);
    return OK;
  },
  MSETNX(space, args) {
    const pairs = pairsOf(args, "msetnx");
    if (pairs.some(([key]) => space.find(key) !== undefined)) return 0;
    for (const [key, value] of pairs) space.put(key, value);
    return 1;
  },
  GETSET(space, [key, value]) {
    const old = read(space, key!);
    space.put(key!, value!);
    return old;
  },
  GETDEL(space, [key]) {
    const old = read(space, key!);
    if (old !== null) space.remove(key!);
    return old;
  },
  GETEX: getex,
  APPEND: append,
  SETRANGE: setrange,
  INCR: (space, [key]) => add(space, key!, 1n),
  DECR: (space, [key]) => add(space, key!, -1n),
  INCRBY: (space, [key, by]) => add(space, key!, bigintOf(by)),
  DECRBY: (space, [key, by]) => add(space, key!, -bigintOf(by)),
  INCRBYFLOAT: incrbyfloat,
} as const satisfies Record<string, Run>;
