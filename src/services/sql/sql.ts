/**
 * SQL databases of apps. A database belongs to an app and has a name; it is there from its first statement on.
 *
 * 1. What was written is on the disk before its promise resolves, and every later statement sees it.
 * 2. Statements that are given together are one transaction: all of them are done, or none.
 * 3. A statement is bounded in time, in memory, in what it returns and in what it may fill of the disk. One that is cut off has done nothing.
 * 4. A statement reaches its own database, and nothing else of the host.
 */
export interface SqlDatabases {
  /**
   * Rejects with "sql-error" if a statement cannot be carried out, "sql-timeout", "sql-too-large" if it returns too much, "sql-full", "sql-busy" if too many wait, and
   * "sql-failed" if the process ended that carried it out. Then nothing of them was done.
   */
  run(database: Database, request: SqlRequest): Promise<SqlResult[]>;
  /** The names of an app's databases, with their sizes. */
  databases(tenant: string, app: string): Promise<{ name: string; bytes: number }[]>;
  /** Removes a database with all that is in it. */
  drop(database: Database): Promise<void>;
}

export interface Database {
  /** Ids. */
  tenant: string;
  app: string;
  name: string;
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
