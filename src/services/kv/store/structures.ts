/** Hashes, lists and sets: the rows that say what they are. Their members are in ../store/redis/. */
import type { DatabaseSync } from "node:sqlite";

export const HASH = 1;
export const LIST = 2;
export const SET = 3;
export type Kind = typeof HASH | typeof LIST | typeof SET;

export interface StructureRow {
  structure: number;
  kind: Kind;
  /** How many. */
  members: number;
  /** Of a list: the place of its first item. */
  first: number;
}

export interface StructureRows {
  /** Undefined: the entry is a value, which is empty. */
  of(entry: number): StructureRow | undefined;
  add(entry: number, kind: Kind): StructureRow;
  save(row: StructureRow): void;
  /** From now on no entry has it; the sweep removes its members. */
  leave(row: Pick<StructureRow, "structure">): void;
}

/** Places of a list's items go from its middle in both directions. */
const MIDDLE = 2 ** 51;

export function structureRows(db: DatabaseSync): StructureRows {
  const find = db.prepare("SELECT structure, kind, members, first FROM structures WHERE entry = ?");
  const insert = db.prepare("INSERT INTO structures (entry, kind, members, first) VALUES (?, ?, 0, ?)");
  const save = db.prepare("UPDATE structures SET members = ?, first = ? WHERE structure = ?");
  const leave = db.prepare("UPDATE structures SET entry = NULL WHERE structure = ?");
  return {
    of(entry) {
      const row = find.get(entry);
      if (row === undefined) return undefined;
      const [structure, kind, members, first] = [row["structure"], row["kind"], row["members"], row["first"]].map(Number);
      return { structure: structure!, kind: kind as Kind, members: members!, first: first! };
    },
    add(entry, kind) {
      const structure = Number(insert.run(entry, kind, MIDDLE).lastInsertRowid);
      return { structure, kind, members: 0, first: MIDDLE };
    },
    save: ({ structure, members, first }) => void save.run(members, first, structure),
    leave: ({ structure }) => void leave.run(structure),
  };
}
