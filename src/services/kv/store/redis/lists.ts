/** Commands on lists. The places of a list's items have no gaps, so that the item at an index is found at once. */
import type { Reply } from "../../redis/commands.ts";
import { MOST_VALUE_BYTES } from "../../kv.ts";
import { LIST } from "../structures.ts";
import { floatOf, numberOf, optionOf, optionsIn } from "./arguments.ts";
import { noSuchKey, Refusal, syntaxError } from "./refusal.ts";
import { type Space, type Structure, tooLong } from "./space.ts";
import { OK, type Run } from "./strings.ts";

/** Items that one command may look through, move or remove. */
const MOST_ITEMS = 50_000;

type End = "LEFT" | "RIGHT";

function listAt(space: Space, key: Uint8Array): Structure | undefined {
  return space.structure(key, LIST);
}

function push(space: Space, list: Structure, end: End, value: Uint8Array): void {
  if (value.length > MOST_VALUE_BYTES) throw tooLong();
  if (end === "LEFT") list.first--;
  list.members++;
  space.rows.putItem(list.structure, end === "LEFT" ? list.first : list.first + list.members - 1, value);
  list.bytes += value.length;
  space.wrote(10 + (value.length >> 10));
}

function pushAll(end: End, isOnlyThere: boolean): Run {
  return (space, [key, ...values]) => {
    if (isOnlyThere && listAt(space, key!) === undefined) return 0;
    const list = space.structureFor(key!, LIST);
    for (const value of values) push(space, list, end, value);
    space.changed(key!, list);
    space.pushed.push(key!);
    return list.members;
  };
}

/** Takes items from an end, at most as many as there are. */
function take(space: Space, list: Structure, end: End, count: number): Uint8Array[] {
  const { structure, first, members } = list;
  const taken = Math.min(count, members);
  const last = first + members - 1;
  const [from, to] = end === "LEFT" ? [first, first + taken - 1] : [last - taken + 1, last];
  assertFew(taken);
  const values: Uint8Array[] = [];
  for (const { value } of space.rows.items(structure, from, to, end === "RIGHT")) {
    space.give(value.length);
    list.bytes -= value.length;
    values.push(value);
  }
  space.rows.removeItems(structure, from, to);
  if (end === "LEFT") list.first += taken;
  list.members -= taken;
  space.wrote(5 * taken);
  return values;
}

function assertFew(items: number): void {
  if (items > MOST_ITEMS) throw new Refusal(`ERR a command may look through, move or remove at most ${MOST_ITEMS} items of a list`);
}

function popOne(space: Space, key: Uint8Array, end: End): Uint8Array | undefined {
  const list = listAt(space, key);
  if (list === undefined) return undefined;
  const [value] = take(space, list, end, 1);
  space.changed(key, list);
  return value;
}

function pop(end: End): Run {
  return (space, [key, given, ...rest]): Reply => {
    if (rest.length > 0) throw syntaxError();
    const wrong = () => new Refusal("ERR value is out of range, must be positive");
    const count = given === undefined ? 1 : numberOf(given, wrong);
    if (count < 0) throw wrong();
    const list = listAt(space, key!);
    if (list === undefined) return given === undefined ? null : { noList: true };
    if (count === 0) return [];
    const values = take(space, list, end, count);
    space.changed(key!, list);
    return given === undefined ? values[0]! : values;
  };
}

/** The first item of the first list that there is. */
function popFirst(end: End): Run {
  return (space, args): Reply => {
    assertTimeout(args.at(-1)!);
    for (const key of args.slice(0, -1)) {
      const value = popOne(space, key, end);
      if (value !== undefined) return [key, value];
    }
    return { noList: true };
  };
}

function assertTimeout(bytes: Uint8Array): void {
  const seconds = floatOf(bytes, () => new Refusal("ERR timeout is not a float or out of range"));
  if (seconds < 0) throw new Refusal("ERR timeout is negative");
  if (!(seconds < 1e10)) throw new Refusal("ERR timeout is out of range");
}

function endOf(bytes: Uint8Array): End {
  const end = optionOf(bytes);
  if (end !== "LEFT" && end !== "RIGHT") throw syntaxError();
  return end;
}

