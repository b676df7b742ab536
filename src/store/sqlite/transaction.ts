import type { DatabaseSync } from "node:sqlite";

/** Runs `work` as one transaction. If it throws, nothing of it is stored. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself after some failures, for example a full disk, and would refuse a second ROLLBACK.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
