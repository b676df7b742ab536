/**
 * SQL databases of apps. A database belongs to an app and has a name; it is there from its first statement on.
 *
 * 1. What was written is on the disk before its promise resolves, and every later statement sees it.
 * 2. Statements that are given together are one transaction: all of them are done, or none.
 * 3. A statement is bounded in time, in memory, in what it returns and in what it may fill of the disk. One that is cut off has done nothing.
 * 4. A statement reaches its own database, and nothing else of the host.
 * 5. A state of a database that lasted for as long as copies are apart is there still, or there is a copy of it: before something is done with a database that was changed since
 *    its last copy, and that is old enough, another one is made. Old copies are removed.
 */
export interface SqlDatabases {
  /**
   * Rejects with "sql-error" if a statement cannot be carried out, "sql-timeout", "sql-too-large" if it returns too much, "sql-full", "sql-busy" if too many wait, and
   * "sql-failed" if the process ended that carried it out. Then nothing of them was done.
   */
  run(database: Database, request: SqlRequest): Promise<SqlResult[]>;
  /** As run(), on a copy, which nothing changes. Rejects with "no-such-copy", too. @param at when the copy was made */
  runOnCopy(database: Database, at: number, request: SqlRequest): Promise<SqlResult[]>;
  /** The copies of a database, the newest first. */
  copies(database: Database): Promise<SqlCopy[]>;
  /** Makes a copy now. Rejects with "no-such-sql", "sql-full" if copies may not be as large, and "disk-full". */
  copy(database: Database): Promise<SqlCopy>;
  /**
   * Puts a copy in the place of the database, which is copied before, or makes another database of it. Rejects with "no-such-copy", "sql-exists" and "sql-full".
   * @returns the copy of what the database was; null: nothing was replaced
   */
  restore(database: Database, at: number, as: string): Promise<SqlCopy | null>;
  /** The names of an app's databases, with their sizes. */
  databases(tenant: string, app: string): Promise<{ name: string; bytes: number }[]>;
  /** Removes a database with all that is in it, and its copies. */
  drop(database: Database): Promise<void>;
}

export interface Database {
  /** Ids. */
  tenant: string;
  app: string;
  name: string;
}

export interface SqlCopy {
  /** When it was made, wall clock, ms. It is the copy's name, too. */
  at: number;
  bytes: number;
}

/** Statements with their parameters, or a script of several statements without any, which are done one after the other, each by itself. */
export type SqlRequest = { statements: SqlStatement[] } | { script: string };

export interface SqlStatement {
  sql: string;
  params: SqlValue[];
}

export type SqlValue = null | number | string | { base64: string };

export interface SqlResult {
  columns: string[];
  rows: SqlValue[][];
  meta: SqlMeta;
}

interface SqlMeta {
  /** Rows that were added, changed or removed. */
  changes: number;
  lastRowId: number;
  /** Milliseconds. */
  duration: number;
  /** Bytes of the database. */
  size: number;
}

/** Statements that are given together. */
export const MOST_STATEMENTS = 1_000;
/** Of a statement, and of all that is given together. */
export const MOST_SQL_BYTES = 1_048_576;
export const MOST_REQUEST_BYTES = 16 * 1_048_576;
/** Of the rows of all results together, about. */
export const MOST_RESULT_BYTES = 16 * 1_048_576;
/** Databases of an app. */
export const MOST_DATABASES = 20;