function move(space: Space, from: Uint8Array, to: Uint8Array, [out, into]: [End, End]): Uint8Array | null {
  if (listAt(space, from) === undefined) return null;
  if (Buffer.compare(from, to) === 0) return turn(space, from, [out, into]);
  // That it can be put is known before it is taken.
  listAt(space, to);
  const value = popOne(space, from, out)!;
  const list = space.structureFor(to, LIST);
  push(space, list, into, value);
  space.changed(to, list);
  space.pushed.push(to);
  return value;
}

/** Within one list, which is never empty meanwhile: its expiry stays. */
function turn(space: Space, key: Uint8Array, [out, into]: [End, End]): Uint8Array {
  const list = listAt(space, key)!;
  const [value] = take(space, list, out, 1);
  push(space, list, into, value!);
  space.changed(key, list);
  return value!;
}

/** The place of an index, which counts from the end if it is below 0; undefined: there is none. */
function placeOf({ first, members }: Structure, index: number): number | undefined {
  const at = index < 0 ? members + index : index;
  return at < 0 || at >= members ? undefined : first + at;
}

/** The first and the last place of a range of indexes. */
function rangeOf({ first, members }: Structure, from: number, to: number): [from: number, to: number] {
  const [start, end] = [Math.max(0, from < 0 ? members + from : from), Math.min(members - 1, to < 0 ? members + to : to)];
  return [first + start, first + end];
}

const lrange: Run = (space, [key, start, end]) => {
  const [from, to] = [numberOf(start), numberOf(end)];
  const list = listAt(space, key!);
  const found: Uint8Array[] = [];
  if (list === undefined) return found;
  for (const { value } of space.rows.items(list.structure, ...rangeOf(list, from, to))) {
    space.give(value.length);
    found.push(value);
  }
  return found;
};

const lset: Run = (space, [key, index, value]) => {
  const at = numberOf(index);
  const list = listAt(space, key!);
  if (list === undefined) throw noSuchKey();
  const place = placeOf(list, at);
  if (place === undefined) throw new Refusal("ERR index out of range");
  if (value!.length > MOST_VALUE_BYTES) throw tooLong();
  list.bytes += value!.length - space.rows.itemBytes(list.structure, place);
  space.rows.putItem(list.structure, place, value!);
  space.changed(key!, list);
  return OK;
};

const ltrim: Run = (space, [key, start, end]) => {
  const [first, last] = [numberOf(start), numberOf(end)];
  const list = listAt(space, key!);
  if (list === undefined) return OK;
  const [from, to] = rangeOf(list, first, last);
  // All of it goes at once, however long it is.
  if (from > to) {
    space.remove(key!);
    return OK;
  }
  const before = list.first;
  const after = list.first + list.members - 1;
  const removed = from - before + (after - to);
  if (removed === 0) return OK;
  assertFew(removed);
  for (const [a, b] of [[before, from - 1] as const, [to + 1, after] as const]) {
    list.bytes -= space.rows.sumOfItems(list.structure, a, b);
    space.rows.removeItems(list.structure, a, b);
  }
  [list.first, list.members] = [from, to - from + 1];
  space.wrote(5 * removed);
  space.changed(key!, list);
  return OK;
};

interface Item {
  place: number;
  value: Uint8Array;
}

/** The items of a list, from its first or from its last on. Throws if there are too many. */
function itemsOf(space: Space, { structure, first, members }: Structure, isDown: boolean): Item[] {
  assertFew(members);
  space.tire(2 * members);
  return [...space.rows.items(structure, first, first + members - 1, isDown)];
}

/** Puts other items in the place of those from a place on, to the end of the list. */
function putFrom(space: Space, list: Structure, place: number, values: readonly Uint8Array[]): void {
  const last = list.first + list.members - 1;
  list.bytes -= space.rows.sumOfItems(list.structure, place, last);
  space.rows.removeItems(list.structure, place, last);
  values.forEach((value, at) => space.rows.putItem(list.structure, place + at, value));
  list.bytes += values.reduce((sum, value) => sum + value.length, 0);
  list.members = place - list.first + values.length;
  space.wrote(10 * (values.length + 1));
}

