import { openDatabase } from "../sqlite/open.ts";
import { type Invocations, keepInvocations, keepNothing, type KeptInvocationsOptions } from "./kept-invocations.ts";
import { invocationMigrations } from "./schema.ts";
import { invocationTable } from "./table.ts";

interface OpenInvocationsOptions extends Omit<KeptInvocationsOptions, "table"> {
  keep: boolean;
}

/** A file that cannot be used is no reason not to start: then invocations are kept in memory, and the log says why. */
export function openInvocations(file: string, { keep, ...options }: OpenInvocationsOptions): Invocations {
  if (!keep) return keepNothing;
  const db = open(file, options.onFailure);
  const kept = keepInvocations({ ...options, table: invocationTable(db) });
  return {
    ...kept,
    close() {
      kept.close();
      db.close();
    },
  };
}

function open(file: string, onFailure: (error: unknown) => void) {
  const how = { durability: "normal", migrations: invocationMigrations } as const;
  try {
    return openDatabase(file, how);
  } catch (error) {
    onFailure(error);
    return openDatabase(":memory:", how);
  }
}
