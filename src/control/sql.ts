/** SQL databases of an app: what users do with them from outside of it. */
import type { Names } from "../store/catalog/catalog.ts";
import type { Database, SqlCopy, SqlDatabases, SqlRequest, SqlResult } from "../services/sql/sql.ts";
import { MayflyError } from "../base/errors/error.ts";
import { appIdOf } from "./names.ts";

export interface SqlParts {
  names: Pick<Names, "holder">;
  sql: SqlDatabases;
}

/** Where a database is, by names. */
export interface DatabaseNames {
  /** The tenant's id. */
  tenant: string;
  app: string;
  database: string;
}

/** Throws "no-such-app". */
function databaseOf({ names }: SqlParts, { tenant, app, database }: DatabaseNames): Database {
  return { tenant, app: appIdOf(names, tenant, app), name: database };
}

export async function databasesOfApp({ names, sql }: SqlParts, tenant: string, app: string): Promise<{ name: string; bytes: number }[]> {
  return sql.databases(tenant, appIdOf(names, tenant, app));
}

/** Makes the database if there is none. @param copy the time of one on which the statements are carried out; undefined: on the database */
export async function runSql(parts: SqlParts, where: DatabaseNames, request: SqlRequest, copy?: number): Promise<SqlResult[]> {
  const database = databaseOf(parts, where);
  return copy === undefined ? parts.sql.run(database, request) : parts.sql.runOnCopy(database, copy, request);
}

export async function copiesOf(parts: SqlParts, where: DatabaseNames): Promise<SqlCopy[]> {
  return parts.sql.copies(databaseOf(parts, where));
}

/** Rejects with "no-such-sql". */
export async function copyDatabase(parts: SqlParts, where: DatabaseNames): Promise<SqlCopy> {
  return parts.sql.copy(databaseOf(parts, where));
}

export interface Restored {
  copy: SqlCopy;
  saved: SqlCopy | null;
}

/** Restores the last copy that was made at a time or before it. Rejects with "no-such-copy". @param as undefined: in the place of the database */
export async function restoreDatabase(parts: SqlParts, where: DatabaseNames, at: number, as = where.database): Promise<Restored> {
  const database = databaseOf(parts, where);
  const copy = (await parts.sql.copies(database)).find((each) => each.at <= at);
  if (copy === undefined) throw new MayflyError("no-such-copy", { copy: `of ${new Date(at).toISOString()} or before` });
  return { copy, saved: await parts.sql.restore(database, copy.at, as) };
}

export async function removeDatabase(parts: SqlParts, where: DatabaseNames): Promise<void> {
  await parts.sql.drop(databaseOf(parts, where));
}