const linsert: Run = (space, [key, where, pivot, value]) => {
  const side = optionOf(where);
  if (side !== "BEFORE" && side !== "AFTER") throw syntaxError();
  const list = listAt(space, key!);
  if (list === undefined) return 0;
  if (value!.length > MOST_VALUE_BYTES) throw tooLong();
  const items = itemsOf(space, list, false);
  const found = items.findIndex((item) => Buffer.compare(item.value, pivot!) === 0);
  if (found === -1) return -1;
  const at = side === "BEFORE" ? found : found + 1;
  putFrom(space, list, list.first + at, [value!, ...items.slice(at).map((item) => item.value)]);
  space.changed(key!, list);
  space.pushed.push(key!);
  return list.members;
};

const lrem: Run = (space, [key, given, value]) => {
  const count = numberOf(given);
  const list = listAt(space, key!);
  if (list === undefined) return 0;
  const items = itemsOf(space, list, false);
  const fitting = items.filter((item) => Buffer.compare(item.value, value!) === 0).map(({ place }) => place);
  const places = new Set(count === 0 ? fitting : count > 0 ? fitting.slice(0, count) : fitting.slice(count));
  const [first] = places;
  if (first === undefined) return 0;
  putFrom(
    space,
    list,
    first,
    items.filter(({ place }) => place >= first && !places.has(place)).map((item) => item.value),
  );
  space.changed(key!, list);
  return places.size;
};

const lpos: Run = (space, [key, value, ...rest]): Reply => {
  const options = optionsIn(rest, { values: ["RANK", "COUNT", "MAXLEN"] });
  const rank = options.has("RANK") ? numberOf(options.get("RANK")) : 1;
  const count = options.has("COUNT") ? numberOf(options.get("COUNT")) : undefined;
  const most = options.has("MAXLEN") ? numberOf(options.get("MAXLEN")) : 0;
  if (rank === 0)
    throw new Refusal(
      "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
    );
  if (count !== undefined && count < 0) throw new Refusal("ERR COUNT can't be negative");
  if (most < 0) throw new Refusal("ERR MAXLEN can't be negative");
  const list = listAt(space, key!);
  if (list === undefined) return count === undefined ? null : [];
  const items = itemsOf(space, list, rank < 0).slice(0, most === 0 ? undefined : most);
  const found = items.filter((item) => Buffer.compare(item.value, value!) === 0).map(({ place }) => place - list.first);
  const wanted = found.slice(Math.abs(rank) - 1);
  if (count === undefined) return wanted[0] ?? null;
  return count === 0 ? wanted : wanted.slice(0, count);
};

export const lists = {
  LPUSH: pushAll("LEFT", false),
  RPUSH: pushAll("RIGHT", false),
  LPUSHX: pushAll("LEFT", true),
  RPUSHX: pushAll("RIGHT", true),
  LPOP: pop("LEFT"),
  RPOP: pop("RIGHT"),
  LSET: lset,
  LTRIM: ltrim,
  LINSERT: linsert,
  LREM: lrem,
  LMOVE: (space, [from, to, out, into]) => move(space, from!, to!, [endOf(out!), endOf(into!)]),
  RPOPLPUSH: (space, [from, to]) => move(space, from!, to!, ["RIGHT", "LEFT"]),
  BLPOP: popFirst("LEFT"),
  BRPOP: popFirst("RIGHT"),
  BLMOVE(space, [from, to, out, into, timeout]) {
    assertTimeout(timeout!);
    return move(space, from!, to!, [endOf(out!), endOf(into!)]);
  },
  BRPOPLPUSH(space, [from, to, timeout]) {
    assertTimeout(timeout!);
    return move(space, from!, to!, ["RIGHT", "LEFT"]);
  },
  LLEN: (space, [key]) => listAt(space, key!)?.members ?? 0,
  LINDEX(space, [key, index]) {
    const at = numberOf(index);
    const list = listAt(space, key!);
    const place = list && placeOf(list, at);
    if (place === undefined) return null;
    space.give(space.rows.itemBytes(list!.structure, place));
    return space.rows.item(list!.structure, place)!;
  },
  LRANGE: lrange,
  LPOS: lpos,
} as const satisfies Record<string, Run>;
