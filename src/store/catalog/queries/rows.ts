import type { DatabaseSync, SQLInputValue } from "node:sqlite";

/** The one place where SQLite's rows get our types: each statement names its columns beside its use. */
export function all<T>(db: DatabaseSync, statement: string): (...parameters: SQLInputValue[]) => T[] {
  const prepared = db.prepare(statement);
  return (...parameters) => prepared.all(...parameters) as T[];
}

/** Returns the first row. */
interface Find<T> {
  (...parameters: SQLInputValue[]): T | undefined;
}

export function one<T>(db: DatabaseSync, statement: string): Find<T> {
  const rows = all<T>(db, statement);
  return (...parameters) => rows(...parameters)[0];
}

/** Returns how many rows were changed. */
export function run(db: DatabaseSync, statement: string): (...parameters: SQLInputValue[]) => number {
  const prepared = db.prepare(statement);
  return (...parameters) => Number(prepared.run(...parameters).changes);
}
