import type { DatabaseSync } from "node:sqlite";

/** Runs `work` as one transaction: all of it is stored, or, where anything throws, nothing. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself on some failures (a full disk is one), and would refuse a second ROLLBACK.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
