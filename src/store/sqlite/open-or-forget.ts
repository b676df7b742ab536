import type { DatabaseSync } from "node:sqlite";
import { failureOf } from "./failure.ts";
import { openDatabase, type OpenOptions } from "./open.ts";

/**
 * Opens a file without which the server can do its work. If it cannot be opened, or what is in it cannot be read, its owner works in memory instead.
 * @param use makes the owner; it reads all that the owner reads at its start. If it throws, nothing of it is left but the open file
 * @param onFailure called with the reason why the file is not used
 */
export function openOrForget<T>(file: string, how: OpenOptions, use: (db: DatabaseSync) => T, onFailure: (error: unknown) => void): T {
  try {
    const db = openDatabase(file, how);
    try {
      return use(db);
    } catch (error) {
      db.close();
      throw failureOf(error, file);
    }
  } catch (error) {
    onFailure(error);
    return use(openDatabase(":memory:", how));
  }
}
