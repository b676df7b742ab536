/** Commands on hashes. */
import type { Reply } from "../../redis/commands.ts";
import { HASH } from "../structures.ts";
import { bigintOf, bytesOf, floatOf, isWhole64, optionOf, shownFloat } from "./arguments.ts";
import { allOf, anyMember, putMember, randomMembers, removeMember, scanMembers } from "./members.ts";
import { Refusal, syntaxError } from "./refusal.ts";
import { type Space, type Structure, tooLong } from "./space.ts";
import { OK, type Run } from "./strings.ts";
import { MOST_VALUE_BYTES } from "../../kv.ts";

function hashAt(space: Space, key: Uint8Array): Structure | undefined {
  return space.structure(key, HASH);
}

function valueIn(space: Space, hash: Structure | undefined, field: Uint8Array): Uint8Array | null {
  if (hash === undefined) return null;
  space.tire(5);
  const bytes = space.rows.memberBytes(hash.structure, field);
  if (bytes === undefined) return null;
  space.give(bytes);
  return space.rows.member(hash.structure, field)!;
}

/** Returns how many fields are new. */
function setAll(space: Space, [key, ...args]: readonly Uint8Array[], command: string): number {
  if (args.length % 2 !== 0) throw new Refusal(`ERR wrong number of arguments for '${command}' command`);
  const hash = space.structureFor(key!, HASH);
  let added = 0;
  for (let at = 0; at < args.length; at += 2) added += put(space, hash, args[at]!, args[at + 1]!) ? 1 : 0;
  space.changed(key!, hash);
  return added;
}

function put(space: Space, hash: Structure, field: Uint8Array, value: Uint8Array): boolean {
  if (field.length + value.length > MOST_VALUE_BYTES) throw tooLong();
  return putMember(space, hash, field, value);
}

/** Puts what becomes of a field's value. */
function change(space: Space, key: Uint8Array, field: Uint8Array, changed: (old: Uint8Array | undefined) => Uint8Array): Uint8Array {
  const hash = space.structureFor(key, HASH);
  const bytes = space.rows.memberBytes(hash.structure, field) ?? 0;
  const value = changed(bytes > 64 ? bytesOf("x") : space.rows.member(hash.structure, field));
  put(space, hash, field, value);
  space.changed(key, hash);
  return value;
}

function listed(space: Space, key: Uint8Array, hasFields: boolean, hasValues: boolean): Uint8Array[] {
  const hash = hashAt(space, key);
  const found: Uint8Array[] = [];
  if (hash === undefined) return found;
  allOf(space, hash, ({ field, value }) => {
    if (hasFields) found.push(field);
    if (hasValues) found.push(value);
    return (hasFields ? field.length : 0) + (hasValues ? value.length : 0);
  });
  return found;
}

const notWholeInHash = () => new Refusal("ERR hash value is not an integer");
const notFloatInHash = () => new Refusal("ERR hash value is not a float");

const hincrby: Run = (space, [key, field, given]) => {
  const by = bigintOf(given);
  let sum = by;
  change(space, key!, field!, (old) => {
    sum = by + (old === undefined ? 0n : bigintOf(old, notWholeInHash));
    if (!isWhole64(sum)) throw new Refusal("ERR increment or decrement would overflow");
    return bytesOf(String(sum));
  });
  return sum;
};

const hincrbyfloat: Run = (space, [key, field, given]) => {
  const by = floatOf(given!);
  return change(space, key!, field!, (old) => {
    const sum = by + (old === undefined ? 0 : floatOf(old, notFloatInHash));
    if (!Number.isFinite(sum)) throw new Refusal("ERR increment would produce NaN or Infinity");
    return bytesOf(shownFloat(sum));
  });
};

const hrandfield: Run = (space, [key, count, ...rest]): Reply => {
  const hash = hashAt(space, key!);
  if (count === undefined) return hash === undefined ? null : anyMember(space, hash).field;
  const hasValues = optionOf(rest[0]) === "WITHVALUES";
  if (rest.length > 1 || (rest.length === 1 && !hasValues)) throw syntaxError();
  const members = randomMembers(space, hash, count);
  for (const { field, value } of members) space.give(field.length + (hasValues ? value.length : 0));
  return hasValues ? { twos: members.flatMap(({ field, value }) => [field, value]) } : members.map(({ field }) => field);
};

export const hashes = {
  HSET: (space, args) => setAll(space, args, "hset"),
  HMSET(space, args) {
    setAll(space, args, "hmset");
    return OK;
  },
  HSETNX(space, [key, field, value]) {
    const there = hashAt(space, key!);
    if (there !== undefined && space.rows.memberBytes(there.structure, field!) !== undefined) return 0;
    return setAll(space, [key!, field!, value!], "hsetnx");
  },
  HDEL(space, [key, ...fields]) {
    const hash = hashAt(space, key!);
    if (hash === undefined) return 0;
    const removed = fields.filter((field) => removeMember(space, hash, field)).length;
    if (removed > 0) space.changed(key!, hash);
    return removed;
  },
  HINCRBY: hincrby,
  HINCRBYFLOAT: hincrbyfloat,
  HGET: (space, [key, field]) => valueIn(space, hashAt(space, key!), field!),
  HMGET(space, [key, ...fields]) {
    const hash = hashAt(space, key!);
    return fields.map((field) => valueIn(space, hash, field));
  },
  HGETALL: (space, [key]) => ({ pairs: listed(space, key!, true, true) }),
  HKEYS: (space, [key]) => listed(space, key!, true, false),
  HVALS: (space, [key]) => listed(space, key!, false, true),
  HLEN: (space, [key]) => hashAt(space, key!)?.members ?? 0,
  HEXISTS(space, [key, field]) {
    const hash = hashAt(space, key!);
    return hash !== undefined && space.rows.memberBytes(hash.structure, field!) !== undefined ? 1 : 0;
  },
  HSTRLEN(space, [key, field]) {
    const hash = hashAt(space, key!);
    return (hash && space.rows.memberBytes(hash.structure, field!)) ?? 0;
  },
  HSCAN: (space, [key, ...rest]) => scanMembers(space, hashAt(space, key!), rest, ({ value }) => [value]),
  HRANDFIELD: hrandfield,
} as const satisfies Record<string, Run>;
