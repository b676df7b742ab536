/** The operations on accepted events, in the thread of their file: see ../../store/group-commit/. Times are wall clock, in milliseconds since the epoch. */
import type { Engine, Operations } from "../../store/group-commit/engine.ts";
import { busOperations } from "../bus/store/operations.ts";
import { acceptOperations } from "./accept.ts";
import { claimOperations } from "./claim.ts";
import { createLanes } from "./lanes.ts";
import { lookOperations } from "./look.ts";
import { migrations } from "./schema.ts";
import { settleOperations } from "./settle.ts";
import { spaceUse } from "./space-use.ts";
import { scheduleOperations } from "../scheduler/store/operations.ts";
import { triggerOperations } from "../triggers/store/operations.ts";

export type EventOperations = ReturnType<(typeof engine)["operations"]>;

export const engine = {
  migrations,
  spaceUse,
  operations(db) {
    const lanes = createLanes(db);
    const accepting = acceptOperations(db, lanes);
    const triggers = triggerOperations(db, accepting);
    return {
      ...accepting,
      ...claimOperations(db, lanes),
      ...settleOperations(db, lanes),
      ...lookOperations(db, lanes),
      ...triggers,
      ...busOperations(db, accepting, triggers),
      ...scheduleOperations(db, triggers),
    };
  },
} satisfies Engine<Operations>;
