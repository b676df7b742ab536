/** The operations on durable executions, in the thread of their file: see ../../store/group-commit/. Times are wall clock, in milliseconds since the epoch. */
import type { Engine, Operations } from "../../store/group-commit/engine.ts";
import { checkpointOperations } from "./checkpoint.ts";
import { createLife } from "./life.ts";
import { lookOperations } from "./look.ts";
import { runOperations } from "./run.ts";
import { migrations } from "./schema.ts";
import { spaceUse } from "./space-use.ts";

export type ExecutionOperations = ReturnType<(typeof engine)["operations"]>;

export const engine = {
  migrations,
  spaceUse,
  operations(db) {
    const life = createLife(db);
    return { ...checkpointOperations(db, life), ...runOperations(db, life), ...lookOperations(db, life) };
  },
} satisfies Engine<Operations>;
