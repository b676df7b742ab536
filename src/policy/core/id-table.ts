/**
 * A map from invocation ids to numbers, as plain data: two arrays with open addressing, so that the hot path does not allocate.
 */

export interface IdTable {
  /** Ids; -1 marks a free place. The length is a power of two. */
  keys: number[];
  values: number[];
  size: number;
}

const FREE = -1;

export function createIdTable(capacity = 64): IdTable {
  return { keys: filled(capacity, FREE), values: filled(capacity, 0), size: 0 };
}

/** The number of an id; undefined if the table does not have the id. */
export function lookUp(table: IdTable, id: number): number | undefined {
  const place = find(table, id);
  return table.keys[place] === FREE ? undefined : table.values[place];
}

export function put(table: IdTable, id: number, value: number): void {
  if (table.size * 2 >= table.keys.length) grow(table);
  const place = find(table, id);
  if (table.keys[place] === FREE) table.size++;
  table.keys[place] = id;
  table.values[place] = value;
}

export function remove(table: IdTable, id: number): void {
  const place = find(table, id);
  if (table.keys[place] === FREE) return;
  table.size--;
  closeGap(table, place);
}

/** All ids with the number `value`. It goes through the whole table, so that it is not for the hot path. */
export function idsWith(table: IdTable, value: number): number[] {
  return table.keys.filter((key, place) => key !== FREE && table.values[place] === value);
}

/** The place of the id, or the free place where it would be put. */
function find(table: IdTable, id: number): number {
  const { keys } = table;
  const mask = keys.length - 1;
  let place = homeOf(id, mask);
  for (;;) {
    const key = keys[place];
    if (key === id || key === FREE) return place;
    place = (place + 1) & mask;
  }
}

/** Spreads ids, which are a counter. By their low bits alone, those in flight would be one long run of places, which every removal would have to go through. */
function homeOf(id: number, mask: number): number {
  const hash = Math.imul(id, 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & mask;
}

/** Moves entries back that lie behind `gap` because their own places were taken, so that looking for them does not end at the gap. */
function closeGap(table: IdTable, gap: number): void {
  const { keys, values } = table;
  const mask = keys.length - 1;
  let place = gap;
  for (;;) {
    place = (place + 1) & mask;
    const key = keys[place] as number;
    if (key === FREE) break;
    const home = homeOf(key, mask);
    if (((place - home) & mask) < ((place - gap) & mask)) continue;
    keys[gap] = key;
    values[gap] = values[place] as number;
    gap = place;
  }
  keys[gap] = FREE;
}

function grow(table: IdTable): void {
  const { keys, values } = table;
  table.keys = filled(keys.length * 2, FREE);
  table.values = filled(keys.length * 2, 0);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as number;
    if (key === FREE) continue;
    const place = find(table, key);
    table.keys[place] = key;
    table.values[place] = values[i] as number;
  }
}

/** An array whose elements are pushed, not filled in, because V8 keeps such an array packed. */
function filled(length: number, value: number): number[] {
  const array: number[] = [];
  for (let i = 0; i < length; i++) array.push(value);
  return array;
}
