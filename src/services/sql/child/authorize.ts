/** What statements may do: everything within their database. */
import { constants, type DatabaseSync } from "node:sqlite";

/** Those that only tell, and those that change how this connection's own statements work. */
const PRAGMAS = new Set([
  "case_sensitive_like",
  "data_version",
  "defer_foreign_keys",
  "foreign_key_check",
  "foreign_key_list",
  "foreign_keys",
  "function_list",
  "index_info",
  "index_list",
  "index_xinfo",
  "integrity_check",
  "legacy_alter_table",
  "optimize",
  "quick_check",
  "recursive_triggers",
  "table_info",
  "table_list",
  "table_xinfo",
  "user_version",
]);

/** Refuses other files, settings of the file, and transactions of the statement's own: those are the server's to begin and to end. */
export function allowOwn(db: DatabaseSync): void {
  db.setAuthorizer((action, first, second) => {
    switch (action) {
      case constants.SQLITE_ATTACH:
      case constants.SQLITE_DETACH:
      case constants.SQLITE_TRANSACTION:
      case constants.SQLITE_SAVEPOINT:
        return constants.SQLITE_DENY;
      case constants.SQLITE_PRAGMA:
        return PRAGMAS.has(first ?? "") ? constants.SQLITE_OK : constants.SQLITE_DENY;
      case constants.SQLITE_FUNCTION:
        return second === "load_extension" ? constants.SQLITE_DENY : constants.SQLITE_OK;
      default:
        return constants.SQLITE_OK;
    }
  });
}
