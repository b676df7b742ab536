import { existsSync } from "node:fs";
import { join } from "node:path";
import { failureOf } from "../../store/sqlite/failure.ts";
import { openToRead } from "../../store/sqlite/open.ts";

/** Parts of uploads count like objects. What is sealed with a customer's key needs none of the server. */
const SEALED = `
  SELECT 1 FROM versions WHERE segments LIKE '%"key":%' AND ifnull(about ->> '$.encryption.by', '') <> 'customer'
  UNION ALL
  SELECT 1 FROM parts JOIN uploads USING (upload) WHERE segments LIKE '%"key":%' AND ifnull(about ->> '$.object.encryption.by', '') <> 'customer'
  LIMIT 1`;

/**
 * Whether there is content that the server's key has sealed, and that another key would not open. It may look at all objects, so that it is asked only when the key is missing.
 * Throws "state-damaged" and "state-unusable".
 */
export function isSealedByServer(stateDir: string): boolean {
  const file = join(stateDir, "objects.db");
  if (!existsSync(file)) return false;
  try {
    using db = openToRead(file);
    return db.prepare(SEALED).get() !== undefined;
  } catch (error) {
    throw failureOf(error, file);
  }
}
