import type { DatabaseSync } from "node:sqlite";
import { openOrForget } from "../sqlite/open-or-forget.ts";
import { type Invocations, keepInvocations, keepNothing, type KeptInvocationsOptions } from "./kept-invocations.ts";
import { invocationMigrations } from "./schema.ts";
import { invocationTable } from "./table.ts";

interface OpenInvocationsOptions extends Omit<KeptInvocationsOptions, "table"> {
  keep: boolean;
}

/** A file that cannot be used is no reason not to start: then invocations are kept in memory, and the log says why. */
export function openInvocations(file: string, { keep, ...options }: OpenInvocationsOptions): Invocations {
  if (!keep) return keepNothing;
  const over = (db: DatabaseSync): Invocations => {
    // It counts what is there before it listens to anything.
    const kept = keepInvocations({ ...options, table: invocationTable(db) });
    return {
      ...kept,
      close() {
        kept.close();
        db.close();
      },
    };
  };
  return openOrForget(file, { durability: "normal", migrations: invocationMigrations }, over, options.onFailure);
}
