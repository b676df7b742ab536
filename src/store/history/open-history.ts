import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock/clock.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { openOrForget } from "../sqlite/open-or-forget.ts";
import { type DemandRecording, recordDemand } from "./demand.ts";
import { demandTable } from "./demand-table.ts";
import { createHistory, type History } from "./history.ts";
import { historyMigrations } from "./schema.ts";
import { historyTable } from "./table.ts";

interface OpenHistoryOptions {
  events: Pick<EventStream, "listen">;
  clock: Pick<Clock, "now" | "wall" | "after" | "every">;
  tenantOf: (app: string) => string | undefined;
  onFailure: (error: unknown) => void;
}

export interface OpenedHistory extends History {
  /** What the simulator is asked about. */
  demand: Pick<DemandRecording, "of" | "machines">;
}

/** A file that cannot be used is no reason not to start: then the history is kept in memory, and the log says why. */
export function openHistory(file: string, { onFailure, ...parts }: OpenHistoryOptions): OpenedHistory {
  const over = (db: DatabaseSync): OpenedHistory => {
    const table = historyTable(db);
    // It reads which apps there are before it listens to anything.
    const demand = recordDemand({ ...parts, table: demandTable(db), onFailure });
    const history = createHistory({ ...parts, table, onFailure, onStep: (counted) => demand.step(counted) });
    return {
      ...history,
      demand,
      close() {
        history.close();
        demand.close();
        db.close();
      },
    };
  };
  return openOrForget(file, { durability: "normal", migrations: historyMigrations }, over, onFailure);
}
