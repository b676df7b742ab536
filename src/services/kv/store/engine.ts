/** The operations on key-value stores, in the thread of their file: see ../../../store/group-commit/. Times are wall clock, in milliseconds since the epoch. */
import type { Engine, Operations } from "../../../store/group-commit/engine.ts";
import { createEntries } from "./entries.ts";
import { writingCommands } from "./redis/run.ts";
import { migrations } from "./schema.ts";
import { spaceUse } from "./space-use.ts";
import { sweepOperations } from "./sweep.ts";
import { createUsage } from "./usage.ts";
import { writeOperations } from "./write.ts";

export type KvOperations = ReturnType<(typeof engine)["operations"]>;

export const engine = {
  migrations,
  spaceUse,
  operations(db) {
    const usage = createUsage(db);
    const entries = createEntries(db, usage);
    return { ...writeOperations(db, entries), ...sweepOperations(db, usage), ...writingCommands(db, entries) };
  },
} satisfies Engine<Operations>;
