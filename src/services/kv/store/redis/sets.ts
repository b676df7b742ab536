/** Commands on sets. */
import type { Reply } from "../../redis/commands.ts";
import { MOST_VALUE_BYTES } from "../../kv.ts";
import { SET } from "../structures.ts";
import { numberOf, optionOf } from "./arguments.ts";
import { allOf, anyMember, nameOf, putMember, randomMembers, removeMember, scanMembers, someMembers } from "./members.ts";
import { Refusal, syntaxError } from "./refusal.ts";
import { type Space, type Structure, tooLong } from "./space.ts";
import type { Run } from "./strings.ts";

const NOTHING = Buffer.alloc(0);

function setAt(space: Space, key: Uint8Array): Structure | undefined {
  return space.structure(key, SET);
}

function has(space: Space, set: Structure | undefined, member: Uint8Array): boolean {
  space.tire(5);
  return set !== undefined && space.rows.memberBytes(set.structure, member) !== undefined;
}

function add(space: Space, key: Uint8Array, members: Iterable<Uint8Array>): number {
  const set = space.structureFor(key, SET);
  let added = 0;
  for (const member of members) {
    if (member.length > MOST_VALUE_BYTES) throw tooLong();
    if (has(space, set, member)) continue;
    putMember(space, set, member, NOTHING);
    added++;
  }
  if (added > 0) space.changed(key, set);
  return added;
}

function removeFrom(space: Space, key: Uint8Array, set: Structure | undefined, members: readonly Uint8Array[]): number {
  if (set === undefined) return 0;
  const removed = members.filter((member) => removeMember(space, set, member)).length;
  if (removed > 0) space.changed(key, set);
  return removed;
}

const spop: Run = (space, [key, given, ...rest]) => {
  if (rest.length > 0) throw syntaxError();
  const count = given === undefined ? 1 : numberOf(given, () => new Refusal("ERR value is out of range, must be positive"));
  if (count < 0) throw new Refusal("ERR value is out of range, must be positive");
  const set = setAt(space, key!);
  if (set === undefined) return given === undefined ? null : { members: [] };
  const popped = (given === undefined ? [anyMember(space, set)] : someMembers(space, set, count)).map(({ field }) => field);
  for (const field of popped) space.give(field.length);
  removeFrom(space, key!, set, popped);
  return given === undefined ? popped[0]! : { members: popped };
};

const srandmember: Run = (space, [key, count, ...rest]) => {
  if (rest.length > 0) throw syntaxError();
  const set = setAt(space, key!);
  if (count !== undefined) return randomMembers(space, set, count).map(({ field }) => given(space, field));
  return set === undefined ? null : given(space, anyMember(space, set).field);
};

function given(space: Space, bytes: Uint8Array): Uint8Array {
  space.give(bytes.length);
  return bytes;
}

const smove: Run = (space, [from, to, member]) => {
  const [source, target] = [setAt(space, from!), setAt(space, to!)];
  if (!has(space, source, member!)) return 0;
  if (Buffer.compare(from!, to!) === 0) return 1;
  removeFrom(space, from!, source, [member!]);
  if (!has(space, target, member!)) add(space, to!, [member!]);
  return 1;
};

function membersOf(space: Space, set: Structure): Uint8Array[] {
  const found: Uint8Array[] = [];
  allOf(space, set, ({ field }) => {
    found.push(field);
    return field.length;
  });
  return found;
}

function* inAll(space: Space, keys: readonly Uint8Array[]): Generator<Uint8Array> {
  const sets = keys.map((key) => setAt(space, key));
  if (sets.includes(undefined)) return;
  const [smallest, ...others] = (sets as Structure[]).toSorted((a, b) => a.members - b.members);
  for (const member of membersOf(space, smallest!)) if (others.every((set) => has(space, set, member))) yield member;
}

function inAny(space: Space, keys: readonly Uint8Array[]): Iterable<Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const key of keys) {
    const set = setAt(space, key);
    if (set !== undefined) for (const field of membersOf(space, set)) found.set(nameOf({ field }), field);
  }
  return found.values();
}

function* inFirst(space: Space, keys: readonly Uint8Array[]): Generator<Uint8Array> {
  const [first, ...others] = keys.map((key) => setAt(space, key));
  if (first === undefined) return;
  for (const member of membersOf(space, first)) if (!others.some((set) => has(space, set, member))) yield member;
}

type Combine = (space: Space, keys: readonly Uint8Array[]) => Iterable<Uint8Array>;

function shown(combine: Combine): Run {
  return (space, keys): Reply => ({ members: [...combine(space, keys)] });
}

function stored(combine: Combine): Run {
  return (space, [to, ...keys]) => {
    const members = [...combine(space, keys)];
    space.remove(to!);
    return members.length === 0 ? 0 : add(space, to!, members);
  };
}

const sintercard: Run = (space, [count, ...rest]) => {
  const keys = numberOf(count, () => new Refusal("ERR numkeys should be greater than 0"));
  if (keys <= 0) throw new Refusal("ERR numkeys should be greater than 0");
  if (keys > rest.length) throw new Refusal("ERR Number of keys can't be greater than number of args");
  const [option, most, ...more] = rest.slice(keys);
  if (more.length > 0 || (option !== undefined && (optionOf(option) !== "LIMIT" || most === undefined))) throw syntaxError();
  const limit = most === undefined ? 0 : numberOf(most, () => new Refusal("ERR LIMIT can't be negative"));
  if (limit < 0) throw new Refusal("ERR LIMIT can't be negative");
  const { length } = [...inAll(space, rest.slice(0, keys))];
  return limit === 0 ? length : Math.min(limit, length);
};

export const sets = {
  SADD: (space, [key, ...members]) => add(space, key!, members),
  SREM: (space, [key, ...members]) => removeFrom(space, key!, setAt(space, key!), members),
  SPOP: spop,
  SMOVE: smove,
  SINTERSTORE: stored(inAll),
  SUNIONSTORE: stored(inAny),
  SDIFFSTORE: stored(inFirst),
  SMEMBERS(space, [key]) {
    const set = setAt(space, key!);
    return { members: set === undefined ? [] : membersOf(space, set) };
  },
  SISMEMBER: (space, [key, member]) => (has(space, setAt(space, key!), member!) ? 1 : 0),
  SMISMEMBER(space, [key, ...members]) {
    const set = setAt(space, key!);
    return members.map((member) => (has(space, set, member) ? 1 : 0));
  },
  SCARD: (space, [key]) => setAt(space, key!)?.members ?? 0,
  SRANDMEMBER: srandmember,
  SINTER: shown(inAll),
  SUNION: shown(inAny),
  SDIFF: shown(inFirst),
  SINTERCARD: sintercard,
  SSCAN: (space, [key, ...rest]) => scanMembers(space, setAt(space, key!), rest, () => []),
} as const satisfies Record<string, Run>;
